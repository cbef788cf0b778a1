package event

import (
	"context"
	"sync"
	"sync/atomic"
	"time"

	"github.com/cairn-dev/cairn/host/internal/clock"
)

// Budget is what one event from outside, a request or an alarm, may set off in
// all: it goes along with every call that guests make on its behalf, however deep
// and however wide, and with what they leave for after their answers. So no event
// goes on for ever, and a request that nobody waits for ends. It is used by many
// goroutines.
//
// It is a context.Context as well, which is done when the event's time is over and
// when nobody waits for its answer any more. Only Done costs more than a few
// instructions: it is for what waits long.
type Budget struct {
	request RequestID
	clock   clock.Clock
	calls   atomic.Int64 // calls that are left
	limit   int          // how many there were, for the error
	ends    time.Time
	gone    func() bool  // nil: nobody can go away
	watched atomic.Bool  // gone counts
	looked  atomic.Int64 // when gone was last asked, in Unix milliseconds

	watcher atomic.Pointer[watcher] // nil: nobody has asked for Done
}

// watcher looks whether a budget is done, on a goroutine of its own.
type watcher struct {
	done chan struct{}
	err  error // why done is closed
	end  sync.Once
	stop chan struct{} // closed by End
}

// unwatched is the watcher of a budget that has ended before anybody asked for Done.
var unwatched = &watcher{done: make(chan struct{})}

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

// NewBudget returns the budget of an event that begins now. request is 0 for a new ID,
// calls is 0 for MaxCalls. gone reports whether nobody waits for the answer any more, and
// may be nil. Answered must follow when it means nothing any longer, and End when nothing
// runs on behalf of the event.
func NewBudget(request RequestID, c clock.Clock, calls int, gone func() bool) *Budget {
	if request == 0 {
		request = NewRequestID()
	}
	if calls == 0 {
		calls = MaxCalls
	}
	now := c.Now()
	b := &Budget{request: request, clock: c, limit: calls, ends: now.Add(MaxEventTime), gone: gone}
	b.calls.Store(int64(calls))
	if gone != nil {
		b.watched.Store(true)
		b.looked.Store(now.UnixMilli())
	}
	return b
}

// BudgetOf returns the budget that a context is or bears, nil if it has none.
func BudgetOf(ctx context.Context) *Budget {
	if b, ok := ctx.(*Budget); ok {
		return b
	}
	b, _ := ctx.Value(budgetKey{}).(*Budget)
	return b
}

type budgetKey struct{}

// Request returns the ID of the request, or the alarm, that the budget is of; 0 for a
// nil b.
func (b *Budget) Request() RequestID {
	if b == nil {
		return 0
	}
	return b.request
}

// Value implements context.Context.
func (b *Budget) Value(key any) any {
	if _, ok := key.(budgetKey); ok {
		return b
	}
	return nil
}

// Deadline implements context.Context.
func (b *Budget) Deadline() (time.Time, bool) { return b.ends, true }

// Done implements context.Context.
func (b *Budget) Done() <-chan struct{} {
	if w := b.watcher.Load(); w != nil {
		return w.done
	}
	w := &watcher{done: make(chan struct{}), stop: make(chan struct{})}
	if !b.watcher.CompareAndSwap(nil, w) {
		return b.watcher.Load().done
	}
	go b.watch(w)
	return w.done
}

// Err implements context.Context.
func (b *Budget) Err() error {
	w := b.watcher.Load()
	if w == nil {
		return nil
	}
	select {
	case <-w.done:
		return w.err
	default:
		return nil
	}
}

// End says that nothing runs on behalf of the event any more. Done is not closed by
// it, and never will be.
func (b *Budget) End() {
	if b.watcher.CompareAndSwap(nil, unwatched) {
		return
	}
	if w := b.watcher.Load(); w != unwatched {
		w.end.Do(func() { close(w.stop) })
	}
}

// watch closes done when the event may go on no longer, until End.
func (b *Budget) watch(w *watcher) {
	over, stop := b.clock.At(b.ends)
	defer stop()
	for {
		look, stop := b.clock.At(b.clock.Now().Add(lookEvery))
		select {
		case <-w.stop:
			stop()
			return
		case <-over:
		case <-look:
		}
		stop()
		switch b.Over() {
		case nil:
			continue
		case error(ErrClientGone):
			w.err = context.Canceled
		default:
			w.err = context.DeadlineExceeded
		}
		close(w.done)
		return
	}
}

// Answered says that the event has its answer. What it has left behind goes on.
func (b *Budget) Answered() { b.watched.Store(false) }

// Spend takes one call out of the budget. It fails when none is left, when the
// event's time is over, and when nobody waits for the answer any more.
func (b *Budget) Spend() error {
	if err := b.Over(); err != nil {
		return err
	}
	if b.calls.Add(-1) < 0 {
		return errTooManyCalls(b.limit)
	}
	return nil
}

// Over returns why nothing more may begin, nil if it may.
func (b *Budget) Over() error {
	now := b.clock.Now()
	switch {
	case !now.Before(b.ends):
		return ErrEventLong
	case b.abandoned(now):
		return ErrClientGone
	}
	return nil
}

func (b *Budget) abandoned(now time.Time) bool {
	if !b.watched.Load() {
		return false
	}
	last := b.looked.Load()
	if now.UnixMilli()-last < lookEvery.Milliseconds() ||
		!b.looked.CompareAndSwap(last, now.UnixMilli()) {
		return false
	}
	if !b.gone() || !b.watched.Load() { // answered meanwhile: whoever got it may go
		return false
	}
	b.looked.Store(last) // the others learn it as well
	return true
}
