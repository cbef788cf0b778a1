package observe

import (
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// bounds are the upper bounds of a Histogram's buckets. A call of an object takes
// some microseconds, an fsync some hundred, and the longest waits end after 30 s.
var bounds = [...]time.Duration{
	10 * time.Microsecond, 25 * time.Microsecond, 50 * time.Microsecond, 100 * time.Microsecond,
	250 * time.Microsecond, 500 * time.Microsecond,
	time.Millisecond, 2500 * time.Microsecond, 5 * time.Millisecond, 10 * time.Millisecond,
	25 * time.Millisecond, 50 * time.Millisecond, 100 * time.Millisecond, 250 * time.Millisecond,
	500 * time.Millisecond, time.Second, 2500 * time.Millisecond, 5 * time.Second, 10 * time.Second,
	30 * time.Second, time.Minute,
}

// Histogram counts durations. Its zero value is ready, its methods may be called
// by many goroutines at once, and those of a nil one do nothing. prometheus' own
// costs thrice as much, which a call of some microseconds would show.
type Histogram struct {
	sum     atomic.Int64                   // nanoseconds
	buckets [len(bounds) + 1]atomic.Uint64 // the last is beyond all bounds
}

// Observe counts one duration.
func (h *Histogram) Observe(d time.Duration) {
	if h == nil {
		return
	}
	i := 0
	for i < len(bounds) && d > bounds[i] {
		i++
	}
	h.buckets[i].Add(1)
	h.sum.Add(int64(d))
}

// metric returns what was counted, in seconds.
func (h *Histogram) metric(d *prometheus.Desc, labels ...string) prometheus.Metric {
	total, buckets := uint64(0), make(map[float64]uint64, len(bounds))
	for i, b := range bounds {
		total += h.buckets[i].Load()
		buckets[b.Seconds()] = total
	}
	total += h.buckets[len(bounds)].Load()
	sum := time.Duration(h.sum.Load()).Seconds()
	return prometheus.MustNewConstHistogram(d, total, sum, buckets, labels...)
}

// base is what Stamp counts from.
var base = time.Now()

// Stamp is a moment, for Since. It is read in half of the time that time.Now takes.
type Stamp time.Duration

// Now returns the moment.
func Now() Stamp { return Stamp(time.Since(base)) }

// Since returns how long ago a moment was.
func (s Stamp) Since() time.Duration { return time.Since(base) - time.Duration(s) }
