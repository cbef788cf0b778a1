package ingress

import (
	"cmp"
	"math"
	"slices"
	"time"

	"github.com/cairn-dev/cairn/host/account"
)

// fastBytes is a rate, in bytes a second, at which nobody is given up for others.
const fastBytes = 1 << 20

// evictLocked ends the connections that have waited longest on their clients, the idle
// ones first, and returns how many. More than one at a time, so that a flood of
// connections does not look at all of them for each. The server's mu must be held.
func (s *Server) evictLocked() int {
	type candidate struct {
		c     *session
		phase phase
		since time.Time
	}
	var list []candidate
	spare := time.Now().Add(-s.limits.Spare)
	for c := range s.sessions {
		c.mu.Lock()
		if !c.cut && (c.phase == idle || c.phase != working && c.since.Before(spare)) {
			list = append(list, candidate{c, c.phase, c.since})
		}
		c.mu.Unlock()
	}
	slices.SortFunc(list, func(a, b candidate) int {
		if (a.phase == idle) != (b.phase == idle) {
			return cmp.Compare(a.phase, b.phase)
		}
		return a.since.Compare(b.since)
	})
	list = list[:min(len(list), max(s.limits.Connections/64, 1))]
	evicted := 0
	for _, e := range list {
		e.c.mu.Lock()
		if e.c.phase == e.phase && e.c.since.Equal(e.since) { // the connection still waits
			e.c.cutLocked()
			e.c.evicted = true
			s.open--
			evicted++
		}
		e.c.mu.Unlock()
	}
	return evicted
}

// short makes room where there is no descriptor for another connection.
func (s *Server) short() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.evictLocked()
}

// Shed gives up what holds memory only for a client that is slow, the slowest first and
// of those that have stopped the one that was heard of least lately, until that frees so
// many bytes, and returns how many it will.
func (s *Server) Shed(want int64) int64 {
	type candidate struct {
		c    *session
		held int64
		rate float64
		last int64
	}
	var list []candidate
	now := time.Now()
	s.mu.Lock()
	for c := range s.sessions {
		c.mu.Lock()
		if rate := c.rateLocked(now); rate < fastBytes && c.held.Load() > 0 {
			list = append(list, candidate{c, c.held.Load(), rate, c.last.Load()})
		}
		c.mu.Unlock()
	}
	s.mu.Unlock()
	slices.SortFunc(list, func(a, b candidate) int {
		return cmp.Or(cmp.Compare(a.rate, b.rate), cmp.Compare(a.last, b.last))
	})
	freed := int64(0)
	for _, e := range list {
		if freed >= want {
			break
		}
		e.c.mu.Lock()
		if e.c.phase == reading || e.c.phase == writing {
			e.c.cutLocked()
			freed += e.held
		}
		e.c.mu.Unlock()
	}
	if freed > 0 {
		s.warn("memory is short: slow clients were given up", "bytes", account.Size(freed))
	}
	return freed
}

// warn logs what clients bring about, once a second at most.
func (s *Server) warn(message string, args ...any) {
	now, last := time.Now().Unix(), s.warned.Load()
	if now != last && s.warned.CompareAndSwap(last, now) {
		s.options.Logger.Warn(message, args...)
	}
}

// rateLocked is how fast the client sends or takes, in bytes a second: 0 if it has
// stopped, and above all bounds where it is the host that takes its time. The session's
// mu must be held.
func (c *session) rateLocked(now time.Time) float64 {
	spare, since := c.server.limits.Spare, now.Sub(c.since)
	switch {
	case c.cut || c.phase != reading && c.phase != writing || since < spare:
		return math.Inf(1)
	case now.UnixNano()-c.last.Load() >= int64(spare):
		return 0
	}
	return float64(c.moved.Load()) / since.Seconds()
}

// take makes a hold of a session cover a buffer, at the cost of slow clients if need
// be. The error is an *account.Error.
func (c *session) take(h *account.Hold, bytes int) error {
	before := h.Bytes()
	if !h.Try(int64(bytes)) {
		resume := c.pause()
		c.server.Shed(int64(bytes) - before)
		err := h.To(int64(bytes))
		resume()
		if err != nil {
			return err
		}
	}
	c.held.Add(h.Bytes() - before)
	return nil
}

// pause marks a session as one that does not wait on its client, until resume.
func (c *session) pause() (resume func()) {
	c.mu.Lock()
	defer c.mu.Unlock()
	p := c.phase
	c.phase = working
	return func() {
		c.mu.Lock()
		defer c.mu.Unlock()
		c.phase = p
		c.last.Store(time.Now().UnixNano())
	}
}

// give gives back what a hold has.
func (c *session) give(h *account.Hold) {
	c.held.Add(-h.Bytes())
	h.Release()
}
