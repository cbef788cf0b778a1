package guestkit

import (
	"context"
	"encoding/binary"
	"fmt"
	"slices"
	"strings"

	"github.com/tetratelabs/wazero"
	"github.com/tetratelabs/wazero/api"

	"github.com/cairn-dev/cairn/abi"
)

// kinds of parameters; in and out are two i32, time_ms is an i64, the others
// one i32.
const (
	paramIn  = 'r' // bytes that the guest passes: address, length
	paramOut = 'w' // a buffer: address, capacity
	paramLen = '4' // where a length or a handle goes
	paramID  = 'i' // where an ID goes
	paramMS  = '8' // where a time goes
	paramNum = 'n'
	paramI64 = 'N'
)

// function is an import of the ABI.
type function struct {
	name   string
	params string
	when   moment
	run    func(w *world, e *entry, c *call) abi.Status
	// may are the statuses besides OK that a host may answer to a guest which does
	// everything right. TOO_LARGE is not among them: what scripts pass is small.
	may []abi.Status
	// light is an import that a guest may well do without.
	light bool
}

// moment is when a function can be called.
type moment int

const (
	anytime moment = iota
	atStart        // while the guest starts
	running        // after the start
	inObject
)

// call is one call of an import.
type call struct {
	function *function
	entry    *entry
	memory   api.Memory
	ins      [][]byte // what the guest passed, copied
	nums     []int64
	outs     []span // in the order of the parameters, paramLen and so on included
	passed   []span // where ins lie
	status   abi.Status
	full     int    // bytes of the value that it gave
	cap      uint32 // of its buffer
	pad      int    // by which the value must exceed it; 0 leaves it alone
}

// span is a range of linear memory.
type span struct {
	at, n uint32
	kind  byte
}

func (s span) overlaps(t span) bool {
	return s.n > 0 && t.n > 0 && uint64(s.at) < uint64(t.at)+uint64(t.n) && uint64(t.at) < uint64(s.at)+uint64(s.n)
}

// declare gives the functions of the ABI to a runtime.
func declare(ctx context.Context, r wazero.Runtime) error {
	b := r.NewHostModuleBuilder(abi.ModuleName)
	for _, f := range functions {
		var types []api.ValueType
		for _, p := range f.params {
			switch p {
			case paramIn, paramOut:
				types = append(types, api.ValueTypeI32, api.ValueTypeI32)
			case paramI64:
				types = append(types, api.ValueTypeI64)
			default:
				types = append(types, api.ValueTypeI32)
			}
		}
		results := []api.ValueType{api.ValueTypeI32}
		if f.name == abi.FuncObjectAbort {
			results = nil
		}
		b = b.NewFunctionBuilder().WithGoModuleFunction(api.GoModuleFunc(
			func(ctx context.Context, m api.Module, stack []uint64) {
				status := ctx.Value(worldKey{}).(*world).imported(f, m.Memory(), stack)
				if len(stack) > 0 {
					stack[0] = uint64(status)
				}
			}), types, results).Export(f.name)
	}
	_, err := b.Instantiate(ctx)
	return err
}

// imported is a call of an import: it looks at everything that can be looked at,
// and answers.
func (w *world) imported(f *function, m api.Memory, stack []uint64) abi.Status {
	e := w.current()
	c := &call{function: f, entry: e, memory: m}
	w.calls = append(w.calls, c)
	if !w.take(c, m, stack) {
		c.status = abi.StatusFault
		if f.name == abi.FuncObjectAbort {
			f.run(w, e, c)
		}
		return c.status
	}
	if !f.fits(e) {
		w.note("", "%s is called %s, where it is FORBIDDEN", f.name, e.where())
		c.status = abi.StatusForbidden
		return c.status
	}
	if w.hits(c) {
		c.status = w.inject(c)
	} else {
		c.status = f.run(w, e, c)
	}
	switch {
	case c.status == abi.StatusInvalid && w.way.fault == nil:
		w.note("", "%s%s is INVALID", f.name, c)
	case c.status == abi.StatusError && len(e.result) == 0:
		panic("guestkit: " + f.name + " leaves no error")
	}
	return c.status
}

// take reads the arguments and reports whether all ranges are good.
func (w *world) take(c *call, m api.Memory, stack []uint64) bool {
	good := true
	var written []span
	for _, p := range []byte(c.function.params) {
		s := span{kind: p}
		switch p {
		case paramNum:
			c.nums, stack = append(c.nums, int64(uint32(stack[0]))), stack[1:]
			continue
		case paramI64:
			c.nums, stack = append(c.nums, int64(stack[0])), stack[1:]
			continue
		case paramIn, paramOut:
			s.at, s.n, stack = uint32(stack[0]), uint32(stack[1]), stack[2:]
		case paramLen, paramID, paramMS:
			s.at, s.n, stack = uint32(stack[0]), map[byte]uint32{paramLen: 4, paramID: 32, paramMS: 8}[p], stack[1:]
		}
		b, ok := m.Read(s.at, s.n)
		if !ok {
			w.wrong("G10", "%s is given address %d and length %d, outside of its %d bytes of memory",
				c.function.name, s.at, s.n, m.Size())
			good = false
		}
		if p == paramIn {
			c.ins, c.passed = append(c.ins, slices.Clone(b)), append(c.passed, s)
			continue
		}
		if p == paramOut {
			c.cap = s.n
		}
		c.outs = append(c.outs, s)
		for _, other := range written {
			if good && other.overlaps(s) {
				w.wrong("G10", "%s is given places to write to that overlap: %d bytes at %d and %d bytes at %d",
					c.function.name, other.n, other.at, s.n, s.at)
			}
		}
		written = append(written, s)
	}
	return good
}

// fits reports whether a function can be called now.
func (f *function) fits(e *entry) bool {
	starts := e.starts()
	switch f.when {
	case atStart:
		return starts && e.export != abi.ExportImagePrepare
	case running:
		return !starts
	case inObject:
		return !starts && e.instance.object != nil
	}
	return true
}

// starts reports whether the guest has not started yet.
func (e *entry) starts() bool { return e.lists == nil }

// where says which moment an entry is.
func (e *entry) where() string {
	if e.starts() {
		return "in " + e.export + ", while the guest starts"
	}
	if e.instance.object == nil {
		return "in a Worker"
	}
	return "in " + e.export
}

// String writes the arguments.
func (c *call) String() string {
	var parts []string
	for _, b := range c.ins {
		parts = append(parts, fmt.Sprintf("%.40q", b))
	}
	for _, n := range c.nums {
		parts = append(parts, fmt.Sprint(n))
	}
	return "(" + strings.Join(parts, ", ") + ")"
}

// write puts bytes where an output goes.
func (c *call) write(kind byte, b []byte) {
	for _, s := range c.outs {
		if s.kind == kind {
			c.memory.Write(s.at, b)
		}
	}
}

func (c *call) writeLen(n uint32) { c.write(paramLen, binary.LittleEndian.AppendUint32(nil, n)) }

// give answers with a value.
func (c *call) give(value []byte) abi.Status {
	if c.pad > 0 {
		value = c.padded(value)
	}
	c.full = len(value)
	c.writeLen(uint32(len(value)))
	if uint64(len(value)) > uint64(c.cap) {
		c.entry.result = slices.Clone(value)
		return abi.StatusTooSmall
	}
	c.write(paramOut, value)
	return abi.StatusOK
}
