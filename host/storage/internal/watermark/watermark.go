// Package watermark waits for a number that only grows.
//
// There is one type. A Mark holds how far a log is durable; many goroutines
// wait for it to reach their number, one moves it. Once failed it never moves
// again: waiters above it get the error, waiters at or below it do not.
package watermark

import (
	"context"
	"sync"
	"sync/atomic"
)

// Mark is a number that grows, and whoever waits for it. The zero value is a
// mark at 0.
type Mark struct {
	value atomic.Uint64 // written with mu held, so a waiter that looked is seen
	err   atomic.Pointer[error]

	mu      sync.Mutex
	waiters []*waiter // from head on, in order of seq
	head    int
	failed  chan struct{} // closed by Fail; made on demand

	// pool holds waiters. It is not shared between marks: a channel made in one
	// synctest bubble must not be used in another.
	pool sync.Pool
}

// waiter is one call of Wait. Its channel has room for one, and exactly one
// value is sent for each time that the waiter is taken from the list.
type waiter struct {
	seq uint64
	ch  chan error
}

// Load returns the mark.
func (m *Mark) Load() uint64 { return m.value.Load() }

// Err returns what the mark failed with, nil while it can move.
func (m *Mark) Err() error {
	if err := m.err.Load(); err != nil {
		return *err
	}
	return nil
}

// Failed returns a channel that Fail closes.
func (m *Mark) Failed() <-chan struct{} {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.failedLocked()
}

func (m *Mark) failedLocked() chan struct{} {
	if m.failed == nil {
		m.failed = make(chan struct{})
	}
	return m.failed
}

// Advance moves the mark up to seq and wakes whoever waited for it. It does
// nothing when the mark has failed or is there already.
func (m *Mark) Advance(seq uint64) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.err.Load() != nil || seq <= m.value.Load() {
		return
	}
	m.value.Store(seq)
	for m.head < len(m.waiters) && m.waiters[m.head].seq <= seq {
		m.popLocked(nil)
	}
	m.compactLocked()
}

// Fail stops the mark where it is and gives err to everyone who still waits.
// Only the first failure counts; it reports whether this was it.
func (m *Mark) Fail(err error) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.err.Load() != nil {
		return false
	}
	m.err.Store(&err)
	close(m.failedLocked())
	for m.head < len(m.waiters) {
		m.popLocked(err)
	}
	m.compactLocked()
	return true
}

// Wait returns nil once the mark is at seq or above, the error of Fail if it
// never will be, and the context's error if that comes first.
func (m *Mark) Wait(ctx context.Context, seq uint64) error {
	if seq <= m.value.Load() {
		return nil
	}
	m.mu.Lock()
	if seq <= m.value.Load() {
		m.mu.Unlock()
		return nil
	}
	if err := m.Err(); err != nil {
		m.mu.Unlock()
		return err
	}
	w, _ := m.pool.Get().(*waiter)
	if w == nil {
		w = &waiter{ch: make(chan error, 1)}
	}
	w.seq = seq
	m.insertLocked(w)
	m.mu.Unlock()

	select {
	case err := <-w.ch:
		m.pool.Put(w)
		return err
	case <-ctx.Done():
		return m.abandon(ctx, w)
	}
}

// abandon takes a waiter back whose context ended. If it was woken at the same
// moment, the wake-up is what counts: it is the truth about the log.
func (m *Mark) abandon(ctx context.Context, w *waiter) error {
	m.mu.Lock()
	found := m.removeLocked(w)
	m.mu.Unlock()
	err := ctx.Err()
	if !found {
		err = <-w.ch
	}
	m.pool.Put(w)
	return err
}

// insertLocked keeps the list in order. Nearly always the newcomer waits for the
// newest number, so it searches from the end.
func (m *Mark) insertLocked(w *waiter) {
	m.waiters = append(m.waiters, w)
	for i := len(m.waiters) - 1; i > m.head && m.waiters[i-1].seq > w.seq; i-- {
		m.waiters[i-1], m.waiters[i] = w, m.waiters[i-1]
	}
}

func (m *Mark) removeLocked(w *waiter) bool {
	for i := m.head; i < len(m.waiters); i++ {
		if m.waiters[i] == w {
			m.waiters = append(m.waiters[:i], m.waiters[i+1:]...)
			return true
		}
	}
	return false
}

func (m *Mark) popLocked(err error) {
	m.waiters[m.head].ch <- err
	m.waiters[m.head] = nil
	m.head++
}

// compactLocked drops the room in front of head when it is more than half, so
// that each waiter is moved once on average.
func (m *Mark) compactLocked() {
	if m.head*2 < len(m.waiters) {
		return
	}
	n := copy(m.waiters, m.waiters[m.head:])
	clear(m.waiters[n:])
	m.waiters, m.head = m.waiters[:n], 0
}
