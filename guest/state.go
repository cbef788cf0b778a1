package guest

import (
	"github.com/cairn-dev/cairn/abi"
	"github.com/cairn-dev/cairn/guest/internal/hostcall"
)

// State is what an object has: who it is and what it stores. A class keeps the
// one that its constructor is given.
type State struct {
	ID      ID
	Storage *Storage

	storage Storage
	env     *Env
}

// AbortOptions change what [State.Abort] does.
type AbortOptions struct {
	// NoRetryAlarm gives the alarm up whose Alarm method runs: it is not run
	// again, as it would be after an abort. One that the method has set stays, if
	// the call to another object or a [Storage.Sync] made it last. Durable Objects
	// have retryAlarm: false.
	NoRetryAlarm bool
}

// Abort ends the object's time in memory at once and does not return. What the
// running call wrote is discarded, all calls in flight fail with the reason, also
// those that wait for their turn, and the next call starts the object anew from
// storage. The host has a text for an empty reason.
func (s *State) Abort(reason string, options ...AbortOptions) {
	var flags uint32
	for _, o := range options {
		if o.NoRetryAlarm {
			flags |= abi.ResetDropAlarm
		}
	}
	hostcall.ObjectAbort(reason, flags)
}

// BlockConcurrencyWhile runs fn and lets no other call in until it has returned,
// not even one that would otherwise wait for ever (see "One call at a time" in
// the package comment). A constructor that calls other objects wants it. It may
// take 30 seconds; then the object is reset, whatever fn does or waits for.
//
// An object whose fn fails is in a state that nobody has thought of: an error or
// a panic of fn is the end of its time in memory, as of [State.Abort], and
// BlockConcurrencyWhile does not return. What it returns is that it was nested
// too deeply, and fn did not run.
func (s *State) BlockConcurrencyWhile(fn func() error) error {
	if s := hostcall.CriticalBegin(); s != abi.StatusOK {
		return statusError(abi.FuncCriticalBegin, s)
	}
	if err := runCritical(fn); err != nil {
		hostcall.ObjectAbort(err.Error(), 0)
	}
	if s := hostcall.CriticalEnd(); s != abi.StatusOK {
		return statusError(abi.FuncCriticalEnd, s)
	}
	return nil
}

func runCritical(fn func() error) (err error) {
	defer func() {
		if v := recover(); v != nil {
			err = panicError(v)
		}
	}()
	return fn()
}
