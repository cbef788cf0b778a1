package guesttest

import (
	"github.com/cairn-dev/cairn/abi"
	"github.com/cairn-dev/cairn/abi/wire"
	"github.com/cairn-dev/cairn/guest/internal/hostcall"
)

// record is what is stored of an object, and what it is.
type record struct {
	id     abi.ID
	class  string
	named  bool // the object was called by name
	name   string
	values map[string][]byte
	alarm  int64 // milliseconds since 1970; 0 is none
	retry  retry
}

// object is an object in memory.
type object struct {
	*record
	instance   hostcall.Instance
	built      bool // the constructor has run
	entries    int  // frames of it that are running
	critical   int  // sections in which no nested entry is let in
	background bool // the object left work for after its answer

	aborted bool
	reason  string
	flags   byte      // of the error that its calls get
	drop    *alarmRun // the alarm that goes with it
}

// export names an export of an instance.
type export func(hostcall.Instance, int) abi.Status

func runBackground(in hostcall.Instance, _ int) abi.Status { return in.BackgroundRun() }

// leaving is before a call or request goes out: what the caller wrote happened
// before it, whatever becomes of it.
func (h *Host) leaving() error {
	if len(h.calls) > abi.MaxCallDepth {
		return errTooDeep
	}
	f := h.top()
	if len(f.transactions) > 0 {
		return errInTransaction
	}
	h.checkSection(f)
	h.commit(f)
	return nil
}

// deliver runs an export of an object that is found or brought to memory. It
// returns the export's output, or an encoded error and StatusError.
func (h *Host) deliver(binding string, kind uint32, object string, fn export,
	isFetch bool, input []byte,
) ([]byte, abi.Status) {
	class, ok := h.options.Bindings[binding]
	if !ok {
		return nil, abi.StatusNotFound
	}
	to, s := h.resolve(binding, class, kind, object)
	switch {
	case s == abi.StatusInvalid:
		return nil, s
	case s != abi.StatusOK:
		return encodeError(errForeignID), s
	}
	if err := h.leaving(); err != nil {
		return encodeError(err), abi.StatusError
	}
	caller := h.top().object
	output, s := h.deliverTo(to, fn, isFetch, input)
	if caller != nil && caller.aborted {
		panic(hostcall.Abort{Reason: caller.reason}) // a nested call ended it
	}
	h.checkSection(h.top())
	return output, s
}

func (h *Host) deliverTo(to target, fn export, isFetch bool, input []byte) ([]byte, abi.Status) {
	o := h.memory[to.id]
	switch {
	case o == nil && h.isReset(to.id) != nil:
		return h.isReset(to.id).failure(), abi.StatusError // init waits for the call
	case o == nil:
		o = &object{record: to.record, instance: hostcall.NewInstance()}
		h.memory[to.id] = o
	case o.entries > 0 && !o.built:
		return encodeError(errBuilding), abi.StatusError
	case o.critical > 0:
		return encodeError(errCritical), abi.StatusError
	case o.entries == 0 && o.background:
		h.finish(o) // the object is busy until that is done
		return h.deliverTo(to, fn, isFetch, input)
	}
	if !o.built {
		what := wire.AppendObject(nil, o.id, o.class, to.named, to.name)
		output, s := h.run(o, hostcall.Instance.ObjectInit, what)
		if s != abi.StatusOK {
			if h.memory[o.id] == o {
				delete(h.memory, o.id) // the object was never there
			}
			return output, s
		}
		o.built = true
	}
	if flags, _ := hostcall.Class(o.class); isFetch && flags&abi.ClassHasFetch == 0 {
		return encodeError(errNoFetch), abi.StatusError
	}
	return h.run(o, fn, input)
}

// isReset returns what the object was, if it was aborted below calls that still
// run; else nil.
func (h *Host) isReset(id abi.ID) *object {
	for _, f := range h.calls {
		if f.object != nil && f.object.id == id && f.object.aborted {
			return f.object
		}
	}
	return nil
}

// failure is what the calls get that were in flight when the object was aborted.
func (o *object) failure() []byte {
	return wire.AppendError(nil, o.flags, "", o.reason)
}

// run runs one export of an object in memory.
func (h *Host) run(o *object, fn export, input []byte) (output []byte, status abi.Status) {
	f := &frame{object: o, input: input, alarm: h.alarmOf(o)}
	h.calls = append(h.calls, f)
	o.entries++
	depth := len(h.calls)
	defer func() {
		v := recover()
		h.calls = h.calls[:depth-1]
		o.entries--
		o.critical -= len(f.critical)
		if v != nil && !hostcall.IsAbort(v) {
			panic(v)
		}
		// A program that recovered the abort's panic is aborted all the same.
		if o.aborted {
			f.rollback(0)
			o.dropAlarm()
			output, status = o.failure(), abi.StatusError
		}
	}()
	status = fn(o.instance, len(f.input))
	if o.aborted {
		return nil, status
	}
	for len(f.transactions) > 0 { // one that the program left open
		f.endTransaction(false)
	}
	if f.handler && status == abi.StatusOK {
		f.finishAlarm()
	}
	h.commit(f)
	if f.background {
		h.later(o)
	}
	if status == abi.StatusError {
		return thrown(f.output), status
	}
	return f.output, status
}

// alarmOf is what an entry that begins now knows of a running alarm.
func (h *Host) alarmOf(o *object) *alarmRun {
	for i := len(h.calls) - 1; i >= 0; i-- {
		if h.calls[i].object == o {
			return h.calls[i].alarm
		}
	}
	return new(alarmRun)
}

// later sees to what an object leaves for after its answer. The object is busy
// until it is done: a nested entry does it at once.
func (h *Host) later(o *object) {
	if o.entries > 1 {
		h.run(o, runBackground, nil)
		return
	}
	if !o.background {
		o.background = true
		h.background = append(h.background, o)
	}
}

func (h *Host) finish(o *object) {
	for o.background && !o.aborted {
		o.background = false
		h.run(o, runBackground, nil)
	}
}

// runBackground does what objects have left, now that the test has its answer.
func (h *Host) runBackground() {
	for len(h.background) > 0 {
		o := h.background[0]
		h.background = h.background[1:]
		h.finish(o)
	}
}
