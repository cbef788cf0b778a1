package alarm

import (
	"context"
	"errors"
	"log/slog"
	"math"
	"sync"
	"time"

	"github.com/cairn-dev/cairn/abi"
	"github.com/cairn-dev/cairn/host/internal/clock"
	"github.com/cairn-dev/cairn/host/internal/fifo"
	"github.com/cairn-dev/cairn/host/storage"
)

// Options configures a Scheduler.
type Options struct {
	// Store holds the alarms. A store has one scheduler. Required.
	Store *storage.Store
	// Deliver runs an alarm, or abandons it, and returns when that is done. It
	// is called by many goroutines at once, but not for one object. ctx is done
	// when Stop has given up waiting. Required.
	Deliver func(ctx context.Context, due Due) Outcome
	// Random fills a buffer with random bytes. Required.
	Random func([]byte)
	// Clock is the time. Default the wall clock.
	Clock clock.Clock
	// Concurrency bounds the runs at a time. Default 64, so that many alarms of
	// one moment do not take all instances from the requests.
	Concurrency int
	// Window bounds the due alarms that are held while they wait for their turn.
	// Default 256: enough for a read of the index to be worth its while.
	Window int
	// MaxRetrying bounds the alarms that are held because they have failed.
	// Default 65,536, some 20 MB with names of the usual length.
	MaxRetrying int
	// Logger gets what goes wrong. Default discards.
	Logger *slog.Logger
}

func (o *Options) setDefaults() {
	if o.Clock == nil {
		o.Clock = clock.Wall(time.Now)
	}
	if o.Concurrency == 0 {
		o.Concurrency = 64
	}
	if o.Window == 0 {
		o.Window = 256
	}
	if o.MaxRetrying == 0 {
		o.MaxRetrying = 1 << 16
	}
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
}

// ErrStopped says that nothing runs any more, because Stop was called.
var ErrStopped = errors.New("alarm: scheduler is stopped")

// maxSleep bounds how long the scheduler waits without a look at the clock, which
// somebody may have set: no alarm is later than that for it.
const maxSleep = time.Minute

// readRetry is when to read the index again after that has failed. A disk that
// fails is not helped by haste.
const readRetry = 10 * time.Second

// Scheduler runs alarms when they are due. Make it with New; it begins with Run,
// or with RunDue.
type Scheduler struct {
	options Options
	base    context.Context // of every run
	cancel  context.CancelFunc

	mu      sync.Mutex
	stopped bool
	changed chan struct{} // closed, and made anew, when a run has ended
	ended   int           // runs that have ended

	// held are the alarms in memory, by object: those in ready, those that run,
	// and those in retries.
	held    map[abi.ID]*held
	ready   fifo.Queue[*held] // wait for their turn
	running int
	retries retries // wait for their time
	failing int     // of held, those that have failed before
	pace    pace

	// after is the place in the index. No alarm beyond it is due before next; a
	// lower bound, as alarms are deleted and moved.
	after storage.Alarm
	next  int64

	sweepAt    int64 // when to begin again at the front, MaxInt64 for never
	readErr    error // why the index could not be read
	readFailed int64 // when to read it again then
}

// held is an alarm in memory.
type held struct {
	due     Due
	phase   phase
	failing bool  // the alarm has failed
	counted int   // failures that counted
	backoff int   // doublings of the delay
	uncount bool  // the last failure did not count
	retryMS int64 // when to try again
	index   int   // in retries
	again   bool  // the alarm was set anew while it ran, to the same time
}

type phase uint8

const (
	ready phase = iota
	running
	retrying
)

// New makes a Scheduler. It begins at the front of the index, with whatever is
// overdue.
func New(o Options) *Scheduler {
	o.setDefaults()
	s := &Scheduler{
		options: o, changed: make(chan struct{}), held: map[abi.ID]*held{},
		after: storage.Alarm{UnixMS: math.MinInt64}, next: math.MinInt64, sweepAt: math.MaxInt64,
	}
	s.base, s.cancel = context.WithCancel(context.Background())
	return s
}

// Run runs alarms as they become due, until ctx is done or Stop is called. It
// does not wait for the runs under way; Stop does. It is called once.
func (s *Scheduler) Run(ctx context.Context) {
	for {
		t := s.turn()
		if t.stopped {
			return
		}
		fired, stop := s.options.Clock.At(t.next)
		select {
		case <-ctx.Done():
			stop()
			return
		case <-s.options.Store.AlarmHint():
		case <-t.changed:
		case <-fired:
		}
		stop()
	}
}

// RunDue runs every alarm and retry that is due, and returns how many runs have
// ended meanwhile, once none is left. An object that sets an alarm for now in
// its handler is due again. It may be called beside Run.
func (s *Scheduler) RunDue(ctx context.Context) (n int, err error) {
	s.mu.Lock()
	begun := s.ended
	s.mu.Unlock()
	for {
		t := s.turn()
		switch {
		case t.stopped:
			return t.ended - begun, ErrStopped
		case ctx.Err() != nil:
			return t.ended - begun, ctx.Err()
		case t.err != nil:
			return t.ended - begun, t.err
		case t.again:
			continue
		case t.idle:
			return t.ended - begun, nil
		}
		select {
		case <-t.changed:
		case <-ctx.Done():
			return t.ended - begun, ctx.Err()
		}
	}
}

// Stop starts no more runs and returns when those under way have ended. When
// ctx is done before, it cancels their context and returns ctx's error.
func (s *Scheduler) Stop(ctx context.Context) error {
	defer s.cancel()
	for {
		s.mu.Lock()
		if !s.stopped {
			s.stopped = true
			s.wakeLocked()
		}
		changed, running := s.changed, s.running
		s.mu.Unlock()
		if running == 0 {
			return nil
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

func (s *Scheduler) wakeLocked() {
	close(s.changed)
	s.changed = make(chan struct{})
}

// Stats are how many alarms are held in memory.
type Stats struct {
	Ready    int // due, waiting for their turn
	Running  int
	Retrying int // waiting for a retry
}

// Stats returns how many alarms are held in memory.
func (s *Scheduler) Stats() Stats {
	s.mu.Lock()
	defer s.mu.Unlock()
	return Stats{Ready: s.ready.Len(), Running: s.running, Retrying: len(s.retries)}
}
