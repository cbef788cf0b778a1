package object

import (
	"errors"

	"github.com/cairn-dev/cairn/abi/wire"
	"github.com/cairn-dev/cairn/host/hostfunc"
	"github.com/cairn-dev/cairn/host/module"
	"github.com/cairn-dev/cairn/host/observe"
)

// Count lets c count what happens to the namespace's objects from now on: a
// migration can give a namespace to another class.
func (n *Namespace) Count(c *observe.Class) { n.counts.Store(c) }

// counted counts the calls that go through a Sender.
type counted struct{ to Sender }

// Counted returns a Sender that counts what becomes of the calls that to brings
// to their objects.
func Counted(to Sender) Sender { return counted{to} }

// Send implements Sender.
func (c counted) Send(r *Request, dst []byte) (Reply, error) {
	counts, began := r.To.Namespace.counts.Load(), observe.Now()
	reply, err := c.to.Send(r, dst)
	counts.Called(outcome(err), began.Since())
	return reply, err
}

// outcome says what a call came to that gave err.
func outcome(err error) observe.Outcome {
	if err == nil || err == ErrAlarmMoved {
		return observe.OK
	}
	var told *hostfunc.Error // on the heap, so not for a call that succeeds
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

// cause says why an entry of a guest has ended that gave err.
func cause(err error) observe.Cause {
	var told *hostfunc.Error
	switch {
	case errors.Is(err, module.ErrCPULimit):
		return observe.CPU
	case errors.Is(err, module.ErrMemoryLimit):
		return observe.Memory
	case errors.Is(err, errCriticalLong):
		return observe.Section
	case errors.As(err, &told) && told.Flags&wire.ErrorRemote != 0:
		return observe.Abort // see State.ObjectAbort
	case errors.As(err, &told):
		return observe.Commit // what an import found and could not answer for
	}
	return observe.Trap
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
		if a.top != nil {
			c.Busy++
		} else {
			c.Idle++
		}
		a.mu.Unlock()
	}
	return c
}
