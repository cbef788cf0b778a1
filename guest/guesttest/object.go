package guesttest

import (
	"fmt"

	"github.com/cairn-dev/cairn/abi"
	"github.com/cairn-dev/cairn/abi/wire"
	"github.com/cairn-dev/cairn/guest/internal/hostcall"
)

// object is an object in memory.
type object struct {
	id       abi.ID
	instance hostcall.Instance
	values   map[string][]byte // the object's part of Host.store

	// undo takes back what the running call wrote since the last commit, in
	// reverse order.
	undo []func()

	aborted bool
	reason  string
}

func (o *object) commit() { o.undo = nil }

func (o *object) rollback() {
	for i := len(o.undo) - 1; i >= 0; i-- {
		o.undo[i]()
	}
	o.undo = nil
}

// put writes or, with a nil value, deletes a key.
func (o *object) put(key string, value []byte) {
	old, had := o.values[key]
	o.undo = append(o.undo, func() {
		if had {
			o.values[key] = old
		} else {
			delete(o.values, key)
		}
	})
	if value == nil {
		delete(o.values, key)
	} else {
		o.values[key] = value
	}
}

// export names an export of an instance.
type export func(hostcall.Instance, int) abi.Status

// deliver runs an export of an object that is found or brought to memory. It
// returns the export's output, or an encoded error and StatusError.
func (h *Host) deliver(binding string, kind uint32, target string, fn export, input []byte,
) ([]byte, abi.Status) {
	class, ok := h.options.Bindings[binding]
	if !ok {
		return nil, abi.StatusNotFound
	}
	id, named, s := h.resolve(class, kind, target)
	if s != abi.StatusOK {
		return nil, s
	}
	if len(h.calls) > abi.MaxCallDepth {
		message := fmt.Sprintf("A chain of calls is longer than %d.", abi.MaxCallDepth)
		return wire.AppendError(nil, 0, "", message), abi.StatusError
	}
	// What the caller wrote happened before the call, whatever becomes of it.
	caller := h.top().object
	if caller != nil {
		caller.commit()
	}
	output, s := h.deliverTo(id, class, named, target, fn, input)
	if caller != nil && caller.aborted {
		panic(hostcall.Abort{Reason: caller.reason}) // a nested call ended it
	}
	return output, s
}

func (h *Host) deliverTo(id abi.ID, class string, named bool, name string, fn export, input []byte,
) ([]byte, abi.Status) {
	o := h.memory[id]
	if o == nil {
		o = &object{id: id, instance: hostcall.NewInstance(), values: h.values(id)}
		h.memory[id] = o
		if !named || len(name) > abi.MaxNameBytes {
			named, name = false, ""
		}
		what := wire.AppendObject(nil, id, class, named, name)
		output, s := h.run(o, hostcall.Instance.ObjectInit, what)
		if s != abi.StatusOK {
			delete(h.memory, id) // it was never there
			return output, s
		}
	}
	return h.run(o, fn, input)
}

func (h *Host) values(id abi.ID) map[string][]byte {
	if h.store[id] == nil {
		h.store[id] = map[string][]byte{}
	}
	return h.store[id]
}

// run runs one export of an object in memory.
func (h *Host) run(o *object, fn export, input []byte) (output []byte, status abi.Status) {
	f := &frame{object: o, input: input}
	h.calls = append(h.calls, f)
	depth := len(h.calls)
	defer func() {
		h.calls = h.calls[:depth-1]
		if v := recover(); v != nil && !hostcall.IsAbort(v) {
			panic(v)
		}
		// A program that recovered the abort's panic is aborted all the same.
		if o.aborted {
			o.rollback()
			output = wire.AppendError(nil, wire.ErrorReset, "", o.reason)
			status = abi.StatusError
		}
	}()
	status = fn(o.instance, len(input))
	if !o.aborted {
		o.commit()
	}
	if status == abi.StatusError {
		return remote(f.output), status
	}
	return f.output, status
}

// remote marks an error that came out of an export.
func remote(output []byte) []byte {
	var e wire.Error
	if err := wire.DecodeError(output, &e); err != nil {
		return wire.AppendError(nil, 0, "", "guesttest: the error does not decode")
	}
	return wire.AppendError(nil, e.Flags|wire.ErrorRemote, e.Name, e.Message)
}
