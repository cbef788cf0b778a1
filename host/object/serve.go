package object

import (
	"context"
	"errors"
	"time"

	"github.com/cairn-dev/cairn/host/event"
	"github.com/cairn-dev/cairn/host/gate"
)

// errGone says that the activation was evicted between its look-up and the
// call, which is sent anew.
var errGone = errors.New("object: activation is gone")

// serve runs one request, in its turn, or at once when it is let in.
func (a *Activation) serve(ctx context.Context, r *event.Event, nested bool,
	dst []byte) (event.Reply, error) {
	t := a.objects.turns.Get().(*turn)
	t.begin(ctx, a, r, dst)
	w, err := a.await(t, nested)
	switch {
	case err != nil:
		t.over()
		return event.Reply{Output: dst}, err
	case w != nil && w.answered:
		return w.reply, w.err
	}
	reply, err, next := a.perform(t)
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
		reply, err, next := a.perform(w.turn)
		w.answer(reply, err)
		w.wake <- struct{}{}
		w = next
	}
}

// perform runs a request whose turn it is. next is a parked waiter whose turn
// it is then; the caller must drain it.
func (a *Activation) perform(t *turn) (reply event.Reply, err error, next *waiter) {
	dst := t.dst
	failed, last := a.contained(t, func() { reply, err, next = a.performed(t) })
	if failed != nil {
		return event.Reply{Output: dst, Seen: a.seen}, failed, last
	}
	return reply, err, next
}

func (a *Activation) performed(t *turn) (reply event.Reply, err error, next *waiter) {
	output, err := t.run()
	reply = event.Reply{Output: output, Seen: a.seen.Join(t.Seen)} // t.Seen also after an error
	// Background work runs after an error that the guest threw as well.
	if t.background && a.failure() == nil {
		if t.below == nil {
			// The answer goes, the call stays: nobody else enters before it ends.
			t.answered()
			a.objects.background.Go(func() { a.drain(a.afterAnswer(t)) })
			return reply, err, nil
		}
		t.runBackground() // entries nest: it must end before what is below goes on
	}
	t.background = false
	return reply, err, a.finish(t)
}

// afterAnswer runs what a call left for after its answer, and ends the call.
func (a *Activation) afterAnswer(t *turn) (next *waiter) {
	if failed, last := a.contained(t, func() {
		t.runBackground()
		next = a.finish(t)
	}); failed != nil {
		return last
	}
	return next
}

// finish ends a call that has been answered.
func (a *Activation) finish(t *turn) (next *waiter) {
	t.close()
	next = a.leave(t)
	t.over()
	return next
}

// await makes t the innermost entry when its turn has come. A call that had to
// wait has a waiter, which may have been answered already.
func (a *Activation) await(t *turn, nested bool) (*waiter, error) {
	w, first, err := a.admit(t, nested)
	if w != nil {
		w.wait(first)
		a.counts().Waited(time.Since(w.since))
	}
	return w, err
}

// admit makes t the innermost entry, or puts it into the mailbox and returns its waiter;
// first says that it is the first there.
func (a *Activation) admit(t *turn, nested bool) (w *waiter, first bool, err error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	nested = nested || a.objects.waits.wasLetIn(t.edge)
	switch {
	case a.phase == gone:
		return nil, false, errGone
	case nested && a.phase == broken:
		return nil, false, a.brokenBy
	case nested && a.critical > 0:
		return nil, false, event.ErrCritical
	case nested, a.restsLocked():
		a.openLocked(t)
		return nil, false, nil
	}
	w = &waiter{turn: t, bytes: len(t.event.Input), since: time.Now(), wake: make(chan struct{}, 1)}
	first = a.mailbox.len() == 0
	if err := a.mailbox.push(w); err != nil {
		return nil, false, err
	}
	return w, first, nil
}

// leave ends the innermost entry and makes the next call the innermost. It
// returns the call's waiter if that is parked, and somebody must run it.
func (a *Activation) leave(t *turn) (next *waiter) {
	a.used.Store(true)
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.top != t {
		panic("object: entries did not nest")
	}
	return a.nextLocked(t)
}

// nextLocked is leave for the innermost entry.
func (a *Activation) nextLocked(t *turn) (next *waiter) {
	a.lastTick = a.objects.ticks.Load()
	a.top = t.below
	a.letInLocked(t.answered())
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
		a.openLocked(w.turn)
		if w.claim() {
			return w
		}
		return nil
	}
	a.restLocked()
	return nil
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
		case w == nil: // the call is on its way here, see await
		case a.phase == broken:
			closing = w.refuse(a.brokenBy, gate.Mark{})
		case a.critical > 0:
			closing = w.refuse(event.ErrCritical, gate.Mark{})
		default:
			a.openLocked(w.turn)
			w.grant()
		}
	}
}
