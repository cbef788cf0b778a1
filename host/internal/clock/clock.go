// Package clock is the time that rooms go by, which a test can move.
package clock

import "time"

// Clock is a time and its timers.
type Clock interface {
	Now() time.Time
	// At returns a channel that gets a value when Now has reached t, at once if it has
	// already. stop frees what it holds, and is called once.
	At(t time.Time) (fired <-chan time.Time, stop func())
}

// Wall returns the Clock of which now tells the time, and whose timers are those of
// package time.
func Wall(now func() time.Time) Clock { return wall{now} }

type wall struct{ now func() time.Time }

func (c wall) Now() time.Time { return c.now() }

func (c wall) At(t time.Time) (<-chan time.Time, func()) {
	timer := time.NewTimer(t.Sub(c.now()))
	return timer.C, func() { timer.Stop() }
}
