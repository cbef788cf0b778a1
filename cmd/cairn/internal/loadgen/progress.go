package loadgen

import (
	"fmt"
	"io"
	"sync"
	"time"
)

// progress writes a line each second.
type progress struct {
	done    chan struct{}
	running sync.WaitGroup
}

func startProgress(w io.Writer, tallies []*tally, s *schedule) *progress {
	p := &progress{done: make(chan struct{})}
	if w != nil {
		p.running.Go(func() { p.run(w, tallies, s) })
	}
	return p
}

func (p *progress) run(w io.Writer, tallies []*tally, s *schedule) {
	tick := time.NewTicker(time.Second)
	defer tick.Stop()
	var last uint64
	at := s.start
	for {
		select {
		case <-p.done:
			return
		case <-tick.C:
		}
		now, c := time.Now(), sum(tallies)
		fmt.Fprintf(w, "%4.0fs  %9.0f requests/s  %d errors", now.Sub(s.start).Seconds(),
			float64(c.ok-last)/now.Sub(at).Seconds(), c.failed())
		if n := s.waiting(now); n > 0 {
			fmt.Fprintf(w, "  %d due and not sent", n)
		}
		fmt.Fprintln(w)
		last, at = c.ok, now
	}
}

func (p *progress) stop() {
	close(p.done)
	p.running.Wait()
}
