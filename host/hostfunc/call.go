package hostfunc

import (
	"context"
	"errors"
	"time"

	"github.com/tetratelabs/wazero/api"

	"github.com/cairn-dev/cairn/abi"
	"github.com/cairn-dev/cairn/abi/wire"
	"github.com/cairn-dev/cairn/host/account"
	"github.com/cairn-dev/cairn/host/event"
)

// Call is one entry into a guest. It is the context.Context of that entry, so
// that a host function reaches it without a look-up. Its owner reuses it with
// Begin, and with it the buffers it has grown.
type Call struct {
	context.Context

	// Memory and Descriptors are the instance's, World is the engine's: who enters a
	// guest of WebAssembly sets them. Begin gives fresh descriptors.
	Memory      api.Memory
	World       *World
	Descriptors *Descriptors

	// Input is what input_read gives; it belongs to the caller of the export.
	Input []byte
	// Output is what output_write took, a buffer of this Call.
	Output []byte

	host Host // of the last entry, as a rule what holds this Call
	can  abilities

	result   []byte // what result_read gives, a buffer of this Call
	logBytes int    // logged so far
	dropped  int    // log records beyond the budget
	stdio    []byte // a line of a standard stream that has not ended
	held     []byte // lines of standard error that are not logged yet
	stdioFD  uint32 // of which one

	lists []openList
	fresh Descriptors

	meter    meter
	place    place
	deadline *Deadline
	watcher  Watcher

	carried account.Hold // of the buffers above
}

// TakeFrom says what the entry's buffers are taken from. Default nothing.
func (c *Call) TakeFrom(a *account.Account) {
	if c.carried.Bytes() == 0 {
		c.carried = a.Hold(account.Requests)
	}
}

// carry takes what the buffers need, with more bytes than they have, before they get
// them where that is known. The entry ends where that is not there.
func (c *Call) carry(more int) {
	if err := c.carried.To(int64(cap(c.Output) + cap(c.result) + more)); err != nil {
		panic(err)
	}
}

// Watcher looks at a guest whenever the host comes by.
type Watcher interface {
	// Look is after a quantum of computing, and before the guest waits for others. An
	// error ends the entry.
	Look() error
	// Leave is before the guest waits, and Return after it, on the same goroutine.
	// Between the two the entry does not touch linear memory. There is no Return where
	// the entry ends with the wait.
	Leave()
	Return()
}

// Watch makes w the entry's Watcher and returns the one before; nil is none.
func (c *Call) Watch(w Watcher) (before Watcher) {
	before, c.watcher = c.watcher, w
	return before
}

// Begin makes c ready for an entry. cpuLimit bounds the time that the guest
// computes, without what it waits for; 0 is no bound.
func (c *Call) Begin(host Host, input []byte, cpuLimit time.Duration) {
	if c.Context == nil {
		c.Context = context.Background()
	}
	if c.host != host {
		c.host, c.can = host, abilitiesOf(host)
	}
	c.Input = input
	c.Output, c.result = c.Output[:0], c.result[:0]
	c.logBytes, c.dropped = 0, 0
	c.fresh, c.Descriptors = Descriptors{}, &c.fresh
	c.meter, c.deadline, c.watcher = meter{limit: cpuLimit}, nil, nil
}

// Host returns whom the entry asks.
func (c *Call) Host() Host { return c.host }

// End lets go of what the entry borrowed, and of buffers that one large
// message has grown.
func (c *Call) End() {
	const keepBytes = 64 << 10
	c.leavePlace()
	c.flushStdio()
	c.closeLists()
	c.Memory, c.World, c.Descriptors, c.Input = nil, nil, nil, nil
	if cap(c.Output) > keepBytes {
		c.Output = nil
	}
	if cap(c.result) > keepBytes {
		c.result = nil
	}
	c.carried.Release()
}

// Dropped returns how many log records were beyond the call's budget, once the
// guest has returned.
func (c *Call) Dropped() int {
	c.flushStdio() // a line without an end counts as well
	return c.dropped
}

type callKey struct{}

// Value implements context.Context; the Call finds itself however deep wazero
// has wrapped it.
func (c *Call) Value(key any) any {
	if _, ok := key.(callKey); ok {
		return c
	}
	return c.Context.Value(key)
}

// callOf returns the Call of the entry that a host function runs in.
func callOf(ctx context.Context) *Call {
	if c, ok := ctx.(*Call); ok {
		return c
	}
	c, _ := ctx.Value(callKey{}).(*Call)
	return c
}

// view returns linear memory's bytes at ptr. Whoever asks for them will touch
// them, so they count as work.
func (c *Call) view(ptr, length uint64) ([]byte, bool) {
	c.meter.work += uint64(uint32(length))
	return c.Memory.Read(uint32(ptr), uint32(length))
}

// fail turns an error of the Host into a status, and leaves its text as the
// result where there is one.
func (c *Call) fail(err error) abi.Status {
	var status statusError
	if errors.As(err, &status) {
		return abi.Status(status)
	}
	var e *event.Error
	if !errors.As(err, &e) {
		e = &event.Error{Message: err.Error()}
	}
	c.result = wire.AppendError(c.result[:0], e.Flags, e.Name, e.Message)
	return abi.StatusError
}

// deliver copies a value to the guest's buffer and its length to len_ptr. The
// two ranges are checked before; where the value does not fit, it becomes the
// result. value may be c.result itself.
func (c *Call) deliver(buf []byte, lenPtr uint64, value []byte) abi.Status {
	c.meter.work += uint64(len(value)) // copied, or read for nothing
	c.Memory.WriteUint32Le(uint32(lenPtr), uint32(len(value)))
	if len(value) > len(buf) {
		c.carry(max(len(value)-cap(c.result), 0))
		c.result = append(c.result[:0], value...)
		return abi.StatusTooSmall
	}
	copy(buf, value)
	return abi.StatusOK
}
