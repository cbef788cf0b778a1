package object

import (
	"log/slog"

	"github.com/cairn-dev/cairn/abi"
	"github.com/cairn-dev/cairn/abi/wire"
	"github.com/cairn-dev/cairn/host/gate"
	"github.com/cairn-dev/cairn/host/hostfunc"
	"github.com/cairn-dev/cairn/host/module"
)

// Guest is what every guest may ask of its host, objects and Workers alike:
// variables, IDs, calls to objects. Both embed it.
type Guest struct {
	hostfunc.Forbidden

	Version *Version // that it runs, set for each call
	Sender  Sender
	Random  func([]byte)
	Clock   hostfunc.Clock
	Logger  *slog.Logger // with what runs attached

	// Seen is what the guest could tell of.
	Seen gate.Mark
	// Depth counts the guests in the chain of calls, this one included.
	Depth int
	// Budget is that of the event which the guest runs for.
	Budget *Budget

	input   []byte  // a wire.Call on its way out, a buffer of this Guest
	request Request // that is on its way out
}

// EnvGet implements hostfunc.Host.
func (g *Guest) EnvGet(name []byte) ([]byte, bool) {
	value, ok := g.Version.Vars[string(name)]
	return value, ok
}

// IDFromName implements hostfunc.Host.
func (g *Guest) IDFromName(binding, name []byte) (abi.ID, error) {
	n, ok := g.Version.Bindings[string(binding)]
	if !ok {
		return abi.ID{}, hostfunc.ErrNotFound
	}
	return n.IDFromName(name), nil
}

// IDParse implements hostfunc.Host.
func (g *Guest) IDParse(binding, hex []byte) (abi.ID, error) {
	n, ok := g.Version.Bindings[string(binding)]
	if !ok {
		return abi.ID{}, hostfunc.ErrNotFound
	}
	return n.ParseID(hex)
}

// IDNew implements hostfunc.Host.
func (g *Guest) IDNew(binding []byte) (abi.ID, error) {
	n, ok := g.Version.Bindings[string(binding)]
	if !ok {
		return abi.ID{}, hostfunc.ErrNotFound
	}
	var random [16]byte
	g.Random(random[:])
	return n.IDNew(random), nil
}

// Address finds the object that a target names.
func (r *Reach) Address(t hostfunc.Target) (Address, error) {
	n, ok := r.Bindings[string(t.Binding)]
	if !ok {
		return Address{}, hostfunc.ErrNotFound
	}
	to := Address{Namespace: n}
	if t.Kind == abi.TargetID {
		to.ID = abi.ID(t.Object)
		return to, n.check(to.ID)
	}
	to.ID, to.Named = n.IDFromName(t.Object), true
	if len(t.Object) <= abi.MaxNameBytes {
		to.Name = string(t.Object)
	} else {
		to.Named = false // as upstream: such an object is not told its name
	}
	return to, nil
}

// Call sends a call of a method from the guest; from is nil in a Worker.
func (g *Guest) Call(from *Activation, t hostfunc.Target, method, args, dst []byte) ([]byte, error) {
	to, err := g.Version.Address(t)
	if err != nil {
		return nil, err
	}
	g.input = wire.AppendCall(g.input[:0], method, args)
	return g.send(from, to, module.ObjectCall, g.input, dst)
}

// Fetch sends a request from the guest; from is nil in a Worker.
func (g *Guest) Fetch(from *Activation, t hostfunc.Target, request, dst []byte) ([]byte, error) {
	to, err := g.Version.Address(t)
	if err != nil {
		return nil, err
	}
	var check wire.Request
	if wire.DecodeRequest(request, &check) != nil {
		return nil, hostfunc.ErrInvalid
	}
	g.input = append(g.input[:0], request...) // memory may grow while it runs
	return g.send(from, to, module.ObjectFetch, g.input, dst)
}

func (g *Guest) send(from *Activation, to Address, e module.Export, input, dst []byte) ([]byte, error) {
	if g.Depth >= abi.MaxCallDepth {
		return nil, errTooDeep
	}
	if err := g.Budget.Spend(g.Clock.Now()); err != nil {
		return nil, err
	}
	g.request = Request{To: to, Export: e, Input: input, Seen: g.Seen, Depth: g.Depth, Budget: g.Budget, From: from}
	reply, err := g.Sender.Send(&g.request, dst)
	g.Seen = g.Seen.Join(reply.Seen)
	return reply.Output, err
}

// FetchSend sends a request out of the host, once everything that the guest
// has seen is durable: the outside must not learn what could be lost.
func (g *Guest) FetchSend(request, dst []byte) ([]byte, error) {
	outbound := g.Version.Outbound
	if outbound == nil {
		return nil, errNoOutbound
	}
	if g.Depth >= abi.MaxCallDepth {
		return nil, errTooDeep
	}
	if err := g.Budget.Spend(g.Clock.Now()); err != nil {
		return nil, err
	}
	g.input = append(g.input[:0], request...) // memory may grow while it runs
	return outbound.Fetch(g.Seen, g.input, dst)
}

// Reuse lets go of buffers that one large message has grown.
func (g *Guest) Reuse() {
	const keepBytes = 64 << 10
	if cap(g.input) > keepBytes {
		g.input = nil
	}
}

// Log implements hostfunc.Host.
func (g *Guest) Log(level int32, text, attrs []byte) {
	g.Version.Counts.Log(g.Logger, level, text, attrs)
}
