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
type waits struct{ mu sync.Mutex }

// edge is one edge of the graph, and what it covers when it is let in.
type edge struct {
	from, to *Activation // from is nil for a call that no object makes
	nested   bool        // to is let in
	covered  *Activation // what the innermost entry of to waited for, if nested
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
		e.nested = a == from
	}
	if e.nested {
		e.covered, to.waitsFor = to.waitsFor, nil
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
	}
	e.from.waitsFor = nil // last: an object may call itself
}
