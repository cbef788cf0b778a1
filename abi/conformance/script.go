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

// program is a script in the guest's encoding, and how to read its trace.
type program struct {
	code  []byte
	steps []step
}

// step is one line of a script. read takes from the trace what the line left
// there and says it in words; nil where it leaves nothing.
type step struct {
	line string
	read func(*trace) []string
}

// text is the program as the argument of a method: ["hex digits"].
func (p *program) text() string {
	return `["` + hex.EncodeToString(p.code) + `00"]` // scriptEnd
}

// compiler turns the scripts of one case into programs. All of them share one
// space of addresses, so that they can run in one memory.
type compiler struct {
	prefix   string // of the case's objects
	programs map[string]*program
	cells    map[string]cell
	next     uint32 // free from here on
	large    uint32 // the same above minPages, for large literals
	ids      map[abi.ID]int
}

// cell is a piece of the guest's memory.
type cell struct{ at, size uint32 }

// guard is how many bytes on both sides of a buffer are watched, and unused is
// what a buffer holds before a call.
const (
	guard  = 8
	unused = 0xEE
)

func newCompiler(prefix string) *compiler {
	return &compiler{prefix: prefix, programs: map[string]*program{}, cells: map[string]cell{},
		next: cellBase, large: minPages * pageBytes, ids: map[abi.ID]int{}}
}

func (c *compiler) alloc(size uint32) cell {
	at := &c.next
	if size > 1<<15 {
		at = &c.large
	}
	*at = (*at+guard+7)&^7 + guard
	found := cell{*at, size}
	*at += size + guard
	return found
}

// id numbers the IDs of a case in the order in which they appear.
func (c *compiler) id(b []byte) string {
	id := abi.ID(b)
	if c.ids[id] == 0 {
		c.ids[id] = len(c.ids) + 1
	}
	return fmt.Sprintf("#%d", c.ids[id])
}

// compile turns lines into a program.
func (c *compiler) compile(lines []string) (*program, error) {
	p := &program{}
	for _, line := range lines {
		if err := c.line(p, line); err != nil {
			return nil, fmt.Errorf("%s: %w", line, err)
		}
	}
	if c.next > frameBase {
		return nil, fmt.Errorf("the case's buffers take %d bytes", c.next-cellBase)
	}
	return p, nil
}

func (p *program) emit(op byte, operands ...uint32) {
	p.code = append(p.code, op)
	for _, v := range operands {
		p.code = binary.LittleEndian.AppendUint32(p.code, v)
	}
}

func (p *program) poke(at uint32, b []byte) {
	p.emit(doPoke, at, uint32(len(b)))
	p.code = append(p.code, b...)
}

func (c *compiler) line(p *program, line string) error {
	words, err := split(line)
	if err != nil {
		return err
	}
	if n, ok := importIndex(words[0]); ok {
		return c.importCall(p, line, n, words[1:])
	}
	return c.operation(p, line, words)
}

// importCall compiles the call of an import.
func (c *compiler) importCall(p *program, line string, n uint32, words []string) error {
	call := &call{compiler: c, program: p, function: imports[n].name}
	for _, w := range words {
		if err := call.word(w); err != nil {
			return err
		}
	}
	params, results := imports[n].sig.split()
	if len(call.args) != len(params) {
		return fmt.Errorf("%d arguments, want %d", len(call.args), len(params))
	}
	p.code = append(p.code, byte(n+1), byte(len(call.args)))
	for _, a := range call.args {
		p.code = binary.LittleEndian.AppendUint64(append(p.code, a.tag), uint64(a.value))
	}
	for _, out := range call.outs {
		out.peek(p)
	}
	p.steps = append(p.steps, step{line, func(t *trace) []string {
		status := t.uint32()
		text := abi.Status(status).String()
		if imports[n].module == wasiModule {
			text = fmt.Sprintf("errno %d", status)
		} else if results == "" {
			text = "returned"
		}
		var nested []string
		for _, out := range call.outs {
			said, below := out.say(t, status == 0)
			text += " " + said
			nested = append(nested, below...)
		}
		return append([]string{text}, nested...)
	}})
	return nil
}

