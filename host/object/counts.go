package object

import (
	"context"
	"errors"

	"github.com/cairn-dev/cairn/abi/wire"
	"github.com/cairn-dev/cairn/host/app"
	"github.com/cairn-dev/cairn/host/event"
	"github.com/cairn-dev/cairn/host/observe"
)

// counted counts the calls that go through a Sender.
type counted struct {
	app *app.App
	to  event.Sender
}

// Counted returns a Sender that counts, in the counts of a's classes, what becomes of the
// calls that to brings to their objects.
func Counted(a *app.App, to event.Sender) event.Sender { return counted{a, to} }

// Send implements event.Sender.
func (c counted) Send(ctx context.Context, e *event.Event, dst []byte) (event.Reply, error) {
	counts, began := c.app.Serving().Counts(e.To.Namespace), observe.Now()
	reply, err := c.to.Send(ctx, e, dst)
	counts.Called(outcome(err), began.Since())
	return reply, err
}

// outcome says what a call came to that gave err.
func outcome(err error) observe.Outcome {
	if err == nil || err == event.ErrAlarmMoved {
		return observe.OK
	}
	var told *event.Error // on the heap, so not for a call that succeeds
	switch {
	case !errors.As(err, &told):
		return observe.Refused
	case told.Flags&wire.ErrorReset != 0:
		return observe.Reset
	case told.Flags&wire.ErrorOverloaded != 0:
		return observe.Overloaded
	case told.Flags&wire.ErrorRemote != 0:
		return observe.Thrown
	}
	return observe.Refused
}

// InstanceCounts are how many instances objects hold.
type InstanceCounts struct {
	Busy int // a call runs in it, or waits for another guest
	Idle int // an object's memory is in it, and nothing runs
}

// Instances counts the instances that objects hold.
func (o *Objects) Instances() (c InstanceCounts) {
	o.live.mu.Lock()
	defer o.live.mu.Unlock()
	for _, a := range o.live.slots {
		// By TryLock, see the lock order: whoever holds it is about to do something.
		if !a.mu.TryLock() {
			c.Busy++
			continue
		}
		if !a.restsLocked() {
			c.Busy++
		} else {
			c.Idle++
		}
		a.mu.Unlock()
	}
	return c
}
