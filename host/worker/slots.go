package worker

import (
	"sync"
	"time"

	"github.com/cairn-dev/cairn/host/internal/fifo"
)

// Limits of requests to Workers.
const (
	// DefaultMaxBusy is how many requests run at a time. Each holds an instance,
	// also while it waits for an object: at 20 ms a call they are 12,800 requests a
	// second, which is more than a node answers, and 256 instances of a Go guest are
	// some 400 MB. Above it more of them only share processors and caches.
	DefaultMaxBusy = 256
	// maxQueued is how many wait for one of them to end, as many as for an object.
	maxQueued = 1000
	// maxQueuedFor is how long one waits. It is shorter than what clients and proxies
	// wait for an answer: who would be late hears of it in time to go elsewhere. It is
	// also what ends a request that waits for one that waits for it, such as by way
	// of a proxy to this host.
	maxQueuedFor = 10 * time.Second
)

// slots bounds the requests that run at a time. Who finds none free waits in turn.
type slots struct {
	max int

	mu      sync.Mutex
	busy    int                       // above max where one was lent and taken back
	waiting fifo.Queue[chan struct{}] // closed when its turn has come
}

// try takes a slot if one is free.
func (s *slots) try() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	free := s.busy < s.max && s.waiting.Len() == 0
	if free {
		s.busy++
	}
	return free
}

// take takes a slot by the end of patience, or gives an error for the client.
func (s *slots) take(patience <-chan struct{}) error {
	s.mu.Lock()
	switch {
	case s.busy < s.max && s.waiting.Len() == 0:
		s.busy++
		s.mu.Unlock()
		return nil
	case s.waiting.Len() >= maxQueued:
		s.mu.Unlock()
		return errQueueFull
	}
	turn := make(chan struct{})
	s.waiting.Push(turn)
	s.mu.Unlock()
	select {
	case <-turn:
		return nil
	case <-patience:
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.waiting.Remove(func(other chan struct{}) bool { return other == turn }) != nil {
		return errQueueOld
	}
	return nil // the turn has come meanwhile
}

// put gives a slot back, to whoever has waited longest.
func (s *slots) put() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.busy > s.max || s.waiting.Len() == 0 {
		s.busy--
		return
	}
	close(s.waiting.Pop())
}

// lend gives the slot of a request that waits for the outside to another; back takes
// one without waiting. The outside may be this very host: the request that it waits
// for must not wait for it.
func (s *slots) lend() { s.put() }

func (s *slots) back() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.busy++
}

// Busy returns how many requests run in Workers, and how many wait for it.
func (w *Workers) Busy() (busy, waiting int) { return w.slots.count() }

// count returns how many requests run and how many wait.
func (s *slots) count() (busy, waiting int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.busy, s.waiting.Len()
}
