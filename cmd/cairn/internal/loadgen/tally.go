package loadgen

import (
	"runtime"
	"sync"
	"time"

	"github.com/HdrHistogram/hdrhistogram-go"
)

// outcome is how a request ended.
type outcome int

const (
	answered      outcome = iota // with some status
	connectFailed                // before it was sent
	writeFailed
	readFailed
	timedOut
	malformed  // the answer is not HTTP/1.1
	unfinished // the request was due, and the load ended first
	outcomes   // how many there are
)

// result is one request's.
type result struct {
	outcome outcome
	status  int  // of an answer
	read    bool // rather than write
	latency time.Duration
	in, out uint64 // bytes
}

// significantDigits of a latency are kept, from a nanosecond to maxLatency.
const significantDigits = 3

// tally counts the results of some of the workers: a histogram takes some
// 300 kB, too much for each of thousands, and one for all would be waited for.
type tally struct {
	mu       sync.Mutex
	latency  *hdrhistogram.Histogram // of 2xx, timedOut and unfinished
	lateness *hdrhistogram.Histogram // of sending, by our own fault
	counts
}

// counts are numbers that add up.
type counts struct {
	outcomes      [outcomes]uint64
	statuses      [1000]uint64 // of answers
	ok            uint64       // answers with 2xx
	reads, writes uint64       // of ok
	in, out       uint64       // bytes
}

func newHistogram() *hdrhistogram.Histogram {
	return hdrhistogram.New(1, int64(maxLatency), significantDigits)
}

// newTallies returns what the workers share: twice as many as run at once.
func newTallies(workers int) []*tally {
	tallies := make([]*tally, min(workers, 2*runtime.GOMAXPROCS(0)))
	for i := range tallies {
		tallies[i] = &tally{latency: newHistogram(), lateness: newHistogram()}
	}
	return tallies
}

// record counts one request.
func (t *tally) record(r result) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.outcomes[r.outcome]++
	t.in += r.in
	t.out += r.out
	slow := r.outcome == timedOut || r.outcome == unfinished
	if r.outcome == answered {
		t.statuses[r.status]++
		if r.status/100 == 2 {
			slow = true
			t.ok++
			if r.read {
				t.reads++
			} else {
				t.writes++
			}
		}
	}
	if slow {
		t.latency.RecordValue(int64(min(r.latency, maxLatency))) // nothing else is out of range
	}
}

// late counts how late a request went out although a connection stood by.
func (t *tally) late(d time.Duration) {
	t.mu.Lock()
	t.lateness.RecordValue(int64(min(d, maxLatency)))
	t.mu.Unlock()
}

func (c *counts) add(o *counts) {
	for i, n := range o.outcomes {
		c.outcomes[i] += n
	}
	for i, n := range o.statuses {
		c.statuses[i] += n
	}
	c.ok += o.ok
	c.reads += o.reads
	c.writes += o.writes
	c.in += o.in
	c.out += o.out
}

// failed is how many requests had an end other than an answer with 2xx.
func (c *counts) failed() uint64 {
	n := c.outcomes[answered] - c.ok
	for o := connectFailed; o < unfinished; o++ {
		n += c.outcomes[o]
	}
	return n
}

// total is how many requests came to an end.
func (c *counts) total() uint64 {
	return c.ok + c.failed() + c.outcomes[unfinished]
}

// sum adds the counts of all tallies.
func sum(tallies []*tally) *counts {
	c := new(counts)
	for _, t := range tallies {
		t.mu.Lock()
		c.add(&t.counts)
		t.mu.Unlock()
	}
	return c
}
