package alarm

import "time"

// Clock is the time that alarms are set by.
type Clock interface {
	Now() time.Time
	// At returns a channel that gets a value when Now has reached t, at once if
	// it has already. stop frees what it holds, and is called once.
	At(t time.Time) (fired <-chan time.Time, stop func())
}

// WallClock returns the Clock of which now tells the time, and whose timers are
// those of package time.
func WallClock(now func() time.Time) Clock { return wallClock{now} }

type wallClock struct{ now func() time.Time }

func (c wallClock) Now() time.Time { return c.now() }

func (c wallClock) At(t time.Time) (<-chan time.Time, func()) {
	timer := time.NewTimer(t.Sub(c.now()))
	return timer.C, func() { timer.Stop() }
}
