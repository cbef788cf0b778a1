package object

import (
	"sync/atomic"
	"time"

	"github.com/cairn-dev/cairn/host/module"
	"github.com/cairn-dev/cairn/host/storage"
)

// Env is what a script's guests can reach: capabilities by name.
type Env struct {
	Script   string
	Vars     map[string][]byte     // JSON
	Bindings map[string]*Namespace // by the binding's name
	CPULimit time.Duration         // of one entry into a guest
	Outbound Outbound              // nil: guests may send nothing out of the host
}

// Outbound sends requests of guests out of the host.
type Outbound interface {
	// Fetch waits until the log is durable up to seq, sends a wire.Request, and
	// appends the wire.Response to dst.
	Fetch(seq storage.Seq, request, dst []byte) ([]byte, error)
}

// Namespace is all objects of one class.
type Namespace struct {
	Number uint32 // names it in the store
	Class  string
	env    *Env // of the script that has the class

	key     idKey
	version atomic.Pointer[module.Version]
}

// NewNamespace makes the namespace of a class. Its unique key is what its IDs
// derive from: whoever changes it loses the objects.
func NewNamespace(number uint32, class, uniqueKey string, env *Env, v *module.Version) *Namespace {
	n := &Namespace{Number: number, Class: class, env: env, key: newIDKey(uniqueKey)}
	n.version.Store(v)
	return n
}

// Version returns what new activations run.
func (n *Namespace) Version() *module.Version { return n.version.Load() }
