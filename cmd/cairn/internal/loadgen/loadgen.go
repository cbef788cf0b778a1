// Package loadgen loads an HTTP/1.1 server and measures how long it lets one
// wait.
//
// A [Bench] sends requests over a fixed number of connections, one at a time on
// each, and makes a [Report]. With a rate the load is open: request k is due at
// start + k/rate whatever the server does, and its latency counts from when it
// was due, so that a server that stalls pays for every request it kept from
// being sent. Without a rate each connection sends as soon as it has an answer;
// its latency is then the service time under a full queue.
//
// Three things hold. Request k's name and kind depend on the seed and k alone,
// not on which connection sends it. Every request that was due is counted once:
// as an answer, an error, or unfinished. A failure that came fast does not
// shorten the percentiles and one that came slowly lengthens them: latency is of
// answers with 2xx, and of what timed out or was left over, as long as it waited.
//
// TLS, HTTP/2, pipelining and request bodies stay out.
package loadgen

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"net"
	"sync"
	"time"
)

// Defaults of the fields of Options that are left zero.
const (
	DefaultConnections = 64
	DefaultDuration    = 10 * time.Second
	DefaultNames       = 1000
	DefaultTimeout     = 5 * time.Second
)

// Limits of Options.
const (
	maxConnections = 50_000          // a machine has some 64,000 local ports for one address
	maxDuration    = 24 * time.Hour  // a histogram covers it
	maxTimeout     = time.Hour       // and this beside it
	maxRate        = 10_000_000      // more than one machine sends
	maxNames       = 10_000_000      // the prepared requests have their own limit
	maxPlanBytes   = 1 << 30         // of prepared requests
	maxLatency     = 2 * maxDuration // what a histogram can hold
	// backoff follows a connect that failed: a server that is away refuses at once.
	backoff = 10 * time.Millisecond
)

// Options say what to send. Zero means the default.
type Options struct {
	// URL is http://host[:port][/path]. {name} stands for o1, o2, …; without a path it is
	// the seed's counter.
	URL string
	// ReadPath is that of the requests that read, required for Reads if URL has a path.
	ReadPath    string
	Reads       float64       // share of requests that read, 0 to 1; default 0
	Names       int           // how many names {name} takes; default 1000
	Seed        uint64        // of the names and of which requests read
	Connections int           // default 64
	Rate        float64       // requests per second; 0: as fast as it goes
	Duration    time.Duration // default 10s
	Requests    uint64        // end after so many; default as many as Duration holds
	Warmup      time.Duration // the same load before, uncounted; default none
	Timeout     time.Duration // from sending to the answer's end; default 5s
	Progress    io.Writer     // a line each second; default none
}

// Bench is a load ready to run.
type Bench struct {
	options Options
	plan    *plan

	// Tests put a bubble's time and pipes here.
	dial       func(ctx context.Context) (net.Conn, error)
	newSleeper func() (sleeper, error)
}

// New prepares a load. An error is about the options.
func New(o Options) (*Bench, error) {
	if err := o.complete(); err != nil {
		return nil, err
	}
	p, addr, err := newPlan(o)
	if err != nil {
		return nil, err
	}
	dialer := net.Dialer{Timeout: o.Timeout}
	return &Bench{
		options: o,
		plan:    p,
		dial: func(ctx context.Context) (net.Conn, error) {
			return dialer.DialContext(ctx, "tcp", addr)
		},
		newSleeper: newSleeper,
	}, nil
}

