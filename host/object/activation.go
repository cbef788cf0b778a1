package object

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"time"

	"github.com/cairn-dev/cairn/host/account"
	"github.com/cairn-dev/cairn/host/event"
	"github.com/cairn-dev/cairn/host/gate"
	"github.com/cairn-dev/cairn/host/observe"
	"github.com/cairn-dev/cairn/host/program"
	"github.com/cairn-dev/cairn/host/storage"
)

// errGone says that the activation was evicted between its look-up and the
// call, which is sent anew.
var errGone = errors.New("object: activation is gone")

// Activation is an object's time in memory.
type Activation struct {
	objects *Objects
	address event.Address
	store   *storage.Object

	mu      sync.Mutex
	top     *State // the innermost entry; nil while idle
	mailbox mailbox
	phase   phase
	// brokenBy is why the activation is broken.
	brokenBy error
	// critical counts the sections in which no nested entry is let in.
	critical int

	// What follows belongs to the innermost entry, and to whoever holds mu
	// while there is none.
	instance  program.Instance // nil: suspended, or not yet begun
	suspended program.State    // its memory while it has no instance
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

// serve runs one request, in its turn, or at once when it is let in.
func (a *Activation) serve(ctx context.Context, r *event.Event, nested bool, dst []byte) (event.Reply, error) {
	s := a.objects.states.Get().(*State)
	s.begin(ctx, a, r)
	w, err := a.enter(s, nested, r, dst)
	switch {
	case err != nil:
		s.abandon()
		return event.Reply{Output: dst}, err
	case w != nil && w.answered:
		return w.reply, w.err
	}
	reply, err, next := a.perform(s, r, dst)
	if next != nil {
		go a.drain(next)
	}
	return reply, err
}

// drain runs the call of a parked waiter, and those behind it, one after the
// other. Waking each of them to run its own call would leave the object idle
// until the scheduler came to it, while more and more of them queue: with two
// processors and 64 clients of one object, half of the throughput.
func (a *Activation) drain(w *waiter) {
	for w != nil {
		reply, err, next := a.perform(w.state, w.request, w.dst)
		w.answer(reply, err)
		w.wake <- struct{}{}
		w = next
	}
}

// perform runs a request whose turn it is. next is a parked waiter whose turn
// it is then; the caller must drain it.
func (a *Activation) perform(s *State, r *event.Event, dst []byte) (reply event.Reply, err error, next *waiter) {
	failed, last := a.contained(s, func() { reply, err, next = a.performed(s, r, dst) })
	if failed != nil {
		return event.Reply{Output: dst, Seen: a.seen}, failed, last
	}
	return reply, err, next
}

func (a *Activation) performed(s *State, r *event.Event, dst []byte) (reply event.Reply, err error, next *waiter) {
	output, err := s.run(r, dst)
	reply = event.Reply{Output: output, Seen: a.seen.Join(s.Seen)} // s.Seen also after an error
	if s.background && a.failure() == nil {                        // also after an error that the guest threw
		if s.below == nil {
			// The answer goes, the call stays: nobody else enters before it ends.
			s.answered()
			a.objects.background.Go(func() { a.drain(a.afterAnswer(s)) })
			return reply, err, nil
		}
		s.runBackground() // entries nest: it must end before what is below goes on
	}
	s.background = false
	return reply, err, a.finish(s)
}

// afterAnswer runs what a call left for after its answer, and ends the call.
func (a *Activation) afterAnswer(s *State) (next *waiter) {
	if failed, last := a.contained(s, func() { s.runBackground(); next = a.finish(s) }); failed != nil {
		return last
	}
	return next
}

// finish ends a call that has been answered.
func (a *Activation) finish(s *State) (next *waiter) {
	s.finish()
	next = a.leave(s)
	s.end()
	a.objects.states.Put(s)
	return next
}

// enter makes s the innermost entry when its turn has come. A call that had to
// wait has a waiter, which may have been answered already.
func (a *Activation) enter(s *State, nested bool, r *event.Event, dst []byte) (*waiter, error) {
	w, first, err := a.admit(s, nested, r, dst)
	if w != nil {
		w.wait(first)
		a.counts().Waited(time.Since(w.since))
	}
	return w, err
}

// admit makes s the innermost entry, or puts it into the mailbox and returns its waiter;
// first says that it is the first there.
func (a *Activation) admit(s *State, nested bool, r *event.Event, dst []byte) (
	w *waiter, first bool, err error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	nested = nested || a.objects.waits.wasLetIn(s.edge)
	switch {
	case a.phase == gone:
		return nil, false, errGone
	case nested && a.phase == broken:
		return nil, false, a.brokenBy
	case nested && a.critical > 0:
		return nil, false, event.ErrCritical
	case nested, a.restsLocked():
		a.openLocked(s)
		return nil, false, nil
	}
	w = &waiter{state: s, request: r, dst: dst, bytes: len(r.Input), since: time.Now(),
		wake: make(chan struct{}, 1)}
	first = a.mailbox.len() == 0
	if err := a.mailbox.push(w); err != nil {
		return nil, false, err
	}
	return w, first, nil
}

// leave ends the innermost entry and makes the next call the innermost. It
// returns the call's waiter if that is parked, and somebody must run it.
func (a *Activation) leave(s *State) (next *waiter) {
	a.used.Store(true)
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.top != s {
		panic("object: entries did not nest")
	}
	return a.nextLocked(s)
}

// nextLocked is leave for the innermost entry. mu must be held.
func (a *Activation) nextLocked(s *State) (next *waiter) {
	a.lastTick = a.objects.ticks.Load()
	a.top = s.below
	a.letInLocked(s.answered())
	if a.top != nil {
		return nil
	}
	if a.phase == broken {
		a.forgetLocked()
	}
	for w := a.mailbox.pop(); w != nil; w = a.mailbox.pop() {
		if time.Since(w.since) > maxQueuedFor {
			w.refuse(event.ErrQueueOld, gate.Mark{})
			continue
		}
		a.openLocked(w.state)
		if w.claim() {
			return w
		}
		return nil
	}
	a.restLocked()
	return nil
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

// letIn lets a call in that waits in the mailbox, as the activation waits for it
// now, see waits.end; nil is none.
func (a *Activation) letIn(closing *edge) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.letInLocked(closing)
}

func (a *Activation) letInLocked(closing *edge) {
	for closing != nil {
		w := a.mailbox.take(closing)
		closing = nil
		switch {
		case w == nil: // it is on its way here, see enter
		case a.phase == broken:
			closing = w.refuse(a.brokenBy, gate.Mark{})
		case a.critical > 0:
			closing = w.refuse(event.ErrCritical, gate.Mark{})
		default:
			a.openLocked(w.state)
			w.grant()
		}
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

// wake gives the activation an instance that holds its memory, which is p's, or
// begins as p's.
func (a *Activation) wake(p program.Program) error {
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
	instance := a.instance
	a.instance = nil
	if !instance.Program().Suspends() || !a.built {
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
