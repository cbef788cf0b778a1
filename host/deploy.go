package host

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/cairn-dev/cairn/host/app"
	"github.com/cairn-dev/cairn/host/config"
	"github.com/cairn-dev/cairn/host/module"
	"github.com/cairn-dev/cairn/host/object"
)

// compileLimit is how long a deploy waits for its module to compile. The
// compiler cannot be stopped; what comes later is thrown away.
const compileLimit = 2 * time.Minute

// Deploy is a new version of a script.
type Deploy struct {
	Script string // "" is the public one
	Wasm   []byte
	// Config takes the place of the script's; nil leaves it.
	Config *config.Config
	// Percent of the objects, and of requests, that the version takes; 0 is all.
	Percent int
}

// Errors of Deploy and Rollback that are the caller's fault.
var (
	ErrNoScript  = errors.New("host: no such script")
	ErrNoVersion = errors.New("host: no such version")
	ErrDeploying = errors.New("host: another deploy is under way")
	ErrRefused   = errors.New("host: deploy refused")
)

// Deploy checks, compiles and warms a version beside the one that serves, and
// then lets it serve: new activations and idle objects at their next call,
// busy ones between two calls. Running calls end under what they began with,
// and no request is refused. After an error everything is as it was.
func (r *Runtime) Deploy(ctx context.Context, d Deploy) (Version, error) {
	if !r.deploying.TryLock() {
		return Version{}, ErrDeploying
	}
	defer r.deploying.Unlock()
	s, err := r.script(d.Script)
	if err != nil {
		return Version{}, err
	}
	if d.Percent < 0 || d.Percent > 100 {
		return Version{}, fmt.Errorf("%w: %d percent is not between 0 and 100", ErrRefused, d.Percent)
	}
	v, err := r.compileWithin(ctx, d.Wasm)
	if err != nil {
		return Version{}, fmt.Errorf("%w: %w", ErrRefused, err)
	}
	if err := r.warm(ctx, v); err != nil {
		v.Close()
		return Version{}, fmt.Errorf("%w: %w", ErrRefused, err)
	}
	c := s.config
	if d.Config != nil {
		c = d.Config
	}
	plan, err := r.plan(s, c, v, false)
	if err != nil {
		v.Close()
		return Version{}, fmt.Errorf("%w: %w", ErrRefused, err)
	}
	if d.Percent > 0 && d.Percent < 100 && len(plan.Changes) > 0 {
		v.Close()
		return Version{}, fmt.Errorf("%w: a migration cannot be gradual (deploy without --percent)", ErrRefused)
	}
	item := s.versions.add(v.Hash(), v.Size(), plan.Record.Scripts[c.Name].Tag, r.options.Now())
	for _, w := range plan.Warnings {
		r.options.Logger.Warn("config", "at", w.Pos.String(), "warning", w.Message)
	}
	if err := r.switchTo(ctx, s, c, plan, v, item.Number, d.Percent, map[string][]byte{v.Hash(): d.Wasm}); err != nil {
		return Version{}, err
	}
	return *s.versions.find(item.Number), nil
}

// Rollback lets an earlier version serve again; number 0 is the one before the
// one that serves. A rollback over a migration is refused: the older code does
// not know of its classes.
func (r *Runtime) Rollback(ctx context.Context, script string, number int) (Version, error) {
	if !r.deploying.TryLock() {
		return Version{}, ErrDeploying
	}
	defer r.deploying.Unlock()
	s, err := r.script(script)
	if err != nil {
		return Version{}, err
	}
	item, err := s.versions.before(number)
	if err != nil {
		return Version{}, err
	}
	now := s.versions.find(s.versions.Stable)
	if now != nil && now.Tag != item.Tag {
		return Version{}, fmt.Errorf("%w: version %d was made before the migration %q, and objects were stored since "+
			"(deploy a new version with the older code and this migration instead)", ErrRefused, item.Number, now.Tag)
	}
	wasm, err := readModule(r.store, s.config.Name, item.Hash)
	if err != nil {
		return Version{}, err
	}
	v, err := r.compileWithin(ctx, wasm)
	if err != nil {
		return Version{}, fmt.Errorf("%w: %w", ErrRefused, err)
	}
	plan, err := r.plan(s, s.config, v, true)
	if err != nil {
		v.Close()
		return Version{}, fmt.Errorf("%w: %w", ErrRefused, err)
	}
	if err := r.switchTo(ctx, s, s.config, plan, v, item.Number, 0, nil); err != nil {
		return Version{}, err
	}
	return *s.versions.find(item.Number), nil
}

