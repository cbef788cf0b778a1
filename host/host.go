package host

import (
	"context"
	"errors"
	"fmt"
	"net"
	"path/filepath"
	"sync"

	"github.com/cairn-dev/cairn/host/build"
	"github.com/cairn-dev/cairn/host/hostfunc"
	"github.com/cairn-dev/cairn/host/ingress"
	"github.com/cairn-dev/cairn/host/module"
	"github.com/cairn-dev/cairn/host/object"
	"github.com/cairn-dev/cairn/host/placement"
	"github.com/cairn-dev/cairn/host/router"
	"github.com/cairn-dev/cairn/host/storage"
	"github.com/cairn-dev/cairn/host/worker"
)

// Runtime is a running app.
type Runtime struct {
	options Options
	store   *storage.Store
	engine  *module.Engine
	version *module.Version
	objects *object.Objects
	server  *ingress.Server

	background sync.WaitGroup
	stop       context.CancelFunc
}

// Start opens the store, compiles the app's module, and makes everything ready
// to Serve. What it opened before a failure is closed again.
func Start(ctx context.Context, o Options) (_ *Runtime, err error) {
	if err := o.validate(); err != nil {
		return nil, err
	}
	r := &Runtime{options: o}
	defer func() {
		if err != nil {
			r.close(ctx)
		}
	}()
	if r.store, err = storage.Open(filepath.Join(o.DataDir, "store"), storage.Options{
		FS: o.FS, Logger: o.Logger, WrapLog: o.WrapLog,
	}); err != nil {
		return nil, err
	}
	if r.engine, err = module.NewEngine(ctx, module.Options{
		System:      hostfunc.System{Now: o.Now, Random: o.Random},
		MemoryLimit: o.MemoryLimit, CacheDir: o.CacheDir,
		Interpreter: o.Interpreter, NoImages: o.NoImages, Logger: o.Logger,
	}); err != nil {
		return nil, err
	}
	if err := r.load(ctx); err != nil {
		return nil, err
	}
	return r, nil
}

// load compiles the app and connects the rooms, bottom up.
func (r *Runtime) load(ctx context.Context) error {
	o := &r.options
	wasm := o.Wasm
	if wasm == nil {
		var err error
		scratch := filepath.Join(o.DataDir, "build", o.Config.Name)
		if wasm, err = build.Main(ctx, o.Config.MainPath(), scratch); err != nil {
			return err
		}
	}
	var err error
	if r.version, err = r.engine.Compile(ctx, wasm); err != nil {
		return fmt.Errorf("%s: %w", o.Config.Main, err)
	}
	env, err := newEnv(r.store, o, r.version)
	if err != nil {
		return err
	}
	route := &router.Router{Placement: placement.Local{}}
	r.objects = object.New(object.Options{
		Store: r.store, Random: o.Random, Residents: o.Residents, EvictIdle: o.EvictIdle, Logger: o.Logger,
	}, route)
	route.Local = r.objects
	var w *worker.Worker
	if r.version.HasWorker() {
		w = worker.New(r.version, worker.Options{
			Env: env, Sender: route, Random: o.Random, Logger: o.Logger.With("worker", env.Script),
		})
	}
	r.server = ingress.New(ingress.Options{
		Worker: w, Bindings: env.Bindings, Sender: route, Log: r.store.Log(), Logger: o.Logger,
	})
	background, stop := context.WithCancel(context.WithoutCancel(ctx))
	r.stop = stop
	r.background.Go(func() { r.objects.Sweep(background) })
	return nil
}

// Serve answers requests of the listener until Shutdown.
func (r *Runtime) Serve(l net.Listener) error { return r.server.Serve(l) }

// Shutdown accepts nothing more, lets running calls finish, and closes the
// store once everything is durable. When ctx is done before, it gives up
// waiting, and what was answered is durable all the same.
func (r *Runtime) Shutdown(ctx context.Context) error {
	return errors.Join(r.server.Shutdown(ctx), r.close(ctx))
}

func (r *Runtime) close(ctx context.Context) error {
	if r.stop != nil {
		r.stop()
		r.background.Wait()
	}
	var errs []error
	if r.objects != nil {
		r.objects.Close(ctx)
	}
	if r.version != nil {
		errs = append(errs, r.version.Close(ctx))
	}
	if r.engine != nil {
		errs = append(errs, r.engine.Close(ctx))
	}
	if r.store != nil {
		errs = append(errs, r.store.Close())
	}
	return errors.Join(errs...)
}
