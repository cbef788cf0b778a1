package object

import (
	"github.com/cairn-dev/cairn/abi"
	"github.com/cairn-dev/cairn/abi/wire"
	"github.com/cairn-dev/cairn/host/app"
	"github.com/cairn-dev/cairn/host/event"
	"github.com/cairn-dev/cairn/host/gate"
	"github.com/cairn-dev/cairn/host/hostfunc"
	"github.com/cairn-dev/cairn/host/internal/clock"
)

// Guest is what every guest may ask of its host, objects and Workers alike:
// variables, IDs, calls to objects. Both embed it.
type Guest struct {
	Version *app.Version // the one that the guest runs, set for each call
	Sender  event.Sender
	Random  func([]byte)
	Clock   clock.Clock

	// Seen is what the guest could tell of.
	Seen gate.Mark
	// Caller is the guest to whom it calls.
	Caller event.Caller
	// Budget is that of the event which the guest runs for.
	Budget *event.Budget

	input   []byte      // a wire.Call on its way out, a buffer of this Guest
	out     event.Event // what is on its way out
	outEdge edge        // of out, if an object makes it
}

// Call sends a call of a method from the guest.
func (g *Guest) Call(t hostfunc.Target, method, args, dst []byte) ([]byte, error) {
	to, err := g.address(t)
	if err != nil {
		return nil, err
	}
	g.input = wire.AppendCall(g.input[:0], method, args)
	return g.send(to, event.Call, dst)
}

// Fetch sends a request from the guest.
func (g *Guest) Fetch(t hostfunc.Target, request, dst []byte) ([]byte, error) {
	to, err := g.address(t)
	if err != nil {
		return nil, err
	}
	var check wire.Request
	if wire.DecodeRequest(request, &check) != nil {
		return nil, hostfunc.ErrInvalid
	}
	g.input = append(g.input[:0], request...) // memory may grow while it runs
	return g.send(to, event.Fetch, dst)
}

// address finds the object that a target names.
func (g *Guest) address(t hostfunc.Target) (event.Address, error) {
	to, err := g.Version.Address(t.Binding, t.Kind, t.Object)
	if err == app.ErrNoBinding {
		err = hostfunc.ErrNotFound
	}
	return to, err
}

// send sends what is in g.input.
func (g *Guest) send(to event.Address, kind event.Kind, dst []byte) ([]byte, error) {
	if err := g.maySend(); err != nil {
		return nil, err
	}
	g.out = event.Event{To: to, Kind: kind, Input: g.input, Seen: g.Seen,
		Request: g.Budget.Request(), From: &g.Caller}
	reply, err := g.Sender.Send(g.Budget, &g.out, dst)
	g.Seen = g.Seen.Join(reply.Seen)
	return reply.Output, err
}

// maySend returns why the guest may call nobody, nil if it may.
func (g *Guest) maySend() error {
	if g.Caller.Depth >= abi.MaxCallDepth {
		return event.ErrTooDeep
	}
	return g.Budget.Spend()
}

// Deadline is when everything ends that runs on behalf of the guest's event.
func (g *Guest) Deadline() hostfunc.Deadline {
	ends, _ := g.Budget.Deadline()
	return hostfunc.Deadline{Clock: g.Clock, Time: ends, Err: event.ErrEventLong}
}

// Reuse lets go of buffers that one large message has grown.
func (g *Guest) Reuse() {
	const keepBytes = 64 << 10
	if cap(g.input) > keepBytes {
		g.input = nil
	}
}
