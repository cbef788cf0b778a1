package object

import (
	"sync"

	"github.com/cairn-dev/cairn/host/event"
)

// waits is the graph of who waits for whom, so that call cycles never hang.
//
// An activation has at most one edge: the call that its innermost entry waits
// for. So the graph is a set of chains, and a call from S to T closes a cycle
// exactly if the chain that begins at T comes to S. Then T cannot go on before
// the call is done, and the call is let in beside the entries that are already
// in T, on top of them. Whichever call closes the cycle finds it, because an
// edge is set and the chain is followed under one lock.
//
// An edge lasts as long as it is true. It ends before its callee can begin
// anything else, not when the caller wakes up: what the callee does next may
// call the caller, and must not take it for one that waits.
//
// An edge may also end early: its callee is reset, or a critical section gives it
// up. Meanwhile others may have been let in on top of the caller; it goes on when
// they have left. So entries nest last in, first out, whatever ends when. That
// hangs nobody: who waits for an activation waits for its innermost entry anyway.
//
// When an entry that was let in ends, what lies below waits again for what it waited
// for. Where an edge between has ended early, somebody along that way may meanwhile
// have called this activation, which did not wait for him then; now it does. So that
// closes a cycle as well, and the queued call is let in.
//
// A call from within a critical section can be given up, see turn.inTime. It is
// made by a stand-in that waits in the caller's place: an Activation of no object,
// between the two in the chain. To give up is to leave the caller's edge to the
// stand-in; the call goes on and has its own.
type waits struct{ mu sync.Mutex }

// edge is a call from one object to another while it keeps the caller waiting.
// Its fields are guarded by waits.mu, but for from, which is the caller's. A call
// that no object makes has none: nil.
type edge struct {
	from, to *Activation
	over     bool // the edge keeps nobody waiting any more

	nested  bool          // to is let in
	covered *edge         // what the innermost entry of to waits for, if nested
	cover   *edge         // whose covered this is
	bare    chan struct{} // closed when cover ends, if somebody waits for that
}

// edgeOf returns the edge of an event that an object of this node sends.
func edgeOf(r *event.Event) *edge {
	if r.From == nil {
		return nil
	}
	e, _ := r.From.Waits.(*edge)
	return e
}

// begin makes e the call that the innermost entry of from waits for, and reports
// whether it must be let in. Then to is to have a new innermost entry, which waits
// for nobody yet. end and resume must follow.
func (w *waits) begin(e *edge, from, to *Activation) (nested bool) {
	*e = edge{from: from, to: to}
	w.mu.Lock()
	defer w.mu.Unlock()
	from.waitsFor = e
	a := to
	for a != from && a.waitsFor != nil {
		a = a.waitsFor.to
	}
	if a != from {
		return false
	}
	e.letInLocked()
	return true
}

// letInLocked puts e on top of what its callee waits for.
func (e *edge) letInLocked() {
	c := e.to.waitsFor
	e.nested, e.covered = true, c
	c.cover, e.to.waitsFor = e, nil
}

// wasLetIn reports whether e is let in, which may be so only after it was set.
func (w *waits) wasLetIn(e *edge) bool {
	if e == nil {
		return false
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	return e.nested
}

// end says that e keeps its caller waiting no longer: the callee does, before it
// begins anything else. If e was let in, its entry is the innermost. Only the
// first call does anything. closing is another call of the callee, which it has to
// let in now, see Activation.letIn; nil if there is none.
func (w *waits) end(e *edge) (closing *edge) {
	if e == nil {
		return nil
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	if e.over {
		return nil
	}
	e.over = true
	if e.from.waitsFor == e { // else what was let in has an edge in its place
		e.from.waitsFor = nil
	}
	c := e.covered
	if c == nil {
		return nil
	}
	if c.cover = nil; c.bare != nil {
		close(c.bare)
	}
	if c.over {
		return nil
	}
	e.to.waitsFor = c
	for next := c; next != nil; next = next.to.waitsFor {
		if next.to != e.to {
			continue
		}
		if next.nested {
			return nil
		}
		next.letInLocked()
		return next
	}
	return nil
}

// resume returns once no entry is on top of the caller of e, which has ended.
func (w *waits) resume(e *edge) {
	if e == nil {
		return
	}
	w.mu.Lock()
	for e.cover != nil {
		bare := make(chan struct{})
		e.bare = bare
		w.mu.Unlock()
		<-bare
		w.mu.Lock()
	}
	w.mu.Unlock()
}
