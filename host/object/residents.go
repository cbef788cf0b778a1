package object

import (
	"context"
	"sync"
	"time"

	"github.com/cairn-dev/cairn/host/program"
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

// instancePatience is how long a call waits for an instance where the host has no
// memory for another. Its caller holds an instance meanwhile, so it is not long.
const instancePatience = 5 * time.Second

// acquire returns an instance of p for a, which has none. Where all are busy there
// is one more for a time: a bound would let calls wait for each other in a way
// that waits does not see. What bounds them is the account of memory, and that wait
// has an end.
func (r *residents) acquire(a *Activation, p program.Program) (program.Instance, error) {
	if instance := r.place(a, p); instance != nil {
		return instance, nil
	}
	ctx, cancel := context.WithTimeout(context.Background(), instancePatience)
	defer cancel()
	instance, err := p.Get(ctx)
	if err != nil {
		r.remove(a)
	}
	return instance, err
}

// place makes a a resident, in the place of another if there are enough. It
// returns the other's instance if a can use it.
func (r *residents) place(a *Activation, p program.Program) program.Instance {
	r.mu.Lock()
	var victim *Activation
	if len(r.slots) >= r.max {
		victim = r.victimLocked()
	}
	if victim == nil {
		a.slot = len(r.slots)
		r.slots = append(r.slots, a)
		r.mu.Unlock()
		return nil
	}
	a.slot, victim.slot = victim.slot, -1
	r.slots[a.slot] = a
	r.mu.Unlock()
	instance := victim.yield()
	if instance != nil && (instance.Program() != p || !instance.Current()) {
		instance.Release()
		return nil
	}
	return instance
}

// victimLocked finds an idle activation whose memory can be set aside, and returns it
// with its mu held; nil when there is none. r.mu must be held.
func (r *residents) victimLocked() *Activation {
	for range 2 * len(r.slots) {
		r.hand = (r.hand + 1) % len(r.slots)
		a := r.slots[r.hand]
		if a.used.Swap(false) || !a.mu.TryLock() {
			continue
		}
		if a.suspendableLocked() {
			return a
		}
		a.mu.Unlock()
	}
	return nil
}

// settle lets the instances of idle activations give back what they do not use,
// until enough says so.
func (r *residents) settle(enough func() bool) {
	r.mu.Lock()
	slots := append([]*Activation(nil), r.slots...)
	r.mu.Unlock()
	for _, a := range slots {
		if enough() {
			return
		}
		if a.mu.TryLock() {
			if a.phase == idle {
				a.instance.Settle()
			}
			a.mu.Unlock()
		}
	}
}

// rest suspends what was not called since the tick before now: memory that
// nobody uses is better spent on others, and what a guest has grown is given
// back. It suspends as well what was let in above the bound while all were busy.
// Without an image suspending is forgetting, and that is for eviction, in its time.
func (r *residents) rest(now uint32) {
	r.mu.Lock()
	slots := append([]*Activation(nil), r.slots...)
	above := len(r.slots) - r.max
	r.mu.Unlock()
	for _, a := range slots {
		if a.rest(now, above > 0) {
			above--
		}
	}
}

// rest suspends the activation if it may be and was not called since the tick before
// now, or is one too many.
func (a *Activation) rest(now uint32, tooMany bool) bool {
	if !a.mu.TryLock() {
		return false
	}
	defer a.mu.Unlock()
	if !a.suspendableLocked() || !tooMany && (now-a.lastTick <= 1 || !a.hasImage()) {
		return false
	}
	a.objects.live.remove(a)
	if instance := a.suspendLocked(); instance != nil {
		instance.Release()
	}
	return true
}

// yield is suspendLocked of a victim, whose mu is held and then is not.
func (a *Activation) yield() program.Instance {
	defer a.mu.Unlock()
	return a.suspendLocked()
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