// operation compiles what is not the call of an import.
func (c *compiler) operation(p *program, line string, words []string) error {
	numbers := make([]uint32, len(words))
	for i, w := range words[1:] {
		if n, err := c.number(w); err == nil {
			numbers[i+1] = uint32(n)
		}
	}
	read := func(say func(t *trace) string) {
		p.steps = append(p.steps, step{line, func(t *trace) []string { return []string{say(t)} }})
	}
	silent := func() { p.steps = append(p.steps, step{line, nil}) }
	number := func(t *trace) string { return strconv.Itoa(int(int32(t.uint32()))) }
	switch key := fmt.Sprint(words[0], " ", len(words)-1); key {
	case "cell 2":
		c.cells[words[1]] = c.alloc(numbers[2])
		silent()
	case "poke 2":
		text, err := literal(words[2])
		if err != nil {
			return err
		}
		p.poke(numbers[1], []byte(text))
		silent()
	case "word 2":
		p.poke(numbers[1], binary.LittleEndian.AppendUint32(nil, numbers[2]))
		silent()
	case "peek 2":
		p.emit(doPeek, numbers[1], numbers[2])
		read(func(t *trace) string { return quote(t.bytes(numbers[2])) })
	case "grow 1":
		p.emit(doGrow, numbers[1])
		read(number)
	case "size 0":
		p.emit(doSize)
		read(number)
	case "return 1":
		p.emit(doReturn, numbers[1])
		silent()
	case "global 0":
		p.emit(doGlobalGet)
		read(number)
	case "set 1":
		p.emit(doGlobalSet, numbers[1])
		silent()
	case "add 2":
		p.emit(doAdd, numbers[1], numbers[2])
		silent()
	case "trap 0", "spin 0", "recurse 0":
		p.emit(map[string]byte{"trap": doTrap, "spin": doSpin, "recurse": doRecurse}[words[0]])
		silent()
	case "input 0":
		p.emit(doInput)
		read(func(t *trace) string { return quote(t.bytes(t.uint32())) })
	case "order 0":
		p.emit(doPeek, orderLen, 12)
		read(func(t *trace) string { n := t.uint32(); return string(t.bytes(8)[:min(n, 8)]) })
	case "told 0":
		p.emit(doPeek, objectLen, 4+256)
		read(func(t *trace) string { n := t.uint32(); return c.told(t.bytes(256)[:min(n, 256)]) })
	case "started 1":
		return c.started(p, line, words[1])
	default:
		return fmt.Errorf("no such operation")
	}
	return nil
}

// started reads what the script of _initialize has traced, which lies at the
// address in the cell startTrace. Frames of the start begin at frameBase.
func (c *compiler) started(p *program, line, name string) error {
	of := c.programs[name]
	if of == nil {
		return fmt.Errorf("no script %s", name)
	}
	n := uint32(len(of.text()))
	at := (frameBase + frHeader + n + 8 + n + 16) &^ 7
	const size = 0x800
	p.emit(doPeek, startTrace, 8)
	p.emit(doPeek, at, size)
	p.steps = append(p.steps, step{line, func(t *trace) []string {
		from, length := t.uint32(), t.uint32()
		b := t.bytes(size)
		if from != at || length > size {
			return []string{fmt.Sprintf("the trace is at %#x, %d bytes", from, length)}
		}
		said := []string{"started"}
		for _, line := range of.read(b[:length]) {
			said = append(said, "    "+line)
		}
		return said
	}})
	return nil
}

// told says what a wire.Object says.
func (c *compiler) told(b []byte) string {
	var o wire.Object
	if err := wire.DecodeObject(b, &o); err != nil {
		return fmt.Sprintf("%v: %x", err, b)
	}
	return fmt.Sprintf("class=%s id=%s named=%v name=%s", o.Class, c.id(o.ID[:]), o.Named,
		quote([]byte(strings.TrimPrefix(string(o.Name), c.prefix))))
}

// read says what each step has left in a trace, line by line.
func (p *program) read(b []byte) []string {
	t := &trace{b: b}
	var said []string
	for _, s := range p.steps {
		said = append(said, s.line)
		if s.read == nil {
			continue
		}
		for _, text := range s.read(t) {
			said = append(said, "= "+text)
		}
		if t.short {
			return append(said, "= the trace ends")
		}
	}
	return said
}

// trace is what a guest has noted, to be read from the front.
type trace struct {
	b     []byte
	short bool
}

func (t *trace) bytes(n uint32) []byte {
	if uint64(n) > uint64(len(t.b)) {
		t.short, t.b = true, nil
		return make([]byte, min(n, 1<<16))
	}
	b := t.b[:n]
	t.b = t.b[n:]
	return b
}

func (t *trace) uint32() uint32 { return binary.LittleEndian.Uint32(t.bytes(4)) }

// split cuts a line into words; blanks inside of quotes do not count.
func split(line string) (words []string, err error) {
	for rest := strings.TrimSpace(line); rest != ""; rest = strings.TrimLeft(rest, " ") {
		end, quoted := 0, false
		for ; end < len(rest) && (quoted || rest[end] != ' '); end++ {
			switch rest[end] {
			case '\\':
				end++
			case '"':
				quoted = !quoted
			}
		}
		if quoted || end > len(rest) {
			return nil, fmt.Errorf("a quote does not end")
		}
		words = append(words, rest[:end])
		rest = rest[end:]
	}
	if words == nil {
		return nil, fmt.Errorf("empty line")
	}
	return words, nil
}

// quote writes bytes as scripts do: a long run of one byte as "x"*N.
func quote(b []byte) string {
	if len(b) > 32 && strings.Count(string(b), string(b[:1])) == len(b) {
		return strconv.Quote(string(b[:1])) + "*" + strconv.Itoa(len(b))
	}
	return strconv.Quote(string(b))
}

// literal reads what quote writes.
func literal(word string) (string, error) {
	text, count, repeated := strings.Cut(word, "\"*")
	if !repeated {
		return strconv.Unquote(word)
	}
	n, err := strconv.Atoi(count)
	if err != nil {
		return "", err
	}
	one, err := strconv.Unquote(text + "\"")
	return strings.Repeat(one, n), err
}
