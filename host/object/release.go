package object

import (
	"encoding/binary"
	"sync/atomic"

	"github.com/cairn-dev/cairn/abi"
	"github.com/cairn-dev/cairn/host/module"
)

// Release is what a script runs: one version, or two while the next one takes
// only a share.
type Release struct {
	Stable  *module.Version
	Next    *module.Version // nil: Stable takes all
	Percent int             // of the objects, and of requests to the Worker, that Next takes
}

// Releases is the release of a script, which changes while it runs.
type Releases struct{ current atomic.Pointer[Release] }

// Set makes r what the script runs from now on. Running calls end under what
// they began with.
func (r *Releases) Set(release Release) { r.current.Store(&release) }

// Get returns what the script runs.
func (r *Releases) Get() Release { return *r.current.Load() }

// ForObject returns the version that an object runs. It depends on the ID
// alone, so that an object is on one version at a time, after a restart too.
func (r *Releases) ForObject(id abi.ID) *module.Version {
	return r.pick(binary.LittleEndian.Uint32(id[8:]))
}

// ForRequest returns the version that a request to the Worker runs, by lot.
func (r *Releases) ForRequest(lot uint32) *module.Version { return r.pick(lot) }

func (r *Releases) pick(lot uint32) *module.Version {
	c := r.current.Load()
	if c.Next != nil && int(lot%100) < c.Percent {
		return c.Next
	}
	return c.Stable
}

// version returns what the activation's next call runs.
func (a *Activation) version() *module.Version {
	return a.address.Namespace.Env().Releases.ForObject(a.address.ID)
}

// stale reports whether the activation's memory is another version's than its
// next call runs. It belongs to the innermost entry, or to whoever holds mu
// while there is none.
func (a *Activation) stale() bool {
	switch {
	case a.instance != nil:
		return a.instance.Version() != a.version()
	case a.suspended != nil:
		return a.suspended.Version() != a.version()
	}
	return false
}

// Refresh makes idle objects whose version is no longer what they run forget
// their memory, so that the old version can be given back. Busy ones do so at
// their next call.
func (o *Objects) Refresh() {
	for i := range o.shards {
		s := &o.shards[i]
		s.mu.RLock()
		for _, a := range s.activations {
			a.mu.Lock()
			if a.top == nil && a.mailbox.len() == 0 && a.stale() {
				a.forget()
			}
			a.mu.Unlock()
		}
		s.mu.RUnlock()
	}
}
