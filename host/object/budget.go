package object

import (
	"sync/atomic"
	"time"

	"github.com/cairn-dev/cairn/host/hostfunc"
)

// Budget is what one event from outside, a request or an alarm, may set off in
// all: it goes along with every call that guests make on its behalf, however deep
// and however wide, and with what they leave for after their answers. So no event
// goes on for ever, and a request that nobody waits for ends. It is used by many
// goroutines.
type Budget struct {
	calls   atomic.Int64 // that are left
	limit   int          // how many there were, for the error
	ends    time.Time
	gone    func() bool  // nil: nobody can go away
	watched atomic.Bool  // gone counts
	looked  atomic.Int64 // when gone was last asked, in Unix milliseconds
}

const (
	// MaxCalls is how many calls, requests and rounds of background work one event
	// may set off where the config does not say (limits.subrequests). It is upstream's
	// default for paid plans.
	MaxCalls = 10_000
	// MaxEventTime is how long an event may take with all that it has set off:
	// upstream's limit of an alarm handler, and of what keeps an object awake.
	MaxEventTime = 15 * time.Minute
	// lookEvery is how often a budget asks whether somebody still waits. A request
	// that is answered sooner never asks.
	lookEvery = 100 * time.Millisecond
)

// NewBudget returns the budget of an event that begins now; calls is 0 for
// MaxCalls. gone reports whether nobody waits for the answer any more, and may be
// nil. Answered must follow when it means nothing any longer.
func NewBudget(now time.Time, calls int, gone func() bool) *Budget {
	if calls == 0 {
		calls = MaxCalls
	}
	b := &Budget{limit: calls, ends: now.Add(MaxEventTime), gone: gone}
	b.calls.Store(int64(calls))
	if gone != nil {
		b.watched.Store(true)
		b.looked.Store(now.UnixMilli())
	}
	return b
}

// Answered says that the event has its answer. What it has left behind goes on.
func (b *Budget) Answered() { b.watched.Store(false) }

// Spend takes one call out of the budget. It fails when none is left, when the
// event's time is over, and when nobody waits for the answer any more.
func (b *Budget) Spend(now time.Time) error {
	if err := b.over(now); err != nil {
		return err
	}
	if b.calls.Add(-1) < 0 {
		return errTooManyCalls(b.limit)
	}
	return nil
}

// over returns why nothing more may begin, nil if it may.
func (b *Budget) over(now time.Time) error {
	switch {
	case !now.Before(b.ends):
		return errEventLong
	case b.abandoned(now):
		return errClientGone
	}
	return nil
}

func (b *Budget) abandoned(now time.Time) bool {
	if !b.watched.Load() {
		return false
	}
	last := b.looked.Load()
	if now.UnixMilli()-last < lookEvery.Milliseconds() || !b.looked.CompareAndSwap(last, now.UnixMilli()) {
		return false
	}
	if !b.gone() || !b.watched.Load() { // answered meanwhile: whoever got it may go
		return false
	}
	b.looked.Store(last) // the others learn it as well
	return true
}

// Deadline is when everything ends that runs on behalf of the event.
func (b *Budget) Deadline(clock hostfunc.Clock) hostfunc.Deadline {
	return hostfunc.Deadline{Clock: clock, Time: b.ends, Err: errEventLong}
}
