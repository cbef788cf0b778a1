package host

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"slices"
	"time"

	"github.com/cairn-dev/cairn/host/app"
	"github.com/cairn-dev/cairn/host/config"
	"github.com/cairn-dev/cairn/host/module"
	"github.com/cairn-dev/cairn/host/object"
)

const (
	// compileLimit is how long a deploy waits for its module to compile and to
	// start once. The compiler cannot be stopped; what comes later is thrown away.
	compileLimit = 2 * time.Minute
	// destroyLimit is how long a deploy waits for the last calls to a class that
	// it deletes: as long as a call may wait in a mailbox.
	destroyLimit = 30 * time.Second
)

// Deploy is a new version of a script.
type Deploy struct {
	Script string // "" is the public one
	Wasm   []byte
	// Config takes the place of the script's; nil leaves it. It counts at once,
	// for both versions of a gradual deploy, and until the next start, which
	// reads the file that it is given.
	Config *config.Config
	// Percent of the objects, and of requests, that the version takes; 0 is all.
	Percent int
	// Main says that the module is what the script's config names: the next
	// start that finds it there serves what serves then, as after a start with it.
	Main bool
}

// Errors of Deploy and Rollback that are the caller's fault.
var (
	ErrNoScript  = errors.New("host: no such script")
	ErrNoVersion = errors.New("host: no such version")
	ErrDeploying = errors.New("host: another deploy is under way (try again when it is done)")
	ErrRefused   = errors.New("host: deploy refused")
)

// ErrStopping says that the runtime shuts down.
var ErrStopping = errors.New("host: shutting down")

// Deploy checks, compiles and warms a version beside the one that serves, and
// then lets it serve: new activations and idle objects at their next call,
// busy ones between two calls. Running calls end under what they began with,
// and no request is refused. After an error everything is as it was. Once the
// version is durable ctx counts no more: the caller may be gone.
func (r *Runtime) Deploy(ctx context.Context, d Deploy) (_ Version, err error) {
	ctx, done, err := r.begin(ctx)
	if err != nil {
		return Version{}, err
	}
	defer done()
	s, err := r.script(d.Script)
	if err != nil {
		return Version{}, err
	}
	if d.Percent < 0 || d.Percent > 100 {
		return Version{}, fmt.Errorf("%w: %d percent is not between 0 and 100", ErrRefused, d.Percent)
	}
	c := s.config
	if d.Config != nil {
		c = d.Config
	}
	if name := s.env.Script; c.Name != name {
		return Version{}, fmt.Errorf("%w: the config is of script %q, and %q runs here: its objects would be lost "+
			"(keep the name, or serve the new script beside it)", ErrRefused, c.Name, name)
	}
	v, err := r.prepare(ctx, d.Wasm)
	if err != nil {
		return Version{}, err
	}
	defer func() {
		if err != nil {
			v.Close()
		}
	}()
	plan, err := r.plan(s, c, v, false)
	if err != nil {
		return Version{}, err
	}
	w := &change{script: s, config: c, plan: plan, version: v, versions: s.versions.clone(),
		modules: map[string][]byte{v.Hash(): d.Wasm}}
	w.number = w.versions.add(v.Hash(), v.Size(), plan.Record.Scripts[c.Name].Tag, r.options.Now())
	if d.Percent > 0 && d.Percent < 100 {
		w.percent = d.Percent
		if err := w.checkGradual(); err != nil {
			return Version{}, err
		}
	}
	if d.Main {
		w.versions.Main = v.Hash()
	}
	return r.switchTo(w)
}

// Rollback lets an earlier version serve again, with the config that counts now;
// number 0 is the one before the one that serves. A rollback over a migration is
// refused: the older code does not know of its classes.
func (r *Runtime) Rollback(ctx context.Context, script string, number int) (_ Version, err error) {
	ctx, done, err := r.begin(ctx)
	if err != nil {
		return Version{}, err
	}
	defer done()
	s, err := r.script(script)
	if err != nil {
		return Version{}, err
	}
	item, err := s.versions.before(number)
	if err != nil {
		return Version{}, err
	}
	if item.Number == s.versions.Stable && s.versions.Next == 0 {
		return Version{}, fmt.Errorf("%w: version %d serves already", ErrRefused, item.Number)
	}
	record, err := app.Read(r.store)
	if err != nil {
		return Version{}, err
	}
	if known := record.Scripts[s.env.Script]; known != nil && known.Tag != item.Tag {
		return Version{}, fmt.Errorf("%w: version %d was made before the migration %q, and objects were stored since "+
			"(deploy a new version with the older code and this migration instead)", ErrRefused, item.Number, known.Tag)
	}
	wasm, err := readModule(r.store, s.env.Script, item.Hash)
	if err != nil {
		return Version{}, err
	}
	v, err := r.prepare(ctx, wasm)
	if err != nil {
		return Version{}, err
	}
	defer func() {
		if err != nil {
			v.Close()
		}
	}()
	plan, err := r.plan(s, s.config, v, true)
	if err != nil {
		return Version{}, err
	}
	return r.switchTo(&change{script: s, config: s.config, plan: plan, version: v,
		versions: s.versions.clone(), number: item.Number})
}