// before finds the version to go back to.
func (v *versions) before(number int) (*Version, error) {
	if number == 0 {
		for i := len(v.List) - 1; i >= 0; i-- {
			if v.List[i].Number < v.Stable || v.List[i].Number == v.Stable && v.Next != 0 {
				return &v.List[i], nil
			}
		}
		return nil, fmt.Errorf("%w: there is none before version %d", ErrNoVersion, v.Stable)
	}
	if item := v.find(number); item != nil {
		return item, nil
	}
	return nil, fmt.Errorf("%w: %d (see cairn versions)", ErrNoVersion, number)
}

// Versions returns the kept versions of a script, oldest first.
func (r *Runtime) Versions(script string) ([]Version, error) {
	r.deploying.Lock()
	defer r.deploying.Unlock()
	s, err := r.script(script)
	if err != nil {
		return nil, err
	}
	return append([]Version(nil), s.versions.List...), nil
}

func (r *Runtime) script(name string) (*script, error) {
	for _, s := range r.scripts {
		if name == "" || s.config.Name == name {
			return s, nil
		}
	}
	return nil, fmt.Errorf("%w: %q", ErrNoScript, name)
}

// compileWithin compiles a module, or gives up waiting.
func (r *Runtime) compileWithin(ctx context.Context, wasm []byte) (*module.Version, error) {
	type result struct {
		v   *module.Version
		err error
	}
	done := make(chan result, 1)
	go func() {
		v, err := r.engine.Compile(context.WithoutCancel(ctx), wasm)
		done <- result{v, err}
	}()
	ctx, cancel := context.WithTimeout(ctx, compileLimit)
	defer cancel()
	select {
	case got := <-done:
		return got.v, got.err
	case <-ctx.Done():
		go func() {
			if late := <-done; late.v != nil {
				late.v.Close()
			}
		}()
		return nil, fmt.Errorf("compile module: %w", ctx.Err())
	}
}

// warm makes the instance that the first request will take.
func (r *Runtime) warm(ctx context.Context, v *module.Version) error {
	i, err := v.Get(ctx)
	if err != nil {
		return err
	}
	v.Put(i)
	return nil
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
	return app.NewPlan(r.store, wanted)
}

// switchTo makes the change durable and lets the version serve.
func (r *Runtime) switchTo(ctx context.Context, s *script, c *config.Config, plan *app.Plan, v *module.Version,
	number, percent int, modules map[string][]byte) error {
	stable, next := number, 0
	if percent > 0 && percent < 100 && number != s.versions.Stable {
		stable, next = s.versions.Stable, number
	}
	pruned := s.versions.release(stable, next, percent)
	changes, err := s.versions.changes(s.config.Name, modules, pruned)
	if err != nil {
		return err
	}
	seq, err := plan.Apply(r.store, changes) // one batch: the classes and the module that fits them
	if err == nil {
		err = r.store.Wait(ctx, seq)
	}
	if err != nil {
		v.Close()
		if kept, readErr := readVersions(r.store, s.config.Name); readErr == nil {
			s.versions = kept
		}
		return fmt.Errorf("keep version: %w", err)
	}
	before := s.env.Releases.Get()
	release := object.Release{Stable: v}
	if next != 0 {
		release = object.Release{Stable: before.Stable, Next: v, Percent: percent}
	}
	s.config, s.version = c, release.Stable
	r.connect(plan.Record)
	s.env.Releases.Set(release)
	r.objects.Refresh()
	for _, old := range []*module.Version{before.Stable, before.Next} {
		if old != nil && old != release.Stable && old != release.Next {
			old.Close()
		}
	}
	for _, d := range plan.Record.Deleting {
		if err := r.objects.Drop(ctx, d.Number); err != nil {
			return err
		}
	}
	if _, err := app.Finish(r.store); err != nil {
		return fmt.Errorf("destroy the objects of deleted classes: %w", err)
	}
	r.options.Logger.Info("version serves", "script", c.Name, "version", number, "hash", v.Hash()[:12], "percent", percent)
	return nil
}
