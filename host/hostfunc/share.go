package hostfunc

import (
	"runtime"
	"sync"
	"time"

	"github.com/cairn-dev/cairn/host/internal/fifo"
)

// share divides the processors among the entries that compute for long, each of
// which is of another object or Worker. There are as many places as processors;
// whoever has none waits in a queue, first in first out, and whoever has one gives
// it up for the next in line when its slice is over. So a thousand guests that spin
// take turns, each object as long as another, and never stand in the scheduler's
// queues before a guest that has just begun: those wait for a quantum a processor at
// most. A guest that waits for others holds no place.
type share struct {
	mu    sync.Mutex
	free  int
	queue fifo.Queue[chan struct{}] // closed when its place is there
}

const (
	// shareAfter is what an entry may compute before it needs a place: most calls
	// take a hundredth of it and never come here.
	shareAfter = time.Millisecond
	// slice is how long a place is kept while others wait for one: long beside the
	// microseconds of a change, short beside a person's patience.
	slice = 10 * time.Millisecond
)

// processors are the places of this process.
var processors = &share{free: runtime.GOMAXPROCS(0)}

// take waits for a place.
func (s *share) take() {
	s.mu.Lock()
	if s.free > 0 {
		s.free--
		s.mu.Unlock()
		return
	}
	turn := make(chan struct{})
	s.queue.Push(turn)
	s.mu.Unlock()
	<-turn
}

// give gives a place to the next in line.
func (s *share) give() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if next := s.queue.Pop(); next != nil {
		close(next)
		return
	}
	s.free++
}

// wanted reports whether somebody waits for a place.
func (s *share) wanted() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.queue.Len() > 0
}

// place is an entry's part in a share.
type place struct {
	held  bool
	since time.Time
}

// share lets others compute, if the entry has computed for long.
func (c *Call) share() {
	if c.meter.started.IsZero() {
		return // the entry's first quantum
	}
	now := time.Now()
	if now.Sub(c.meter.started)-c.meter.waited < shareAfter {
		return
	}
	c.leave() // whoever is bound to a thread would take it along
	defer c.comeBack()
	if c.place.held && now.Sub(c.place.since) >= slice && processors.wanted() {
		c.leavePlace()
	}
	if c.place.held {
		runtime.Gosched() // whoever has just begun goes first
		return
	}
	c.meter.pause() // what it waits for is not what it computes
	processors.take()
	c.meter.resume()
	c.place = place{true, time.Now()}
}

// leavePlace gives the entry's place up, if it has one.
func (c *Call) leavePlace() {
	if c.place.held {
		c.place.held = false
		processors.give()
	}
}
