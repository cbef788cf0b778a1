package loadgen

import (
	"sync"
	"time"
)

// sleeper waits for when a request is due.
type sleeper interface {
	// sleep returns after d, or at once when the sleeper has been woken.
	sleep(d time.Duration)
	// wake ends this sleep and all later ones. Any goroutine may call it.
	wake()
	close()
}

// timerSleeper sleeps by Go's timers. An idle Go process waits in whole
// milliseconds, so a request may go out one late.
type timerSleeper struct {
	once  sync.Once
	woken chan struct{}
	timer *time.Timer
}

func newTimerSleeper() (sleeper, error) {
	s := &timerSleeper{woken: make(chan struct{}), timer: time.NewTimer(time.Hour)}
	s.timer.Stop()
	return s, nil
}

func (s *timerSleeper) sleep(d time.Duration) {
	s.timer.Reset(d)
	select {
	case <-s.timer.C:
	case <-s.woken:
	}
}

func (s *timerSleeper) wake()  { s.once.Do(func() { close(s.woken) }) }
func (s *timerSleeper) close() { s.timer.Stop() }
