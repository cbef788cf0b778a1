package loadgen

import (
	"math"
	"sync/atomic"
	"time"
)

// schedule deals out requests. Any free worker takes the next one: the
// connections are a pool before one queue, as a server's clients are, and one
// slow connection holds up no request but its own.
type schedule struct {
	start, end time.Time
	rate       float64 // 0: a request is due when a worker asks
	total      uint64  // requests have numbers below it
	next       atomic.Uint64
}

func newSchedule(start time.Time, d time.Duration, rate float64, limit uint64) *schedule {
	s := &schedule{start: start, end: start.Add(d), rate: rate, total: limit}
	if rate > 0 {
		s.total = min(limit, uint64(math.Ceil(d.Seconds()*rate)))
	}
	return s
}

// claim takes the next request and says when it is due. At a rate that may be
// ahead of now, or long past.
func (s *schedule) claim(now time.Time) (k uint64, due time.Time, ok bool) {
	if s.rate == 0 && !now.Before(s.end) {
		return 0, now, false
	}
	k = s.next.Add(1) - 1
	if k >= s.total {
		return 0, now, false
	}
	return k, s.due(k, now), true
}

func (s *schedule) due(k uint64, now time.Time) time.Time {
	if s.rate == 0 {
		return now
	}
	return s.start.Add(time.Duration(float64(k) / s.rate * float64(time.Second)))
}

// leftOver counts the requests that were due and that no worker took.
func (s *schedule) leftOver(now time.Time, t *tally) {
	if s.rate == 0 {
		return
	}
	for k := s.next.Load(); k < s.total; k++ {
		age := now.Sub(s.due(k, now))
		if age <= 0 {
			return
		}
		t.record(result{outcome: unfinished, latency: age})
	}
}

// waiting is how many requests are due and not yet taken.
func (s *schedule) waiting(now time.Time) uint64 {
	if s.rate == 0 {
		return 0
	}
	due := min(s.total, uint64(now.Sub(s.start).Seconds()*s.rate))
	taken := min(s.total, s.next.Load())
	return due - min(due, taken)
}

// planned is how long a load without any delay takes.
func (s *schedule) planned() time.Duration {
	if s.rate == 0 {
		return 0
	}
	return time.Duration(float64(s.total) / s.rate * float64(time.Second))
}
