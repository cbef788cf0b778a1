package object

import (
	"encoding/binary"
	"log/slog"
	"sync/atomic"
	"time"

	"github.com/cairn-dev/cairn/abi"
	"github.com/cairn-dev/cairn/host/gate"
	"github.com/cairn-dev/cairn/host/module"
	"github.com/cairn-dev/cairn/host/observe"
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

// Version is a version of a script: a module, and what its guests can reach.
type Version struct {
	Number int
	Module *module.Version
	Reach
	// Logger is where its guests log, with script and version attached.
	Logger *slog.Logger
	// Counts are the script's. Default none.
	Counts *observe.Script
}

// Reach is what guests can reach: capabilities by name.
type Reach struct {
	Vars      map[string][]byte     // JSON
	Bindings  map[string]*Namespace // by the binding's name
	CPULimit  time.Duration         // of one entry into a guest
	CallLimit int                   // of one event, see Budget; 0 is MaxCalls
	Outbound  Outbound              // nil: guests may send nothing out of the host
}

// Outbound sends requests of guests out of the host.
type Outbound interface {
	// Fetch waits at the gate with what the request could tell of, sends a
	// wire.Request, and appends the wire.Response to dst.
	Fetch(seen gate.Mark, request, dst []byte) ([]byte, error)
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
func (s *Script) HasWorker() bool { return s.Stable.Module.HasWorker() }

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

// module returns what a call to the activation would run that begins now; nil if
// a migration has deleted its class.
func (a *Activation) module() *module.Version {
	c := a.objects.options.App.Serving().Classes[a.address.Namespace.Number]
	if c == nil {
		return nil
	}
	return c.Script.ForObject(a.address.ID).Module
}

// stale reports whether the activation's memory is of another module than the
// one given. It belongs to the innermost entry, or to whoever holds mu while
// there is none.
func (a *Activation) stale(m *module.Version) bool {
	switch {
	case a.instance != nil:
		return a.instance.Version() != m
	case a.suspended != nil:
		return a.suspended.Version() != m
	}
	return false
}

// renew takes away what a call that begins now could not use: memory of another
// module, which is forgotten, and an instance that runs code which was swapped for
// faster, whose memory is set aside. mu must be held, and nothing may have run
// since the object was idle.
func (a *Activation) renew(m *module.Version) {
	switch {
	case a.stale(m):
		a.forget()
	case a.outdated():
		a.objects.live.remove(a)
		if instance := a.suspend(); instance != nil {
			instance.Version().Release(instance)
		}
	}
}

// outdated reports whether the activation's instance runs code that was swapped,
// and can be given up. It belongs to whom stale does.
func (a *Activation) outdated() bool {
	return a.instance != nil && !a.instance.Current() && a.hasImage()
}

// Refresh makes idle objects whose version is no longer what they run forget
// their memory, so that the old version can be given back, and those whose code was
// swapped give up their instance. Busy ones do so at their next call.
func (o *Objects) Refresh() {
	for i := range o.shards {
		s := &o.shards[i]
		s.mu.RLock()
		for _, a := range s.activations {
			a.mu.Lock()
			if a.top == nil && a.mailbox.len() == 0 {
				a.renew(a.module())
			}
			a.mu.Unlock()
		}
		s.mu.RUnlock()
	}
}
