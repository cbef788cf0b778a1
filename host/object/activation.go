package object

import (
	"sync"
	"sync/atomic"

	"github.com/cairn-dev/cairn/host/account"
	"github.com/cairn-dev/cairn/host/event"
	"github.com/cairn-dev/cairn/host/gate"
	"github.com/cairn-dev/cairn/host/observe"
	"github.com/cairn-dev/cairn/host/program"
	"github.com/cairn-dev/cairn/host/storage"
)

// Activation is an object's time in memory.
type Activation struct {
	objects *Objects
	address event.Address
	store   *storage.Object

	mu      sync.Mutex
	top     *turn // the innermost entry; nil while idle
	mailbox mailbox
	phase   phase
	// brokenBy is why the activation is broken.
	brokenBy error
	// critical counts the sections in which no nested entry is let in.
	critical int

	// What follows belongs to the innermost entry, and to whoever holds mu
	// while there is none.
	instance  program.Instance // nil: suspended, or not yet begun
	suspended program.State    // the object's memory while it has no instance
	spare     program.State    // what suspended was, to be used again
	built     bool             // the constructor has run
	seen      gate.Mark        // what a reply could tell of
	lastTick  uint32           // when it was last called, see evict.go

	used     atomic.Bool // called since residents last looked
	slot     int         // in residents, guarded by residents.mu
	waitsFor *edge       // of the innermost entry, guarded by waits.mu
}

// activationBytes is about what an activation takes besides an instance and what is
// set aside: with its place in a map and in the store.
const activationBytes = 640

func newActivation(o *Objects, to *event.Address) *Activation {
	o.options.Account.Count(account.SetAside, activationBytes+int64(len(to.Name)))
	return &Activation{objects: o, address: *to, slot: -1, lastTick: o.ticks.Load(),
		store: o.options.Store.Object(storage.Owner(*to))}
}

// fail breaks the activation. Every call that is in flight fails with err, which
// could tell of what seen tells of: those that have entered, as soon as
// they come back to the host, and those that wait, at once. The activation ends
// when its entries have returned; a call that comes from now on waits for that
// and begins afresh from storage (SEMANTICS 1.3, 2.2, 2.6). The first cause counts.
func (a *Activation) fail(cause observe.Cause, err error, seen gate.Mark) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.phase == broken {
		return
	}
	a.brokenBy = err
	a.becomeLocked(broken)
	a.counts().Reset(cause)
	for _, w := range a.mailbox.takeCalls() {
		w.refuse(err, seen) // who waits behind it is refused as well
	}
}

// forgetNow is forgetLocked for the only entry, before it has used what is in memory.
func (a *Activation) forgetNow() {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.forgetLocked()
}

// end is endLocked, if nothing is open.
func (a *Activation) end() bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	if !a.restsLocked() {
		return false
	}
	a.endLocked()
	return true
}

// endLocked makes the activation, in which nothing is open, one that nobody finds any
// more.
func (a *Activation) endLocked() {
	a.forgetLocked()
	a.becomeLocked(gone)
	a.objects.options.Account.Release(account.SetAside, activationBytes+int64(len(a.address.Name)))
}

// forgetLocked drops what the activation has in memory, which no entry may be using.
func (a *Activation) forgetLocked() {
	if a.instance != nil {
		a.objects.live.remove(a)
		a.instance.Put()
	}
	for _, state := range [...]program.State{a.suspended, a.spare} {
		if state != nil {
			state.Free()
		}
	}
	a.suspended, a.spare = nil, nil
	a.instance, a.built, a.brokenBy, a.critical = nil, false, nil, 0
}

// takeInstance gives the activation an instance that holds its memory, which is p's, or
// begins as p's.
func (a *Activation) takeInstance(p program.Program) error {
	if a.instance != nil {
		return a.instance.Hold()
	}
	instance, err := a.objects.live.acquire(a, p)
	if err != nil {
		return err
	}
	if a.suspended != nil {
		if err := instance.Resume(a.suspended); err != nil {
			a.objects.live.remove(a)
			instance.Discard()
			return err
		}
		a.spare, a.suspended = a.suspended, nil
	}
	a.instance = instance
	return nil
}

// suspendableLocked reports whether the activation is idle and can give its instance
// up: by setting its memory aside, or, without an image to compare it with, by
// forgetting it.
func (a *Activation) suspendableLocked() bool {
	return a.phase == idle && (a.hasImage() || a.evictableLocked())
}

// hasImage reports whether the memory of a's instance can be set aside.
func (a *Activation) hasImage() bool {
	return a.instance.Program().Suspends()
}

// suspendLocked sets the memory of a suspendable activation aside and returns the
// instance, which holds the image again; nil when it could not be kept.
func (a *Activation) suspendLocked() program.Instance {
	instance := a.setAsideLocked()
	a.restLocked()
	return instance
}

// setAsideLocked is suspendLocked also for the only entry, before it has used what is in
// memory.
func (a *Activation) setAsideLocked() program.Instance {
	instance, keep := a.instance, a.built && a.hasImage()
	a.instance = nil
	if !keep {
		a.built = false
		instance.Put()
		return nil
	}
	var err error
	a.suspended, err = instance.Suspend(a.spare)
	a.spare = nil
	a.built = a.suspended != nil
	if err != nil {
		instance.Discard()
		return nil
	}
	return instance
}

// counts returns what counts what happens to the objects of a's namespace.
func (a *Activation) counts() *observe.Class {
	return a.objects.options.App.Serving().Counts(a.address.Namespace)
}

// failure returns what broke the activation, nil if nothing has.
func (a *Activation) failure() error {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.brokenBy
}
