package host

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"path/filepath"
	"sync"
	"time"

	"github.com/cairn-dev/cairn/host/account"
	"github.com/cairn-dev/cairn/host/alarm"
	"github.com/cairn-dev/cairn/host/app"
	"github.com/cairn-dev/cairn/host/event"
	"github.com/cairn-dev/cairn/host/gate"
	"github.com/cairn-dev/cairn/host/hostfunc"
	"github.com/cairn-dev/cairn/host/ingress"
	"github.com/cairn-dev/cairn/host/internal/contain"
	"github.com/cairn-dev/cairn/host/module"
	"github.com/cairn-dev/cairn/host/object"
	"github.com/cairn-dev/cairn/host/observe"
	"github.com/cairn-dev/cairn/host/outbound"
	"github.com/cairn-dev/cairn/host/release"
	"github.com/cairn-dev/cairn/host/router"
	"github.com/cairn-dev/cairn/host/storage"
	"github.com/cairn-dev/cairn/host/worker"
)

// Runtime is a running app.
type Runtime struct {
	options  Options
	log      *slog.Logger // options.Logger with a guard before it, for the rooms
	metrics  *observe.Metrics
	account  *account.Account
	store    *storage.Store
	gate     *gate.Gate
	engine   *module.Engine
	releases *release.Releases
	app      app.App // what calls see of the releases
	workers  *worker.Workers
	objects  *object.Objects
	alarms   *alarm.Scheduler
	outbound *outbound.Client // nil where no host is allowed
	sender   event.Sender
	server   *ingress.Server

	// recorded is when what Start wrote is durable.
	recorded storage.Seq

	started    chan struct{} // closed when Start returns
	background sync.WaitGroup
	running    context.Context // until Shutdown
	stop       context.CancelFunc
}

// Start makes everything ready to Serve. What can fail without the store comes
// before the store is opened, what can fail without a change of it before the
// change: the modules are built, the store is opened, the rooms are connected, and
// last what the scripts are to run is released, see release.Releases.Start. What it opened before
// a failure is closed again, and the store says what it said.
func Start(ctx context.Context, o Options) (_ *Runtime, err error) {
	if err := o.validate(); err != nil {
		return nil, err
	}
	if err := outbound.Check(o.AllowHosts); err != nil {
		return nil, err
	}
	r := &Runtime{options: o, account: account.New(o.MemoryBudget), started: make(chan struct{})}
	guard := observe.NewGuard(o.Logger.Handler())
	r.log, r.metrics = slog.New(guard), observe.New(guard)
	cache, memTable := r.storeMemory()
	defer close(r.started)
	defer func() {
		if err != nil {
			r.close(context.WithoutCancel(ctx)) // nothing runs yet that would take time
		}
	}()
	if r.engine, err = module.NewEngine(ctx, module.Options{
		System: hostfunc.System{
			Now: o.Now, Random: o.Random, Wrap: o.WrapImports, Enter: o.EnterExports,
		},
		MemoryLimit: o.MemoryLimit, Account: r.account, Compiler: o.Compiler, CacheDir: o.CacheDir,
		Interpreter: o.Interpreter, NoImages: o.NoImages, Swapped: r.onSwap(), Logger: r.log,
	}); err != nil {
		return nil, err
	}
	scripts := o.scripts()
	if err := release.Build(ctx, scripts, filepath.Join(o.DataDir, "build"), o.Logger); err != nil {
		return nil, err
	}
	if r.store, err = storage.Open(filepath.Join(o.DataDir, "store"), storage.Options{
		FS: o.FS, Logger: r.log, WrapLog: r.wrapLog,
		CacheBytes: cache, MemTableBytes: memTable, Account: r.account,
	}); err != nil {
		return nil, err
	}
	if err := r.connect(); err != nil {
		return nil, err
	}
	if r.recorded, err = r.releases.Start(ctx, scripts); err != nil {
		return nil, err
	}
	r.rooms().Gauges(r.metrics)
	r.begun(ctx)
	return r, nil
}

// connect makes the rooms, bottom up. Nothing runs in them yet.
func (r *Runtime) connect() (err error) {
	o := &r.options
	r.gate = gate.New(r.store.Wait, o.Placement)
	var out app.Outbound // none, which a nil *outbound.Client in it would not be
	if len(o.AllowHosts) > 0 {
		if r.outbound, err = outbound.New(outbound.Options{
			Gate: r.gate, Allow: o.AllowHosts, Logger: r.log,
		}); err != nil {
			return err
		}
		out = countedOutbound{r.outbound, r.metrics}
	}
	route := &router.Router{Placement: o.Placement}
	r.sender = object.Counted(&r.app, route)
	r.objects = object.New(object.Options{
		App: &r.app, Store: r.store, Random: o.Random, Residents: o.Residents,
		EvictIdle: o.EvictIdle, Account: r.account, Now: o.Now, Clock: o.Clock, Logger: r.log,
	}, r.sender)
	route.Local = r.objects
	r.releases = release.New(release.Options{
		App: &r.app, Store: r.store, Gate: r.gate, Engine: r.engine, Objects: r.objects,
		Outbound: out, Metrics: r.metrics, Routes: o.Routes, CPULimit: o.CPULimit,
		Draft: o.Draft, PruneCache: o.PruneCache, Now: o.Now, Logger: o.Logger, Guests: r.log,
	})
	r.workers = worker.New(worker.Options{
		Sender: r.sender, Random: o.Random, Clock: o.Clock, MaxBusy: o.MaxBusy,
	})
	r.server = ingress.New(ingress.Options{
		Answered: o.Answered,
		App:      &r.app, Workers: r.workers, Sender: r.sender, Gate: r.gate, Account: r.account,
		TrustProxies: o.TrustProxies, Limits: o.Limits, Logger: r.log,
	})
	r.alarms = alarm.New(alarm.Options{
		Store: r.store, Deliver: r.wake, Random: o.Random, Clock: o.Clock, Logger: r.log,
	})
	return nil
}

