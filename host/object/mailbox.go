package object

import (
	"sync/atomic"
	"time"

	"github.com/cairn-dev/cairn/host/event"
	"github.com/cairn-dev/cairn/host/gate"
	"github.com/cairn-dev/cairn/host/internal/fifo"
)

// Limits of a mailbox.
const (
	// maxQueued bounds the calls that wait for one object. At 20 µs a call the
	// last of them waits 20 ms; at 20 ms a call it waits 20 s, when maxQueuedFor
	// is near.
	maxQueued = 1000
	// maxQueuedBytes bounds what those calls hand over, which the host holds.
	maxQueuedBytes = 64 << 20
	// maxQueuedFor is how long a call may wait: upstream's limit of a critical
	// section.
	maxQueuedFor = 30 * time.Second
)

// waiter is a call in a mailbox. It runs on its caller's goroutine where that
// still looks out for its turn, else on a runner's, see Activation.drain.
type waiter struct {
	turn  *turn
	bytes int // of its input
	since time.Time
	phase atomic.Uint32 // waiting, granted, parked
	wake  chan struct{}

	// Set before it is granted, or woken.
	answered bool // the event need not run: it has, or it will not
	reply    event.Reply
	err      error
}

// answer ends a waiter that need not run.
func (w *waiter) answer(reply event.Reply, err error) {
	w.answered, w.reply, w.err = true, reply, err
}

const (
	waiting = iota
	granted
	parked
)

// refuse answers a waiter with an error, which could tell of what seen tells of.
func (w *waiter) refuse(err error, seen gate.Mark) (closing *edge) {
	w.answer(event.Reply{Output: w.turn.dst, Seen: seen}, err)
	closing = w.turn.answered()
	w.turn.over()
	w.grant()
	return closing
}

// spins is how often a waiter looks before it parks: for about 10 µs. A call
// takes a few microseconds, parking and waking as long; and a Worker that parks
// holds an instance that then goes cold. Only the first in line can be granted
// soon, so only it spins.
const spins = 8000

// wait returns when the waiter is granted.
func (w *waiter) wait(first bool) {
	if first {
		for range spins {
			if w.phase.Load() == granted {
				return
			}
		}
	}
	if w.phase.CompareAndSwap(waiting, parked) {
		<-w.wake
	}
}

// grant lets the waiter go on.
func (w *waiter) grant() {
	if w.claim() {
		w.wake <- struct{}{}
	}
}

// claim grants the waiter, and reports whether it is parked: then whoever claims
// it wakes it.
func (w *waiter) claim() (parkedBefore bool) { return w.phase.Swap(granted) == parked }

// mailbox is the queue of calls to one activation, first in first out.
type mailbox struct {
	queue fifo.Queue[*waiter]
	bytes int // of all inputs
}

func (m *mailbox) len() int { return m.queue.Len() }

// push adds a call, or refuses it as overloaded.
func (m *mailbox) push(w *waiter) error {
	if m.len() >= maxQueued {
		return event.ErrQueueFull
	}
	if m.bytes+w.bytes > maxQueuedBytes {
		return event.ErrQueueBytes
	}
	if first := m.queue.First(); first != nil && w.since.Sub(first.since) > maxQueuedFor {
		return event.ErrQueueOld
	}
	m.queue.Push(w)
	m.bytes += w.bytes
	return nil
}

// takeCalls takes every call out. An alarm stays: nobody waits for its answer, and
// it has to run all the same.
func (m *mailbox) takeCalls() (calls []*waiter) {
	for range m.len() {
		if w := m.pop(); !isAlarm(w.turn.event) {
			calls = append(calls, w)
		} else {
			m.queue.Push(w)
			m.bytes += w.bytes
		}
	}
	return calls
}

// take takes the call out that e is the edge of; nil when it is not there.
func (m *mailbox) take(e *edge) *waiter {
	return m.out(m.queue.Remove(func(w *waiter) bool { return w.turn.edge == e }))
}

// pop takes the oldest call out; nil when there is none.
func (m *mailbox) pop() *waiter { return m.out(m.queue.Pop()) }

// out counts a call that has left the queue; nil is none.
func (m *mailbox) out(w *waiter) *waiter {
	if w != nil {
		m.bytes -= w.bytes
	}
	return w
}
