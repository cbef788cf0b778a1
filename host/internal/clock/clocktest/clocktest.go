// Package clocktest helps to test what happens at some time.
//
// Its one type, Clock, is a clock.Clock whose time is a decision of the test:
// it stands still until Advance.
package clocktest

import (
	"sync"
	"time"

	"github.com/cairn-dev/cairn/host/internal/clock"
)

// Clock stands still. Make it with NewClock.
type Clock struct {
	mu     sync.Mutex
	now    time.Time
	timers map[*timer]struct{}
}

type timer struct {
	at    time.Time
	fired chan time.Time // room for one
}

// NewClock returns a clock that shows a moment.
func NewClock(now time.Time) *Clock {
	return &Clock{now: now, timers: map[*timer]struct{}{}}
}

// Now implements clock.Clock.
func (c *Clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

// At implements clock.Clock.
func (c *Clock) At(t time.Time) (<-chan time.Time, func()) {
	c.mu.Lock()
	defer c.mu.Unlock()
	w := &timer{at: t, fired: make(chan time.Time, 1)}
	c.timers[w] = struct{}{}
	c.fireLocked()
	return w.fired, func() {
		c.mu.Lock()
		defer c.mu.Unlock()
		delete(c.timers, w)
	}
}

// Advance moves the time on, or back, and wakes whoever waits for a moment that
// has come. It does not wait for what they do: Scheduler.RunDue does.
func (c *Clock) Advance(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
	c.fireLocked()
}

func (c *Clock) fireLocked() {
	for w := range c.timers {
		if !w.at.After(c.now) {
			w.fired <- c.now
			delete(c.timers, w)
		}
	}
}

var _ clock.Clock = (*Clock)(nil)
