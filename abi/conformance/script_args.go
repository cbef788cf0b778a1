package conformance

import (
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"strconv"
	"strings"

	"github.com/cairn-dev/cairn/abi"
	"github.com/cairn-dev/cairn/abi/wire"
)

// call is the call of an import while its words are read.
type call struct {
	*compiler
	program  *program
	function string
	args     []argument
	outs     []*out
	nested   *program // what the callee was given to run
}

type argument struct {
	tag   byte
	value uint32OrTime
}

// uint32OrTime holds any parameter; those in milliseconds are i64.
type uint32OrTime uint64

func (c *call) push(values ...uint32) {
	for _, v := range values {
		c.args = append(c.args, argument{argConst, uint32OrTime(v)})
	}
}

// bytes puts a literal where the import can read it.
func (c *call) bytes(b []byte) {
	at := c.alloc(uint32(len(b)))
	if n := len(b); n > 64 && strings.Count(string(b), string(b[:1])) == n {
		c.program.emit(doFill, at.at, at.size, uint32(b[0]))
	} else {
		c.program.poke(at.at, b)
	}
	c.push(at.at, at.size)
}

// word turns one word into the arguments that it stands for:
//
//	"text" "x"*N     a literal: address and length
//	obj:NAME         the name of an object of this case, as a literal
//	script:NAME      a script as the arguments of a method, as a literal
//	fetch:NAME       a script as a wire.Request
//	list:a=b,...     a wire.List; thrown:FLAGS,NAME,MESSAGE  a wire.Error;
//
//	as:NAME          nothing; the callee runs this script
//	buf:N error:N result:N entries:N input:N   a buffer: address and capacity
//	len id handle time                 a place for a number: its address
//	&CELL @CELL $CELL  a cell: address and length, address, the i32 in it
//	args trace       what this method was given, what it has traced so far
//	end              the size of memory; numbers, also with +N or -N
//
// The words for buffers and places may end with :CELL, the name that the cell
// gets.
func (c *call) word(w string) error {
	if strings.HasPrefix(w, `"`) {
		text, err := literal(w)
		c.bytes([]byte(text))
		return err
	}
	kind, rest, _ := strings.Cut(w, ":")
	switch kind {
	case "obj":
		c.bytes([]byte(c.prefix + rest))
	case "script", "fetch":
		p := c.programs[rest]
		if p == nil {
			return fmt.Errorf("no script %s", rest)
		}
		c.nested = p
		if kind == "script" {
			c.bytes([]byte(p.text()))
			break
		}
		c.bytes(wire.AppendRequest(nil, &wire.Request{
			Method: []byte("POST"), URL: []byte("http://object/path?query"),
			Header: wire.AppendHeader(nil, "X-Kit", "1"), Body: []byte(p.text()),
		}))
	case "list":
		l, err := parseList(rest)
		c.bytes(wire.AppendList(nil, l))
		return err
	case "thrown":
		parts := strings.SplitN(rest, ",", 3)
		flags, err := strconv.ParseUint(parts[0], 0, 8)
		c.bytes(wire.AppendError(nil, byte(flags), parts[1], parts[2]))
		return err
	case "as":
		c.nested = c.programs[rest]
	case "args":
		c.args = append(c.args, argument{argArgs, 0}, argument{argArgsLen, 0})
	case "trace":
		c.args = append(c.args, argument{argTrace, 0}, argument{argTraceLen, 0})
	case "buf", "error", "result", "entries", "input", "len", "id", "handle", "time":
		return c.out(kind, rest)
	default:
		return c.numberWord(w)
	}
	return nil
}

func (c *call) numberWord(w string) error {
	switch w[0] {
	case '&':
		cell, ok := c.cells[w[1:]]
		c.push(cell.at, cell.size)
		if !ok {
			return fmt.Errorf("no cell %s", w[1:])
		}
		return nil
	case '$':
		cell, ok := c.cells[w[1:]]
		tag := byte(argLoad)
		if cell.size == 8 {
			tag = argLoad64
		}
		c.args = append(c.args, argument{tag, uint32OrTime(cell.at)})
		if !ok {
			return fmt.Errorf("no cell %s", w[1:])
		}
		return nil
	}
	n, err := c.number(w)
	params, _ := imports[0].sig.split()
	if i, ok := importIndex(c.function); ok {
		params, _ = imports[i].sig.split()
	}
	if len(c.args) < len(params) && params[len(c.args)] == 'i' {
		n = int64(uint32(n))
	}
	c.args = append(c.args, argument{argConst, uint32OrTime(n)})
	return err
}

// number reads 7, 0x10, -1, end-4, @cell+8.
func (c *compiler) number(w string) (int64, error) {
	base, rest := int64(0), w
	if cut := strings.IndexAny(w[1:], "+-"); (w[0] == '@' ||
		strings.HasPrefix(w, "end")) && cut >= 0 {
		w, rest = w[:cut+1], w[cut+1:]
	} else if w[0] == '@' || w == "end" {
		rest = "0"
	}
	switch {
	case w[0] == '@':
		cell, ok := c.cells[w[1:]]
		if !ok {
			return 0, fmt.Errorf("no cell %s", w[1:])
		}
		base = int64(cell.at)
	case w == "end":
		base = minPages * pageBytes
	}
	n, err := strconv.ParseInt(rest, 0, 64)
	return base + n, err
}

