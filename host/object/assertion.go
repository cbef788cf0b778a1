package object

import (
	"github.com/cairn-dev/cairn/abi/wire"
	"github.com/cairn-dev/cairn/host/event"
	"github.com/cairn-dev/cairn/host/internal/contain"
	"github.com/cairn-dev/cairn/host/observe"
)

// errAssertion breaks an activation one of whose entries ended with a panic of ours.
// Of that the log has the whole.
var errAssertion = &event.Error{Flags: wire.ErrorReset,
	Message: "internal error: Durable Object reset"}

// contained runs f, a step of an entry. If f panics, the entry is thrown out and
// its activation reset; err is what its caller is told then, and next as from
// leave. What f has changed by then may be half of what it meant, so nothing of
// it is used again: neither the turn nor the instance.
func (a *Activation) contained(t *turn, f func()) (err error, next *waiter) {
	defer func() {
		if v := recover(); v != nil {
			l := t.Budget.Request().Tag(a.objects.options.Logger)
			l = l.With("object", a.address.ID, "name", a.address.Name)
			contain.Report(l, "a call of an object", v)
			err, next = a.expel(t)
		}
	}()
	f()
	return nil, nil
}

// expel takes an entry out that cannot leave by itself, wherever it is among the
// others, and resets the activation.
func (a *Activation) expel(t *turn) (err error, next *waiter) {
	l := t.Budget.Request().Tag(a.objects.options.Logger)
	contain.Run(l, "the end of a call", t.dropTxn)
	err = errAssertion
	a.fail(observe.Assertion, err, a.seen.Join(t.Seen))
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.instance != nil {
		a.instance.Break()
	}
	if a.top == t {
		return err, a.nextLocked(t)
	}
	for above := a.top; above != nil; above = above.below {
		if above.below == t {
			above.below = t.below
		}
	}
	a.letInLocked(t.answered())
	return err, nil
}

// dropTxn takes back what the call has written since its last batch.
func (t *turn) dropTxn() {
	t.call.End()
	if t.txn != nil {
		t.txn.Rollback()
		t.txn.Close()
	}
}