// complete fills in the defaults and checks the limits.
func (o *Options) complete() error {
	setDefault(&o.Connections, DefaultConnections)
	setDefault(&o.Duration, DefaultDuration)
	setDefault(&o.Names, DefaultNames)
	setDefault(&o.Timeout, DefaultTimeout)
	switch {
	case o.Connections < 1 || o.Connections > maxConnections:
		return fmt.Errorf("loadgen: %d connections, want 1 to %d", o.Connections, maxConnections)
	case o.Duration < 0 || o.Duration > maxDuration:
		return fmt.Errorf("loadgen: duration %v, want more than 0 and at most %v",
			o.Duration, maxDuration)
	case o.Warmup < 0 || o.Warmup > maxDuration:
		return fmt.Errorf("loadgen: warm-up of %v, want 0 to %v", o.Warmup, maxDuration)
	case o.Timeout < time.Millisecond || o.Timeout > maxTimeout:
		return fmt.Errorf("loadgen: timeout %v, want 1ms to %v", o.Timeout, maxTimeout)
	case o.Names < 1 || o.Names > maxNames:
		return fmt.Errorf("loadgen: %d names, want 1 to %d", o.Names, maxNames)
	case !(o.Reads >= 0 && o.Reads <= 1):
		return fmt.Errorf("loadgen: share of reads is %v, want 0 to 1", o.Reads)
	case !(o.Rate >= 0 && o.Rate <= maxRate):
		return fmt.Errorf("loadgen: rate %v per second, want 0 (as fast as it goes) to %d",
			o.Rate, maxRate)
	}
	return nil
}

func setDefault[T comparable](field *T, value T) {
	var zero T
	if *field == zero {
		*field = value
	}
}

// Run sends the load and reports. It ends by itself, at the latest one timeout
// after the duration, or when ctx ends; the report is then of what there was.
// An error means that no measuring took place.
func (b *Bench) Run(ctx context.Context) (*Report, error) {
	if b.options.Warmup > 0 {
		// Another seed: what is measured does not depend on the warm-up.
		if _, err := b.phase(ctx, b.options.Warmup, math.MaxUint64, ^b.options.Seed,
			nil); err != nil {
			return nil, err
		}
		if ctx.Err() != nil {
			return nil, errors.New("loadgen: interrupted during the warm-up")
		}
	}
	limit := b.options.Requests
	if limit == 0 {
		limit = math.MaxUint64
	}
	return b.phase(ctx, b.options.Duration, limit, b.options.Seed, b.options.Progress)
}

// phase opens the connections, sends one stretch of load, and closes them.
func (b *Bench) phase(ctx context.Context, d time.Duration, limit, seed uint64,
	progress io.Writer) (*Report, error) {
	running, cancel := context.WithCancel(ctx)
	defer cancel()
	tallies := newTallies(b.options.Connections)
	workers := make([]*worker, b.options.Connections)
	for i := range workers {
		w, err := newWorker(b, tallies[i%len(tallies)], seed)
		if err != nil {
			return nil, err
		}
		defer w.close()
		workers[i] = w
	}
	if err := openAll(running, workers); err != nil {
		return nil, err
	}
	s := newSchedule(time.Now(), d, b.options.Rate, limit)
	// What was due before the end may still be sent and answered, for as long as
	// one request may take: a stall at the end shows as any other.
	drained := time.AfterFunc(d+b.options.Timeout, cancel)
	defer drained.Stop()
	defer context.AfterFunc(running, func() {
		for _, w := range workers {
			w.stop()
		}
	})()
	reporting := startProgress(progress, tallies, s)
	var group sync.WaitGroup
	for _, w := range workers {
		group.Go(func() { w.run(running, s) })
	}
	group.Wait()
	reporting.stop()
	end := time.Now()
	s.leftOver(end, tallies[0])
	r := b.report(s, tallies, end)
	r.Interrupted = ctx.Err() != nil
	return r, nil
}

// openAll connects all workers. It fails if none could.
func openAll(ctx context.Context, workers []*worker) error {
	errs := make([]error, len(workers))
	var opening sync.WaitGroup
	for i, w := range workers {
		opening.Go(func() { errs[i] = w.open(ctx) })
	}
	opening.Wait()
	for _, err := range errs {
		if err == nil {
			return nil
		}
	}
	return fmt.Errorf("loadgen: open %d connections: %w", len(workers), errs[0])
}
