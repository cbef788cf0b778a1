package object

import "github.com/cairn-dev/cairn/host/program"

// program returns what a call to the activation would run that begins now; nil if
// a migration has deleted its class.
func (a *Activation) program() program.Program {
	c := a.objects.options.App.Serving().Classes[a.address.Namespace]
	if c == nil {
		return nil
	}
	return c.Script.ForObject(a.address.ID).Program
}

// stale reports whether the activation's memory is of another program than the
// one given. It belongs to the innermost entry, or to whoever holds mu while
// there is none.
func (a *Activation) stale(p program.Program) bool {
	switch {
	case a.instance != nil:
		return a.instance.Program() != p
	case a.suspended != nil:
		return a.suspended.Program() != p
	}
	return false
}

// renewLocked takes away what a call that begins now could not use: memory of another
// program, which is forgotten, and an instance that runs code which was swapped for
// faster, whose memory is set aside. Nothing may have run since the object was idle.
func (a *Activation) renewLocked(p program.Program) {
	switch {
	case a.stale(p):
		a.forgetLocked()
	case a.outdated():
		a.objects.live.remove(a)
		if instance := a.setAsideLocked(); instance != nil {
			instance.Release()
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
			a.refresh()
		}
		s.mu.RUnlock()
	}
}

// refresh is Refresh for one object.
func (a *Activation) refresh() {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.restsLocked() {
		a.renewLocked(a.program())
		a.restLocked()
	}
}
