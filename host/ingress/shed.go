package ingress

import (
	"cmp"
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
		if e.c.phase == e.phase && e.c.since.Equal(e.since) { // it still waits
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

// Shed gives up what holds memory only for a client that is slow, the slowest first,
// until that frees so many bytes, and returns how many it will.
func (s *Server) Shed(want int64) int64 {
	type candidate struct {
		c    *session
		held int64
		rate float64
	}
	var list []candidate
	now := time.Now()
	s.mu.Lock()
	for c := range s.sessions {
		c.mu.Lock()
		waited := now.Sub(c.since)
		slow := c.phase == reading || c.phase == writing
		if held := c.held.Load(); slow && !c.cut && held > 0 && waited >= s.limits.Spare {
			rate := float64(c.moved.Load()) / waited.Seconds()
			if rate < fastBytes {
				list = append(list, candidate{c, held, rate})
			}
		}
		c.mu.Unlock()
	}
	s.mu.Unlock()
	slices.SortFunc(list, func(a, b candidate) int { return cmp.Compare(a.rate, b.rate) })
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
		s.options.Logger.Warn("memory is short: slow clients were given up",
			"bytes", account.Size(freed))
	}
	return freed
}

// take makes a hold of a session cover a buffer, at the cost of slow clients if need
// be. The error is an *account.Error.
func (c *session) take(h *account.Hold, bytes int) error {
	before := h.Bytes()
	if !h.Try(int64(bytes)) {
		c.server.Shed(int64(bytes) - before)
		if err := h.To(int64(bytes)); err != nil {
			return err
		}
	}
	c.held.Add(h.Bytes() - before)
	return nil
}

// give gives back what a hold has.
func (c *session) give(h *account.Hold) {
	c.held.Add(-h.Bytes())
	h.Release()
}