// Versions returns the kept versions of a script, oldest first.
func (r *Runtime) Versions(script string) ([]Version, error) {
	s, err := r.script(script)
	if err != nil {
		return nil, err
	}
	r.mu.RLock()
	defer r.mu.RUnlock()
	return slices.Clone(s.versions.List), nil
}

// begin lets one change of the scripts in at a time. The context that it returns
// ends with the runtime as well; done must be called.
func (r *Runtime) begin(ctx context.Context) (_ context.Context, done func(), err error) {
	if !r.deploying.TryLock() {
		return nil, nil, ErrDeploying
	}
	if r.running.Err() != nil {
		r.deploying.Unlock()
		return nil, nil, ErrStopping
	}
	ctx, cancel := context.WithCancelCause(ctx)
	stop := context.AfterFunc(r.running, func() { cancel(ErrStopping) })
	return ctx, func() {
		stop()
		cancel(nil)
		r.deploying.Unlock()
	}, nil
}

func (r *Runtime) script(name string) (*script, error) {
	var served []string
	for _, s := range r.scripts {
		if name == "" || s.env.Script == name {
			return s, nil
		}
		served = append(served, s.env.Script)
	}
	return nil, fmt.Errorf("%w: %q (served: %q)", ErrNoScript, name, served)
}

// prepare compiles a module and makes the instance that the first request will
// take.
func (r *Runtime) prepare(ctx context.Context, wasm []byte) (*module.Version, error) {
	v, err := r.compileWithin(ctx, wasm)
	if err == nil {
		var i *module.Instance
		if i, err = v.Get(ctx); err == nil {
			v.Put(i)
			return v, nil
		}
		v.Close()
	}
	var bad *module.CompileError
	if errors.As(err, &bad) {
		err = fmt.Errorf("%w: %w", ErrRefused, err)
	}
	return nil, err
}

// compileWithin compiles a module, or gives up waiting.
func (r *Runtime) compileWithin(ctx context.Context, wasm []byte) (*module.Version, error) {
	type result struct {
		v   *module.Version
		err error
	}
	ctx, cancel := context.WithTimeoutCause(ctx, compileLimit,
		&module.CompileError{Problem: fmt.Sprintf("module did not compile and start within %v", compileLimit)})
	defer cancel()
	done := make(chan result)
	r.compiles.Go(func() {
		v, err := r.compileGuarded(context.WithoutCancel(ctx), wasm)
		select {
		case done <- result{v, err}:
		case <-ctx.Done():
			if v != nil {
				v.Close()
			}
		}
	})
	select {
	case got := <-done:
		return got.v, got.err
	case <-ctx.Done():
		return nil, fmt.Errorf("compile module: %w", context.Cause(ctx))
	}
}

// compileGuarded turns a panic of the compiler into an error: what a caller of
// Deploy sends must not end the host.
func (r *Runtime) compileGuarded(ctx context.Context, wasm []byte) (v *module.Version, err error) {
	defer func() {
		if p := recover(); p != nil {
			r.options.Logger.Error("compiler failed", "panic", p, "stack", string(debug.Stack()))
			v, err = nil, &module.CompileError{Problem: fmt.Sprintf("the compiler failed: %v", p),
				Hint: "this is a bug of cairn or of wazero; the log has the rest"}
		}
	}()
	return r.engine.Compile(ctx, wasm)
}

