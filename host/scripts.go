package host

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"sync/atomic"
	"time"

	"github.com/cairn-dev/cairn/host/build"
	"github.com/cairn-dev/cairn/host/config"
	"github.com/cairn-dev/cairn/host/module"
	"github.com/cairn-dev/cairn/host/release/migrate"
)

// script is one script that is served.
type script struct {
	name     string
	versions atomic.Pointer[versions] // replaced when a change of them is durable

	// What follows belongs to Start, and then to whoever holds Runtime.deploying.
	release
	module []byte // that a start deploys: it is not yet in the store
	// secrets are the variables that the host was started with, whichever version
	// runs: they are in no config that is kept.
	secrets map[string]json.RawMessage
}

// release is what a script runs: one version, or two while the next one takes
// only a share. App.Serving says the same to calls.
type release struct {
	stable, next *running
	percent      int // that next takes
}

// running is a version that runs.
type running struct {
	number int
	config *config.Config
	module *module.Version
}

// runs lists the versions of a release.
func (r *release) runs() []*running {
	if r.next == nil {
		return []*running{r.stable}
	}
	return []*running{r.stable, r.next}
}

// build returns the modules of all scripts, the public one's first: those that the
// caller handed over, and what the configs name.
func (r *Runtime) build(ctx context.Context) (modules [][]byte, err error) {
	for _, given := range r.options.scripts() {
		c, wasm := given.Config, given.Wasm
		if wasm == nil {
			scratch := filepath.Join(r.options.DataDir, "build", c.Name)
			if info, err := os.Stat(c.MainPath()); err == nil && info.IsDir() {
				r.options.Logger.Info("building, which takes a while for the first time", "script", c.Name, "main", c.MainPath())
			}
			if wasm, err = build.Main(ctx, c.MainPath(), scratch); err != nil {
				return nil, err
			}
		}
		modules = append(modules, wasm)
	}
	return modules, nil
}

// compile makes the module versions that each script serves.
func (r *Runtime) compile(ctx context.Context, modules [][]byte) error {
	for i, given := range r.options.scripts() {
		s := &script{name: given.Config.Name, secrets: given.Config.Secrets}
		r.scripts = append(r.scripts, s)
		if err := r.choose(ctx, s, given.Config, modules[i]); err != nil {
			return fmt.Errorf("%s: %w", given.Config.Main, err)
		}
	}
	return nil
}

// choose compiles what a script is to serve: what its files say, if that is new,
// or else what served before.
func (r *Runtime) choose(ctx context.Context, s *script, c *config.Config, wasm []byte) error {
	fingerprint, err := c.Fingerprint()
	if err != nil {
		return err
	}
	known, err := r.shelf.versions(s.name, fingerprint)
	if err != nil {
		return err
	}
	s.versions.Store(known)
	main := hashOf(wasm)
	stable := known.find(known.Stable)
	if stable == nil || known.isNew(main, fingerprint) {
		s.module = wasm
		m, err := r.engine.Compile(ctx, wasm)
		s.stable = &running{config: c, module: m}
		return err
	}
	again := func(item *Version) (*running, error) {
		run, wasm := &running{number: item.Number, config: c}, wasm
		var err error
		if item.Config != fingerprint {
			if run.config, err = r.shelf.config(s.name, item); err != nil {
				return nil, err
			}
		}
		if item.Hash != main {
			if wasm, err = r.shelf.module(s.name, item.Hash); err != nil {
				return nil, err
			}
		}
		run.module, err = r.engine.Compile(ctx, wasm)
		return run, err
	}
	if s.stable, err = again(stable); err != nil {
		return err
	}
	if next := known.find(known.Next); next != nil {
		s.percent = next.Percent
		s.next, err = again(next)
	}
	if stable.Hash != main || stable.Config != fingerprint {
		r.options.Logger.Info("what was deployed serves, not what the files say", "script", s.name,
			"version", stable.Number, "config", c.Path, "try", "cairn deploy "+c.Path)
	}
	return err
}

// keep returns the record of the version that a start deploys, if it does, and
// notes the migrations that what served before now serves with.
func (r *Runtime) keep(s *script, plan *migrate.Plan) (changes kept, err error) {
	versions, tag := s.versions.Load(), plan.Record.Scripts[s.name].Tag
	if s.module == nil {
		changed := versions.upgraded
		for _, number := range []int{versions.Stable, versions.Next} {
			if item := versions.find(number); item != nil && item.Tag != tag {
				item.Tag, changed = tag, true
			}
		}
		if !changed {
			return kept{}, nil
		}
		return versions.changes(s.name, s.stable, nil, nil)
	}
	if n := versions.Stable; n != 0 {
		r.options.Logger.Info("the files are new, they take the place of what served", "script", s.name,
			"version", n, "config", s.stable.config.Path, "undo", fmt.Sprintf("cairn rollback %d", n))
	}
	if s.stable, err = versions.run(s.stable.module, s.stable.config, plan, r.options.Now()); err != nil {
		return kept{}, err
	}
	versions.setMain(s.stable.number)
	pruned := versions.release(s.stable.number, 0, 0)
	wasm := s.module
	s.module = nil
	return versions.changes(s.name, s.stable, wasm, pruned)
}

// run puts a module with its config in as the newest version.
func (v *versions) run(m *module.Version, c *config.Config, plan *migrate.Plan, now time.Time) (*running, error) {
	fingerprint, err := c.Fingerprint()
	if err != nil {
		return nil, err
	}
	number := v.add(Version{Hash: m.Hash(), Size: m.Size(), Created: now.UTC(),
		Tag: plan.Record.Scripts[c.Name].Tag, Config: fingerprint})
	return &running{number: number, config: c, module: m}, nil
}

// migrate brings the store to what the scripts want, destroys the objects of
// deleted classes, and lets the scripts serve.
func (r *Runtime) migrate() error {
	var wanted []migrate.Script
	for _, s := range r.scripts {
		wanted = append(wanted, migrate.Script{Config: s.stable.config, Classes: s.stable.module.Classes()})
	}
	plan, err := migrate.NewPlan(r.store, wanted)
	if err != nil {
		return err
	}
	var changes []kept
	for _, s := range r.scripts {
		change, err := r.keep(s, plan)
		if err != nil {
			return err
		}
		changes = append(changes, change)
	}
	if _, err := r.shelf.apply(plan, changes...); err != nil {
		return err
	}
	r.report(plan)
	// Nothing of these classes is in memory yet. What it cannot destroy stays on
	// record, and what the start has applied is served all the same.
	seq, err := migrate.Finish(r.store)
	if err != nil {
		r.undestroyed(err)
		seq = r.store.Last()
	}
	r.recorded = seq
	r.app.Serve(r.serving(plan.Record))
	return nil
}
