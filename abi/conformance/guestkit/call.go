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

// answer is how the scripted host answers an import.
type answer func(w *world, e *entry, c *call) abi.Status

// function is an import of the ABI.
type function struct {
	*abi.Import
	args   []abi.Arg
	answer answer
	light  bool // a guest may well do without it
}

// may returns the statuses besides OK that a host may answer to a guest which does
// everything right.
func (f *function) may() (list []abi.Status) {
	for _, s := range f.Answers {
		switch {
		case s == abi.StatusNotFound, s == abi.StatusError,
			s == abi.StatusTooSmall && f.Name != abi.FuncListNext, // which leaves no result
			s == abi.StatusTooLarge && f.Name == abi.FuncLogWrite: // for what was logged before
			list = append(list, s)
		}
	}
	return list
}

// call is one call of an import.
type call struct {
	function *function
	entry    *entry
	memory   api.Memory
	ins      [][]byte // what the guest passed, copied
	nums     []int64
	outs     []span // in the order of the parameters, where a length goes and so on included
	passed   []span // where ins lie
	status   abi.Status
	full     int    // bytes of the value that it gave
	cap      uint32 // of its buffer
	pad      int    // by which the value must exceed it; 0 leaves it alone
}

// span is a range of linear memory.
type span struct {
	at, n uint32
	kind  abi.Kind
}

func (s span) overlaps(t span) bool {
	return s.n > 0 && t.n > 0 && uint64(s.at) < uint64(t.at)+uint64(t.n) &&
		uint64(t.at) < uint64(s.at)+uint64(s.n)
}

// declare gives the functions of the ABI to a runtime.
func declare(ctx context.Context, r wazero.Runtime) error {
	b := r.NewHostModuleBuilder(abi.ModuleName)
	for _, f := range functions {
		b = b.NewFunctionBuilder().WithGoModuleFunction(api.GoModuleFunc(
			func(ctx context.Context, m api.Module, stack []uint64) {
				status := ctx.Value(worldKey{}).(*world).imported(f, m.Memory(), stack)
				if len(stack) > 0 {
					stack[0] = uint64(status)
				}
			}), f.ParamTypes(), f.ResultTypes()).Export(f.Name)
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
		if f.Name == abi.FuncObjectAbort {
			f.answer(w, e, c)
		}
		return c.status
	}
	if !f.fits(e) {
		w.note("", "%s is called %s, where it is FORBIDDEN", f.Name, e.where())
		c.status = abi.StatusForbidden
		return c.status
	}
	if w.hits(c) {
		c.status = w.inject(c)
	} else {
		c.status = f.answer(w, e, c)
	}
	switch {
	case c.status == abi.StatusInvalid && w.way.fault == nil:
		w.note("", "%s%s is INVALID", f.Name, c)
	case c.status == abi.StatusError && len(e.result) == 0:
		panic("guestkit: " + f.Name + " leaves no error")
	}
	return c.status
}

// take reads the arguments and reports whether all ranges are good.
func (w *world) take(c *call, m api.Memory, stack []uint64) bool {
	good := true
	var written []span
	for _, a := range c.function.args {
		s := span{kind: a.Kind, at: uint32(stack[a.At]), n: a.Bytes}
		switch a.Kind {
		case abi.KindNumber:
			c.nums = append(c.nums, int64(uint32(stack[a.At])))
			continue
		case abi.KindMillis:
			c.nums = append(c.nums, int64(stack[a.At]))
			continue
		case abi.KindInput, abi.KindBuffer:
			s.n = uint32(stack[a.At+1])
		}
		b, ok := m.Read(s.at, s.n)
		if !ok {
			w.wrong("G10",
				"%s is given address %d and length %d, outside of its %d bytes of memory",
				c.function.Name, s.at, s.n, m.Size())
			good = false
		}
		if a.Kind == abi.KindInput {
			c.ins, c.passed = append(c.ins, slices.Clone(b)), append(c.passed, s)
			continue
		}
		if a.Kind == abi.KindBuffer {
			c.cap = s.n
		}
		c.outs = append(c.outs, s)
		for _, other := range written {
			if good && other.overlaps(s) {
				w.wrong("G10", "%s is given places to write to that overlap: "+
					"%d bytes at %d and %d bytes at %d",
					c.function.Name, other.n, other.at, s.n, s.at)
			}
		}
		written = append(written, s)
	}
	return good
}

// fits reports whether a function can be called now.
func (f *function) fits(e *entry) bool {
	starts := e.starts()
	switch f.Capability {
	case abi.CapabilityMessages, abi.CapabilityEnv, abi.CapabilityLog:
		return true
	case abi.CapabilityRegistration:
		return starts && e.export != abi.ExportImagePrepare
	case abi.CapabilityIDs, abi.CapabilityStubs, abi.CapabilityOutbound, abi.CapabilityBackground:
		return !starts
	case abi.CapabilityStorage, abi.CapabilityLists, abi.CapabilityTransactions,
		abi.CapabilityAlarms, abi.CapabilitySections:
		return !starts && e.instance.object != nil
	case abi.CapabilityResets: // object_abort ends the entry wherever it is called
		return !starts && e.instance.object != nil || f.Name == abi.FuncObjectAbort
	}
	panic("guestkit: nobody says who has the capability " + string(f.Capability))
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
func (c *call) write(kind abi.Kind, b []byte) {
	for _, s := range c.outs {
		if s.kind == kind {
			c.memory.Write(s.at, b)
		}
	}
}

func (c *call) writeLen(n uint32) {
	c.write(abi.KindLength, binary.LittleEndian.AppendUint32(nil, n))
}

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
	c.write(abi.KindBuffer, value)
	return abi.StatusOK
}
