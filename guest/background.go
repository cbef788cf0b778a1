package guest

import (
	"github.com/cairn-dev/cairn/abi"
	"github.com/cairn-dev/cairn/guest/internal/hostcall"
)

// WaitUntil runs fn once the answer to the running call is on its way, so that
// the caller does not wait for it. A panic in fn goes to the log; it cannot
// reach the caller any more. What was left is run in order, also after a call
// that failed.
//
// In a Worker fn may use env, but neither the request nor its body: copy what it
// needs. An object uses [State.WaitUntil], which is the same.
func (e *Env) WaitUntil(fn func()) {
	if s := hostcall.BackgroundRequest(); s != abi.StatusOK {
		panic(statusError(abi.FuncBackgroundRequest, s))
	}
	e.background = append(e.background, fn)
}

// WaitUntil runs fn once the answer to the running call is on its way. No other
// call runs before fn has returned, and what fn writes is durable like any
// call's. A panic in fn goes to the log.
func (s *State) WaitUntil(fn func()) { s.env.WaitUntil(fn) }

// runBackground runs what was left until now. What that leaves is for the next
// time: the host asks again.
func (e *Env) runBackground() {
	list := e.background
	e.background = nil
	for _, fn := range list {
		runLogged(fn)
	}
}

func runLogged(fn func()) {
	defer func() {
		if v := recover(); v != nil {
			panicError(v)
		}
	}()
	fn()
}
