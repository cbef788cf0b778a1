// Package worker runs a script's Worker: stateless guests that answer HTTP
// requests.
//
// There is one type. A [Worker] takes an instance of the script's module out of
// the module's pool for each request, last in, first out, and gives it back
// reset: nothing is kept between two requests. A Worker has no storage; what it
// may ask of the host is object.Guest.
package worker

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"sync/atomic"

	"github.com/cairn-dev/cairn/abi"
	"github.com/cairn-dev/cairn/abi/wire"
	"github.com/cairn-dev/cairn/host/hostfunc"
	"github.com/cairn-dev/cairn/host/module"
	"github.com/cairn-dev/cairn/host/object"
	"github.com/cairn-dev/cairn/host/storage"
)

// Options configures a Worker.
type Options struct {
	Env    *object.Env   // Required.
	Sender object.Sender // brings its calls to objects. Required.
	Random func([]byte)  // Required.
	Logger *slog.Logger  // Default discards.
}

// Worker answers requests with one script's module.
type Worker struct {
	options Options
	version atomic.Pointer[module.Version]
	calls   sync.Pool
}

// call is one request to a Worker: the Host of its guest.
type call struct {
	object.Guest
	call hostfunc.Call
}

// New makes the Worker of a module version, which must have one.
func New(v *module.Version, o Options) *Worker {
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	w := &Worker{options: o}
	w.version.Store(v)
	w.calls.New = func() any {
		return &call{Guest: object.Guest{Env: o.Env, Sender: o.Sender, Random: o.Random, Logger: o.Logger}}
	}
	return w
}

// Fetch answers an encoded wire.Request and appends the encoded wire.Response
// to dst. The response may leave the node once the log is durable up to seq,
// which is set beside an error as well. Errors are *hostfunc.Error where the
// guest is at fault.
func (w *Worker) Fetch(request, dst []byte) (response []byte, seq storage.Seq, err error) {
	v := w.version.Load()
	instance, err := v.Get(context.Background())
	if err != nil {
		return dst, 0, err
	}
	c := w.calls.Get().(*call)
	c.Seq, c.Depth = 0, 1
	c.call.Begin(c, instance.Memory(), request, w.options.Env.CPULimit)
	status, err := instance.Enter(&c.call, module.WorkerFetch)
	switch {
	case err != nil:
		w.options.Logger.Error("worker failed", "error", err)
		err = explain(err)
	case status == abi.StatusError:
		err = thrown(c.call.Output)
	default:
		dst = append(dst, c.call.Output...)
	}
	if dropped := c.call.Dropped(); dropped > 0 {
		w.options.Logger.Warn("guest logged too much in one call", "dropped", dropped)
	}
	seq = c.Seq
	c.call.End()
	c.Guest.Reuse()
	w.calls.Put(c)
	v.Put(instance)
	return dst, seq, err
}

// StubCall implements hostfunc.Host.
func (c *call) StubCall(t hostfunc.Target, method, args, dst []byte) ([]byte, error) {
	return c.Guest.Call(nil, t, method, args, dst)
}

// StubFetch implements hostfunc.Host.
func (c *call) StubFetch(t hostfunc.Target, request, dst []byte) ([]byte, error) {
	return c.Guest.Fetch(nil, t, request, dst)
}

// thrown is the error that the Worker's own code gave.
func thrown(output []byte) error {
	var e wire.Error
	if wire.DecodeError(output, &e) != nil {
		return &hostfunc.Error{Message: "The Worker threw an error that does not decode."}
	}
	return &hostfunc.Error{Flags: e.Flags, Name: string(e.Name), Message: string(e.Message)}
}

// explain says in upstream's words why a Worker ended.
func explain(err error) error {
	switch {
	case errors.Is(err, module.ErrCPULimit):
		return &hostfunc.Error{Message: "Worker exceeded CPU time limit."}
	case errors.Is(err, module.ErrMemoryLimit):
		return &hostfunc.Error{Message: "Worker exceeded memory limit."}
	}
	return &hostfunc.Error{Message: "The Worker ended: " + err.Error()}
}
