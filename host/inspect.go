package host

import (
	"context"

	"github.com/cairn-dev/cairn/host/admin"
	"github.com/cairn-dev/cairn/host/release"
)

// Releases are what the scripts run, and the way to deploy.
func (r *Runtime) Releases() *release.Releases { return r.releases }

// Admin returns the runtime as the admin listener sees it.
func (r *Runtime) Admin() admin.Host { return admin.NewHost(r.rooms()) }

func (r *Runtime) rooms() admin.Rooms {
	return admin.Rooms{App: &r.app, Releases: r.releases, Workers: r.workers, Objects: r.objects,
		Alarms: r.alarms, Engine: r.engine, Store: r.store, Account: r.account}
}

// Modules returns how many versions hold compiled code, and how many instances
// there are of all of them.
func (r *Runtime) Modules() (versions, instances int) {
	return r.engine.Images(), r.engine.Instances()
}

// RunAlarms runs every alarm that is due by the clock, and returns how many runs
// have ended, once none is left. It may be called beside what runs them anyway.
func (r *Runtime) RunAlarms(ctx context.Context) (int, error) { return r.alarms.RunDue(ctx) }
