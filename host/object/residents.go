package object

import (
	"context"
	"sync"

	"github.com/cairn-dev/cairn/host/module"
)

// residents are the activations that hold an instance. There are as many as
// instances are worth their cost; when one more wants one, another that has not
// been called for a while is suspended (the clock algorithm: a hand goes round
// and spares whoever was called since it last came by). So a call that finds
// its instance touches nothing shared.
type residents struct {
	mu    sync.Mutex
	max   int
	slots []*Activation
	hand  int
}

// acquire returns an instance for a, which has none. Where all are busy there
// is one more for a time: a bound would let calls wait for each other in a way
// that waits does not see.
func (r *residents) acquire(a *Activation) (*module.Instance, error) {
	version := a.address.Namespace.Version()
	if a.suspended != nil {
		version = a.suspended.Version()
	}
	r.mu.Lock()
	if len(r.slots) >= r.max {
		if victim := r.victim(); victim != nil {
			a.slot, victim.slot = victim.slot, -1
			r.slots[a.slot] = a
			r.mu.Unlock()
			instance := victim.suspend()
			victim.mu.Unlock()
			if instance != nil && instance.Version() == version {
				return instance, nil
			}
			if instance != nil {
				instance.Version().Release(instance)
			}
			return r.get(a, version)
		}
	}
	a.slot = len(r.slots)
	r.slots = append(r.slots, a)
	r.mu.Unlock()
	return r.get(a, version)
}

func (r *residents) get(a *Activation, v *module.Version) (*module.Instance, error) {
	instance, err := v.Get(context.Background())
	if err != nil {
		r.remove(a)
	}
	return instance, err
}

// victim finds an idle activation whose memory can be set aside, and returns it
// with its mu held; nil when there is none. r.mu must be held.
func (r *residents) victim() *Activation {
	for range 2 * len(r.slots) {
		r.hand = (r.hand + 1) % len(r.slots)
		a := r.slots[r.hand]
		if a.used.Swap(false) || !a.mu.TryLock() {
			continue
		}
		if a.top == nil && a.mailbox.len() == 0 && a.instance != nil {
			if image, _ := a.instance.Version().HasImage(); image {
				return a
			}
		}
		a.mu.Unlock()
	}
	return nil
}

// remove takes a out, which gives its instance up.
func (r *residents) remove(a *Activation) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if a.slot < 0 {
		return
	}
	last := len(r.slots) - 1
	moved := r.slots[last]
	r.slots[a.slot], moved.slot = moved, a.slot
	r.slots[last] = nil
	r.slots = r.slots[:last]
	a.slot = -1
}
