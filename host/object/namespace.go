package object

import (
	"sync/atomic"
	"time"

	"github.com/cairn-dev/cairn/host/storage"
)

// Env is a script: what it runs, and what its guests can reach. Both change
// when it is deployed anew; a call keeps what it began with.
type Env struct {
	Script   string
	Releases Releases

	reach atomic.Pointer[Reach]
}

// Reach is what a script's guests can reach: capabilities by name.
type Reach struct {
	Vars     map[string][]byte     // JSON
	Bindings map[string]*Namespace // by the binding's name
	CPULimit time.Duration         // of one entry into a guest
	Outbound Outbound              // nil: guests may send nothing out of the host
}

// Reach returns what guests can reach now. It is not written to.
func (e *Env) Reach() *Reach { return e.reach.Load() }

// SetReach changes what guests can reach from the next call on.
func (e *Env) SetReach(r Reach) { e.reach.Store(&r) }

// Outbound sends requests of guests out of the host.
type Outbound interface {
	// Fetch waits until the log is durable up to seq, sends a wire.Request, and
	// appends the wire.Response to dst.
	Fetch(seq storage.Seq, request, dst []byte) ([]byte, error)
}

// Namespace is all objects of one class. It outlives what a migration does to
// the class: its name, and which script has it.
type Namespace struct {
	Number uint32 // names it in the store

	key   idKey
	owner atomic.Pointer[owner]
}

// owner is the class that a namespace is.
type owner struct {
	class string
	env   *Env
}

// NewNamespace makes the namespace of a class of the script env. Its unique key
// is what its IDs derive from: whoever changes it loses the objects.
func NewNamespace(number uint32, class, uniqueKey string, env *Env) *Namespace {
	n := &Namespace{Number: number, key: newIDKey(uniqueKey)}
	n.Assign(class, env)
	return n
}

// Assign says which class of which script the namespace is from now on.
func (n *Namespace) Assign(class string, env *Env) { n.owner.Store(&owner{class, env}) }

// Class returns the name of the namespace's class.
func (n *Namespace) Class() string { return n.owner.Load().class }

// Env returns the script that has the namespace's class.
func (n *Namespace) Env() *Env { return n.owner.Load().env }
