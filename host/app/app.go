package app

import (
	"context"
	"encoding/binary"
	"errors"
	"log/slog"
	"sync/atomic"
	"time"

	"github.com/cairn-dev/cairn/abi"
	"github.com/cairn-dev/cairn/host/event"
	"github.com/cairn-dev/cairn/host/gate"
	"github.com/cairn-dev/cairn/host/observe"
	"github.com/cairn-dev/cairn/host/program"
)

// App is what a host serves: all its scripts, which are bound to each other's
// classes and so change as one. Nobody sees half of a deploy.
type App struct{ serving atomic.Pointer[Serving] }

// Serve makes s what calls begin with from now on. Those that run keep what they
// began with.
func (a *App) Serve(s *Serving) { a.serving.Store(s) }

// Serving returns what a call begins with now; nil before the first Serve.
func (a *App) Serving() *Serving { return a.serving.Load() }

// Serving is what an app is at one moment. It is not written to.
type Serving struct {
	Scripts []*Script         // the first is the public one
	Classes map[uint32]*Class // by the number of their namespace
	Routes  *Routes           // to the scripts; nil: every request is for the first
}

// Script is what a script runs: one version, or two while the next one takes
// only a share.
type Script struct {
	Name    string
	Stable  *Version
	Next    *Version        // nil: Stable takes all
	Percent int             // of the objects, and of requests to the Worker, that Next takes
	Counts  *observe.Script // Default none.
}

// Version is a version of a script: a program, and what its guests can reach.
type Version struct {
	Number  int
	Program program.Program
	Reach
	// Logger is where its guests log, with script and version attached.
	Logger *slog.Logger
	// Counts are the script's. Default none.
	Counts *observe.Script
}

// Reach is what guests can reach: capabilities by name.
type Reach struct {
	Vars      map[string][]byte     // JSON
	Bindings  map[string]Capability // by the binding's name
	CPULimit  time.Duration         // of one entry into a guest
	CallLimit int                   // of one event, see event.Budget; 0 is event.MaxCalls
	Outbound  Outbound              // nil: guests may send nothing out of the host
}

// Capability is what a binding lets a guest reach. A *Namespace is one; what a guest does
// with a binding says which kind it must be.
type Capability interface {
	// Kind names the kind in messages: "durable object namespace".
	Kind() string
}

// ErrNoBinding says that a version has no binding of a name, or one of another kind.
var ErrNoBinding = errors.New("app: no such binding")

// Namespace returns the namespace that a binding names. The error is ErrNoBinding.
func (r *Reach) Namespace(binding []byte) (*Namespace, error) {
	n, ok := r.Bindings[string(binding)].(*Namespace)
	if !ok {
		return nil, ErrNoBinding
	}
	return n, nil
}

// Address finds the object that a guest means by a name or an ID in a namespace that it
// is bound to; kind is abi.TargetName or abi.TargetID. The error is ErrNoBinding, or
// what the guest is told.
func (r *Reach) Address(binding []byte, kind uint32, object []byte) (event.Address, error) {
	n, err := r.Namespace(binding)
	if err != nil {
		return event.Address{}, err
	}
	if kind == abi.TargetID {
		id := abi.ID(object)
		return event.Address{Namespace: n.Number, ID: id}, n.check(id)
	}
	return n.Named(object), nil
}

// Outbound sends requests of guests out of the host.
type Outbound interface {
	// Fetch waits at the gate with what the request could tell of, sends a
	// wire.Request, and appends the wire.Response to dst. ctx ends the wait.
	Fetch(ctx context.Context, seen gate.Mark, request, dst []byte) ([]byte, error)
}

// Class is what the objects of a namespace are: a class of a script.
type Class struct {
	Name      string
	Namespace *Namespace
	Script    *Script
}

// Namespace is all objects of one class. It outlives what a migration does to
// the class: its name, and which script has it.
type Namespace struct {
	Number uint32 // names it in the store

	key    idKey
	counts atomic.Pointer[observe.Class]
}

// NewNamespace makes a namespace. Its unique key is what its IDs derive from:
// whoever changes it loses the objects.
func NewNamespace(number uint32, uniqueKey string) *Namespace {
	return &Namespace{Number: number, key: newIDKey(uniqueKey)}
}

// Kind implements Capability.
func (n *Namespace) Kind() string { return "durable object namespace" }

// Named returns the address of the object that has a name. As upstream, an object is not
// told a name that is too long.
func (n *Namespace) Named(name []byte) event.Address {
	to := event.Address{Namespace: n.Number, ID: n.IDFromName(name)}
	if len(name) <= abi.MaxNameBytes {
		to.Name, to.Named = string(name), true
	}
	return to
}

// Count lets c count what happens to the namespace's objects from now on: a
// migration can give a namespace to another class.
func (n *Namespace) Count(c *observe.Class) { n.counts.Store(c) }

// Counts returns what counts what happens to the objects of a namespace; nil, which
// counts nothing, if it is none of the app's.
func (s *Serving) Counts(namespace uint32) *observe.Class {
	c := s.Classes[namespace]
	if c == nil {
		return nil
	}
	return c.Namespace.counts.Load()
}

// Public returns the script that answers requests of the public listener which no
// route gives to another.
func (s *Serving) Public() *Script { return s.Scripts[0] }

// For returns the script that answers a request, see Routes.Match.
func (s *Serving) For(host, target []byte) *Script {
	if s.Routes != nil {
		if script := s.Routes.Match(host, target); script != nil {
			return script
		}
	}
	return s.Public()
}

// HasWorker reports whether the script answers requests: two versions beside
// each other both do or both do not.
func (s *Script) HasWorker() bool { return s.Stable.Program.HasWorker() }

// Versions returns those that run.
func (s *Script) Versions() []*Version {
	if s.Next == nil {
		return []*Version{s.Stable}
	}
	return []*Version{s.Stable, s.Next}
}

// ForObject returns the version that an object runs. It depends on the ID
// alone, so that an object is on one version at a time, after a restart too.
func (s *Script) ForObject(id abi.ID) *Version {
	return s.pick(binary.LittleEndian.Uint32(id[8:]))
}

// ForRequest returns the version that a request to the Worker runs, by lot.
func (s *Script) ForRequest(lot uint32) *Version { return s.pick(lot) }

func (s *Script) pick(lot uint32) *Version {
	if s.Next != nil && int(lot%100) < s.Percent {
		return s.Next
	}
	return s.Stable
}