// plan checks a script's new config and module against the store.
func (r *Runtime) plan(s *script, c *config.Config, v *module.Version, rollback bool) (*app.Plan, error) {
	var wanted []app.Script
	for _, other := range r.scripts {
		if other != s {
			wanted = append(wanted, app.Script{Config: other.config, Classes: other.version.Classes()})
			continue
		}
		wanted = append(wanted, app.Script{Config: c, Classes: v.Classes(), Rollback: rollback})
	}
	plan, err := app.NewPlan(r.store, wanted)
	var wrong *config.Error
	if errors.As(err, &wrong) {
		err = fmt.Errorf("%w: %w", ErrRefused, err)
	}
	return plan, err
}

// change is what a deploy makes of a script.
type change struct {
	script   *script
	config   *config.Config
	plan     *app.Plan
	version  *module.Version
	versions *versions // the script's, as they will be
	number   int       // of version
	percent  int       // that it takes; 0 is all
	modules  map[string][]byte
}

// checkGradual refuses two versions beside each other that cannot share objects
// and requests. The scripts' namespaces and bindings are those of one of them.
func (w *change) checkGradual() error {
	refuse := func(format string, args ...any) error {
		return fmt.Errorf("%w: "+format+" (deploy without a percentage)", append([]any{ErrRefused}, args...)...)
	}
	stable := w.script.version
	classes := func(v *module.Version) []string { return slices.Sorted(slices.Values(v.Classes())) }
	switch was, is := classes(stable), classes(w.version); {
	case len(w.plan.Changes) > 0:
		return refuse("a migration cannot be gradual")
	case w.number == w.versions.Stable:
		return refuse("the module is that of version %d, which serves already", w.number)
	case !slices.Equal(was, is):
		return refuse("the versions have different classes, %q and %q", was, is)
	case stable.HasWorker() != w.version.HasWorker():
		return refuse("one of the versions has a Worker and the other has none")
	}
	return nil
}

// switchTo makes the change durable and lets the version serve. The change is
// made, or nothing is: what follows once it is durable cannot fail.
func (r *Runtime) switchTo(w *change) (Version, error) {
	s := w.script
	release, before := object.Release{Stable: w.version}, s.env.Releases.Get()
	stable, next := w.number, 0
	if w.percent > 0 {
		release = object.Release{Stable: before.Stable, Next: w.version, Percent: w.percent}
		stable, next = w.versions.Stable, w.number
	}
	pruned := w.versions.release(stable, next, w.percent)
	changes, err := w.versions.changes(s.env.Script, w.modules, pruned)
	if err != nil {
		return Version{}, err
	}
	seq, err := w.plan.Apply(r.store, changes) // one batch: the classes and the module that fits them
	if err == nil {
		err = r.store.Wait(r.running, seq)
	}
	if err != nil {
		return Version{}, fmt.Errorf("keep version: %w", err)
	}
	r.mu.Lock()
	s.config, s.version, s.versions = w.config, release.Stable, w.versions
	r.connectLocked(w.plan.Record)
	s.env.Releases.Set(release)
	r.mu.Unlock()

	r.objects.Refresh()
	for _, old := range []*module.Version{before.Stable, before.Next} {
		if old != nil && old != release.Stable && old != release.Next {
			old.Close()
		}
	}
	item := *w.versions.find(w.number)
	r.report(w.plan)
	r.options.Logger.Info("version serves", "script", s.env.Script, "version", item.Number,
		"module", item.Hash[:12], "percent", item.Percent)
	r.destroy(w.plan.Record)
	return item, nil
}

// report logs what a plan says once it is applied.
func (r *Runtime) report(plan *app.Plan) {
	for _, w := range plan.Warnings {
		r.options.Logger.Warn("config", "at", w.Pos.String(), "warning", w.Message)
	}
	for _, change := range plan.Changes {
		r.options.Logger.Info("migrated", "change", change)
	}
}

// destroy ends the objects of deleted classes and destroys what they stored. A
// failure leaves it to the next deploy or start: the record says what is left.
func (r *Runtime) destroy(record *app.Record) {
	ctx, cancel := context.WithTimeout(r.running, destroyLimit)
	defer cancel()
	err := func() error {
		for _, d := range record.Deleting {
			r.namespaces.Delete(d.Number) // its alarms find nobody
			if err := r.objects.Drop(ctx, d.Number); err != nil {
				return err
			}
		}
		if len(record.Deleting) == 0 {
			return nil
		}
		_, err := app.Finish(r.store)
		return err
	}()
	if err != nil {
		r.options.Logger.Error("objects of deleted classes are left, the next start destroys them", "error", err)
	}
}