func parseList(text string) (*wire.List, error) {
	l := &wire.List{}
	for part := range strings.SplitSeq(text, ",") {
		key, value, _ := strings.Cut(part, "=")
		switch key {
		case "":
		case "prefix":
			l.Prefix = []byte(value)
		case "start":
			l.Start, l.Flags = []byte(value), l.Flags|abi.ListHasStart
		case "after":
			l.StartAfter, l.Flags = []byte(value), l.Flags|abi.ListHasStartAfter
		case "end":
			l.End, l.Flags = []byte(value), l.Flags|abi.ListHasEnd
		case "reverse":
			l.Flags |= abi.ListReverse
		case "limit":
			n, err := strconv.ParseUint(value, 0, 32)
			if err != nil {
				return l, err
			}
			l.Limit, l.Flags = uint32(n), l.Flags|abi.ListHasLimit
		default:
			return l, fmt.Errorf("no list option %s", key)
		}
	}
	return l, nil
}

// out is a piece of memory that the host may write to.
type out struct {
	call *call
	kind string
	cell
}

func (c *call) out(kind, rest string) error {
	size, name := uint64(4), rest
	switch kind {
	case "id":
		size = abi.IDBytes
	case "time":
		size = 8
	case "len", "handle":
	default:
		var err error
		first, second, _ := strings.Cut(rest, ":")
		if size, err = strconv.ParseUint(first, 0, 32); err != nil {
			return err
		}
		name = second
	}
	o := &out{c, kind, c.alloc(uint32(size))}
	if name != "" {
		c.cells[name] = o.cell
	}
	c.program.emit(doFill, o.at-guard, o.size+2*guard, unused)
	c.push(o.at)
	if kind != "len" && kind != "id" && kind != "time" && kind != "handle" {
		c.push(o.size)
	}
	c.outs = append(c.outs, o)
	return nil
}

// shown is how much of a buffer is looked at; of a larger one, its first and
// last bytes.
const shown = 0x1000

func (o *out) peek(p *program) {
	if o.size <= shown {
		p.emit(doPeek, o.at-guard, o.size+2*guard)
		return
	}
	p.emit(doPeek, o.at-guard, 16+guard)
	p.emit(doPeek, o.at+o.size-16, 16+guard)
}

// say says what the host has written; below is the transcript of the script
// that a callee has run.
func (o *out) say(t *trace, ok bool) (said string, below []string) {
	var b, before, after []byte
	if o.size <= shown {
		all := t.bytes(o.size + 2*guard)
		before, b, after = all[:guard], all[guard:guard+o.size], all[guard+o.size:]
	} else {
		first, last := t.bytes(16+guard), t.bytes(16+guard)
		before, after = first[:guard], last[16:]
		b = append(first[guard:len(first):len(first)], last[:16]...)
	}
	said = o.kind + "=" + o.value(b, ok, &below)
	if !isUnused(before) || !isUnused(after) {
		said += " WROTE BEYOND THE BUFFER"
	}
	return said, below
}

func isUnused(b []byte) bool {
	for _, v := range b {
		if v != unused {
			return false
		}
	}
	return true
}

func (o *out) value(b []byte, ok bool, below *[]string) string {
	if isUnused(b) && len(b) > 0 {
		return "untouched"
	}
	written := len(b)
	for written > 0 && b[written-1] == unused {
		written--
	}
	switch o.kind {
	case "len", "handle":
		return strconv.Itoa(int(binary.LittleEndian.Uint32(b)))
	case "time":
		return strconv.FormatUint(binary.LittleEndian.Uint64(b), 10)
	case "id":
		return o.call.id(b)
	case "error":
		return sayError(b[:written])
	case "input":
		return sayCall(b[:written])
	case "entries":
		return sayEntries(b[:written])
	case "result":
		if ok {
			return o.sayResult(b[:written], below)
		}
	}
	if o.size > shown {
		return quote(b[:16]) + "..." + quote(b[16:])
	}
	return quote(b[:written])
}

// sayError says what a wire.Error says.
func sayError(b []byte) string {
	var e wire.Error
	if err := wire.DecodeError(b, &e); err != nil {
		return fmt.Sprintf("%v: %x", err, b)
	}
	return (&Error{Flags: e.Flags, Name: string(e.Name), Message: string(e.Message)}).Error()
}

// sayCall says what a wire.Call says, without the script.
func sayCall(b []byte) string {
	var c wire.Call
	if err := wire.DecodeCall(b, &c); err != nil {
		return fmt.Sprintf("%v: %x", err, b)
	}
	return fmt.Sprintf("{method=%s args=%q...}", quote(c.Method), c.Args[:min(2, len(c.Args))])
}

func sayEntries(b []byte) string {
	var entries []string
	if err := wire.Header(b).Each(func(key, value []byte) bool {
		entries = append(entries, quote(key)+":"+quote(value))
		return true
	}); err != nil {
		return fmt.Sprintf("%v: %x", err, b)
	}
	return "{" + strings.Join(entries, " ") + "}"
}

// sayResult says what a script has answered that another guest ran.
func (o *out) sayResult(b []byte, below *[]string) string {
	said := ""
	if o.call.function == abi.FuncStubFetch {
		var r wire.Response
		if err := wire.DecodeResponse(b, &r); err != nil {
			return fmt.Sprintf("%v: %x", err, b)
		}
		said, b = strconv.Itoa(int(r.Status))+" ", r.Body
	}
	trace, err := hex.DecodeString(strings.Trim(string(b), `"`))
	if err != nil || len(b) < 2 || o.call.nested == nil {
		return said + quote(b)
	}
	for _, line := range o.call.nested.read(trace) {
		*below = append(*below, "    "+line)
	}
	return said + "trace"
}