// onSwap is the engine's option: only drafts are interpreted first.
func (r *Runtime) onSwap() func(*module.Code) {
	if !r.options.Draft {
		return nil
	}
	return func(c *module.Code) {
		<-r.started
		if r.releases != nil { // nil after a start that failed
			r.releases.Swapped(c)
		}
	}
}

// begun starts what runs beside the requests.
func (r *Runtime) begun(ctx context.Context) {
	r.running, r.stop = context.WithCancel(context.WithoutCancel(ctx))
	r.tend("the eviction of objects", r.objects.Sweep)
	r.tend("the trimming of instances", r.trim)
	r.tend("the relief of memory", r.relieve)
	r.tend("the scheduling of alarms", r.alarms.Run)
}

// tend runs a part of the housekeeping until Shutdown, anew if it fails an
// assertion: without it the node would live on and fill up.
func (r *Runtime) tend(what string, run func(context.Context)) {
	r.background.Go(func() {
		for !contain.Run(r.log, what, func() { run(r.running) }) {
			select { // so that one that fails at once does not spin
			case <-r.running.Done():
				return
			case <-time.After(time.Second):
			}
		}
	})
}

// trim gives back instances that were needed for a burst, until ctx is done.
func (r *Runtime) trim(ctx context.Context) {
	ticker := time.NewTicker(time.Second)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
			for _, s := range r.app.Serving().Scripts {
				for _, v := range s.Versions() {
					v.Program.Trim()
				}
			}
		}
	}
}

// Recorded returns when what Start wrote is durable: the versions and the migrations
// that it serves with. The wait is not in Start, since a test that moves the log by
// hand has it only after Start.
func (r *Runtime) Recorded(ctx context.Context) error {
	if err := r.store.Wait(ctx, r.recorded); err != nil {
		return fmt.Errorf("apply migrations: %w", err)
	}
	return nil
}

// Serve answers requests of the listener until Shutdown, and nobody before
// Recorded. It returns, with storage.ErrReplaced, when the store's folder is another:
// the host has to be shut down.
func (r *Runtime) Serve(l net.Listener) error {
	if err := r.Recorded(r.running); err != nil && r.running.Err() == nil {
		return errors.Join(err, l.Close())
	}
	served := make(chan error, 1)
	go func() { served <- r.server.Serve(l) }()
	select {
	case err := <-served:
		return err
	case <-r.store.Replaced():
		return r.store.Log().Err()
	}
}

// Drain accepts nothing more, lets running requests finish, and ends their connections.
// Everything else goes on until Shutdown, which drains as well.
func (r *Runtime) Drain(ctx context.Context) error { return r.server.Shutdown(ctx) }

// Shutdown accepts nothing more, lets running calls finish, and closes the
// store once everything is durable. When ctx is done before, it gives up
// waiting, and what was answered is durable all the same; what the calls stand
// on, their guests' memory and the store, stays until the process ends.
func (r *Runtime) Shutdown(ctx context.Context) error {
	if err := r.Drain(ctx); err != nil {
		return err
	}
	return r.close(ctx)
}

func (r *Runtime) close(ctx context.Context) error {
	if r.stop != nil {
		r.stop()
		r.background.Wait()
	}
	if r.releases != nil { // nil after a start that failed, as what follows
		r.releases.Stop()
	}
	var errs []error
	if r.alarms != nil {
		errs = append(errs, r.alarms.Stop(ctx))
	}
	if r.outbound != nil {
		r.outbound.Close() // after Stop: a handler may be waiting for an answer
	}
	if r.workers != nil {
		errs = append(errs, r.workers.Close(ctx))
	}
	if r.objects != nil {
		errs = append(errs, r.objects.Close(ctx))
	}
	if err := errors.Join(errs...); err != nil {
		return err // a guest still runs: what it stands on stays
	}
	// An engine that is closed under its compiler panics, so one that is still at
	// work when ctx is done is left to the end of the process.
	atRest := r.releases == nil || r.releases.Close(ctx)
	if r.engine != nil && atRest {
		errs = append(errs, r.engine.Close(ctx))
	}
	if r.store != nil {
		errs = append(errs, r.store.Close())
	}
	return errors.Join(errs...)
}
