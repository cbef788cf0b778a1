package object

import "sync"

// waits is the graph of who waits for whom, so that call cycles never hang.
//
// An activation has at most one edge: the one that its innermost entry calls
// and waits for. So the graph is a set of chains, and a call from S to T closes
// a cycle exactly if the chain that begins at T comes to S. Then T cannot go on
// before the call is done, and the call is let in beside the entries that are
// already in T, on top of them. Whichever call closes the cycle finds it,
// because an edge is set and the chain is followed under one lock.
//
// It also follows that entries nest last in, first out: what lies below the new
// entry waits, by way of the chain, for the new entry itself.
//
// A call from within a critical section can be given up, see State.inTime. It is
// made by a stand-in that waits in the caller's place: an Activation of no object,
// between the two in the chain. To give up is to take the caller's edge to the
// stand-in out; the call goes on and has its own. But entries that were let in
// because of a chain through the stand-in lie on top of others that the caller's
// end would let go on, so it must wait for them first.
type waits struct{ mu sync.Mutex }

// standIn is what is known of a stand-in.
type standIn struct {
	pins int           // entries that were let in because of a chain through it
	free chan struct{} // closed when there are none, if somebody waits for that
}

// edge is one edge of the graph, and what it covers when it is let in.
type edge struct {
	from, to *Activation // from is nil for a call that no object makes
	nested   bool        // to is let in
	covered  *Activation // what the innermost entry of to waited for, if nested
	pinned   []*standIn  // through which the chain goes, if nested
}

// enter records that the innermost entry of from waits for to, and finds out
// whether the call must be let in. Then to has a new innermost entry, which
// waits for nobody yet.
func (w *waits) enter(from, to *Activation) edge {
	e := edge{from: from, to: to}
	if from == nil {
		return e
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	from.waitsFor = to
	for a := to; a != nil && !e.nested; a = a.waitsFor {
		if e.nested = a == from; a.stand != nil {
			e.pinned = append(e.pinned, a.stand)
		}
	}
	if e.nested {
		e.covered, to.waitsFor = to.waitsFor, nil
		for _, s := range e.pinned {
			s.pins++
		}
	}
	return e
}

// leave takes the edge out, once the call is done.
func (w *waits) leave(e edge) {
	if e.from == nil {
		return
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	if e.nested {
		e.to.waitsFor = e.covered
		for _, s := range e.pinned {
			if s.pins--; s.pins == 0 && s.free != nil {
				close(s.free)
				s.free = nil
			}
		}
	}
	e.from.waitsFor = nil // last: an object may call itself
}

// stand returns a stand-in that makes a call in the place of a's innermost entry.
func (w *waits) stand(a *Activation) *Activation {
	w.mu.Lock()
	defer w.mu.Unlock()
	a.waitsFor = &Activation{stand: &standIn{}}
	return a.waitsFor
}

// desert lets a go on without its stand-in, as soon as no entry depends on that it
// does not.
func (w *waits) desert(a, in *Activation) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for in.stand.pins > 0 {
		if in.stand.free == nil {
			in.stand.free = make(chan struct{})
		}
		free := in.stand.free
		w.mu.Unlock()
		<-free
		w.mu.Lock()
	}
	a.waitsFor = nil
}
