// Package worker runs scripts' Workers: stateless guests that answer HTTP
// requests.
//
// There is one type. [Workers] take an instance of a script's program out of
// the program's pool for each request, last in, first out, and give it back
// reset: nothing is kept between two requests. A Worker has no storage; what it
// may ask of the host is object.Guest.
package worker

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"

	"github.com/cairn-dev/cairn/host/account"
	"github.com/cairn-dev/cairn/host/app"
	"github.com/cairn-dev/cairn/host/event"
	"github.com/cairn-dev/cairn/host/gate"
	"github.com/cairn-dev/cairn/host/hostfunc"
	"github.com/cairn-dev/cairn/host/internal/clock"
	"github.com/cairn-dev/cairn/host/internal/contain"
	"github.com/cairn-dev/cairn/host/object"
	"github.com/cairn-dev/cairn/host/observe"
	"github.com/cairn-dev/cairn/host/program"
)

// Options configures Workers.
type Options struct {
	Sender event.Sender // brings its calls to objects. Required.
	Random func([]byte) // Required.
	// Clock is what a request's time goes by. Required.
	Clock clock.Clock
	// MaxBusy bounds the requests that run at a time; others wait in turn. Default
	// DefaultMaxBusy.
	MaxBusy int
}

// Workers answer requests with scripts' programs.
type Workers struct {
	options Options
	lot     atomic.Uint32 // numbers requests, to share them between two versions
	calls   sync.Pool
	slots   slots

	background event.Background
}

// call is one request to a Worker: the Host of its guest.
type call struct {
	object.Guest
	call       hostfunc.Call
	workers    *Workers
	event      hostfunc.Deadline // of what the request may set off
	instance   program.Instance
	background bool         // the guest asked for background_run
	log        *slog.Logger // see logger; nil before somebody has something to say
	wrote      []byte       // what the guest wrote to standard error before it failed
}

// New makes the Workers of a host.
func New(o Options) *Workers {
	if o.MaxBusy == 0 {
		o.MaxBusy = DefaultMaxBusy
	}
	w := &Workers{options: o, slots: slots{max: o.MaxBusy}}
	w.calls.New = func() any {
		return &call{workers: w, Guest: object.Guest{Sender: o.Sender, Random: o.Random,
			Clock: o.Clock}}
	}
	return w
}

// Request is what a Worker is to answer.
type Request struct {
	// ID is what the log knows the request by; 0: a new one.
	ID event.RequestID
	// Input is an encoded wire.Request. It belongs to who asks, until the answer.
	Input []byte
	// Hold is what the response is taken for; nil: who asks does not count it.
	Hold *account.Hold
	// Gone reports whether the client has gone away, for event.NewBudget; may be nil.
	Gone func() bool
}

// Fetch answers a request with a script that has a Worker, and appends the encoded
// wire.Response to dst. Seen is what the response could tell of, for the gate; it is
// set beside an error as well. Errors are *event.Error where the guest is at fault.
// After program.ErrRetired nothing has happened: a deploy put another script in its
// place, which is to be asked.
func (w *Workers) Fetch(s *app.Script, r Request, dst []byte) (
	response []byte, seen gate.Mark, err error) {
	v := s.ForRequest(w.lot.Add(1))
	instance, err := w.instance(v, r.ID)
	if err != nil {
		return dst, gate.Mark{}, err
	}
	c := w.calls.Get().(*call)
	c.Version = v
	c.Seen, c.Caller, c.instance = gate.Mark{}, event.Caller{Depth: 1}, instance
	c.Budget = event.NewBudget(r.ID, c.Clock, v.CallLimit, r.Gone)
	defer c.Budget.Answered() // c itself may be another request's by then
	c.event = c.Deadline()
	var output []byte
	var threw bool
	if !c.contained(func() { output, threw, err = c.enter(program.WorkerFetch, r.Input) }) {
		seen = c.Seen
		c.call.End()
		instance.Break()
		instance.Put() // c is not used again
		c.Budget.End()
		w.slots.put()
		return dst, seen, errAssertion
	}
	switch {
	case err != nil:
		c.background = false // the instance is broken
		err = &Failure{Err: err, Output: string(c.wrote), told: explain(err)}
	case threw:
		err = event.Thrown(output, "The Worker")
	case r.Hold != nil && r.Hold.To(int64(len(dst)+len(output))) != nil:
		err = errNoMemory
	default:
		dst = append(dst, output...)
	}
	seen = c.Seen
	if c.background {
		l := c.logger()
		w.background.Go(func() { contain.Run(l, "a Worker's background work", c.finish) })
	} else {
		c.finish()
	}
	return dst, seen, err
}

// instance waits for a slot and takes an instance of v, for a request.
func (w *Workers) instance(v *app.Version, of event.RequestID) (program.Instance, error) {
	has := w.slots.try()
	if has {
		if instance := v.Program.Ready(); instance != nil {
			return instance, nil
		}
	}
	patience, cancel := context.WithTimeout(context.Background(), maxQueuedFor)
	defer cancel()
	if !has {
		if err := w.slots.take(patience.Done()); err != nil {
			return nil, err
		}
	}
	instance, err := v.Program.Get(patience)
	if err == nil {
		return instance, nil
	}
	w.slots.put()
	if program.NoMemory(err) {
		of.Tag(v.Logger).Warn("overloaded", "error", err)
		return nil, errNoMemory
	}
	return nil, err
}

// enter runs an entry in the call's instance. The output is valid until the
// next enter.
func (c *call) enter(e program.Entry, input []byte) (output []byte, threw bool, err error) {
	c.call.Begin(c, input, c.Version.CPULimit)
	c.call.SetDeadline(&c.event)
	threw, err = c.instance.Enter(&c.call, e)
	output = c.call.Output
	if c.wrote = c.wrote[:0]; err != nil {
		c.wrote = append(c.wrote, c.call.LastWords()...)
	}
	if dropped := c.call.Dropped(); dropped > 0 {
		c.logger().Warn("guest logged too much in one call", "dropped", dropped)
	}
	c.call.End()
	return output, threw, err
}

// Close waits for what guests left for after their answers, and fails when ctx
// is done before.
func (w *Workers) Close(ctx context.Context) error {
	if err := w.background.Close(ctx); err != nil {
		return fmt.Errorf("work that Workers left for after their answers still runs: %w", err)
	}
	return nil
}

// Failure is why a Worker ended without an answer. Whoever asked it has more to
// say, and logs it. It wraps the *event.Error that a guest may be told.
type Failure struct {
	Err    error  // with the stack
	Output string // what the guest wrote to standard error before
	told   error
}

func (f *Failure) Error() string { return f.told.Error() }

// Unwrap returns what a guest may be told.
func (f *Failure) Unwrap() error { return f.told }

// explain says in upstream's words why a Worker ended. object's explain is another: what
// is told of an object says that it was reset, and nothing of a Worker would live on.
func explain(err error) error {
	switch {
	case errors.Is(err, program.ErrCPULimit):
		return errCPU
	case errors.Is(err, program.ErrMemoryLimit):
		return errMemory
	case program.NoMemory(err):
		return errNoMemory
	}
	return &event.Error{Message: "The Worker ended: " + observe.FirstLine(err)}
}
