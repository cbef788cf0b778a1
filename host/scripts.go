package host

import (
	"context"
	"fmt"
	"path/filepath"
	"sync/atomic"

	"github.com/cairn-dev/cairn/host/app"
	"github.com/cairn-dev/cairn/host/build"
	"github.com/cairn-dev/cairn/host/config"
	"github.com/cairn-dev/cairn/host/module"
)

// script is one script that is served.
type script struct {
	name     string
	versions atomic.Pointer[versions] // replaced when a change of them is durable

	// What follows belongs to Start, and then to whoever holds Runtime.deploying.
	release
	module []byte // that a start deploys: it is not yet in the store
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

// compile makes the module versions that each script serves.
func (r *Runtime) compile(ctx context.Context) error {
	for _, given := range r.options.scripts() {
		c, wasm := given.Config, given.Wasm
		if wasm == nil {
			var err error
			scratch := filepath.Join(r.options.DataDir, "build", c.Name)
			if wasm, err = build.Main(ctx, c.MainPath(), scratch); err != nil {
				return err
			}
		}
		s := &script{name: c.Name}
		r.scripts = append(r.scripts, s)
		if err := r.choose(ctx, s, c, wasm); err != nil {
			return fmt.Errorf("%s: %w", c.Main, err)
		}
	}
	return nil
}

// choose compiles what a script is to serve: the module that its config names,
// if that is another than at the last start, or else what served before.
func (r *Runtime) choose(ctx context.Context, s *script, c *config.Config, wasm []byte) error {
	kept, err := readVersions(r.store, s.name)
	if err != nil {
		return err
	}
	s.versions.Store(kept)
	main := hashOf(wasm)
	stable := kept.find(kept.Stable)
	if stable == nil || kept.Main != main {
		kept.Main = main
		s.module = wasm
		m, err := r.engine.Compile(ctx, wasm)
		s.stable = &running{config: c, module: m}
		return err
	}
	recompile := func(item *Version) (*running, error) {
		wasm := wasm
		if item.Hash != main {
			if wasm, err = readModule(r.store, s.name, item.Hash); err != nil {
				return nil, err
			}
		}
		m, err := r.engine.Compile(ctx, wasm)
		return &running{number: item.Number, config: c, module: m}, err
	}
	if s.stable, err = recompile(stable); err != nil {
		return err
	}
	if next := kept.find(kept.Next); next != nil {
		s.percent = next.Percent
		s.next, err = recompile(next)
	}
	return err
}

// keep returns the record of the version that a start deploys, if it does, and
// notes the migrations that what served before now serves with.
func (r *Runtime) keep(s *script, tag string) (changes map[string][]byte, err error) {
	versions := s.versions.Load()
	if s.module == nil {
		changed := false
		for _, number := range []int{versions.Stable, versions.Next} {
			if item := versions.find(number); item != nil && item.Tag != tag {
				item.Tag, changed = tag, true
			}
		}
		if !changed {
			return nil, nil
		}
		return versions.changes(s.name, nil, nil)
	}
	m := s.stable.module
	s.stable.number = versions.add(m.Hash(), m.Size(), tag, r.options.Now())
	pruned := versions.release(s.stable.number, 0, 0)
	modules := map[string][]byte{m.Hash(): s.module}
	s.module = nil
	return versions.changes(s.name, modules, pruned)
}

// migrate brings the store to what the scripts want, destroys the objects of
// deleted classes, and lets the scripts serve.
func (r *Runtime) migrate() error {
	var wanted []app.Script
	for _, s := range r.scripts {
		wanted = append(wanted, app.Script{Config: s.stable.config, Classes: s.stable.module.Classes()})
	}
	plan, err := app.NewPlan(r.store, wanted)
	if err != nil {
		return err
	}
	var kept []map[string][]byte
	for _, s := range r.scripts {
		changes, err := r.keep(s, plan.Record.Scripts[s.name].Tag)
		if err != nil {
			return err
		}
		kept = append(kept, changes)
	}
	if _, err := plan.Apply(r.store, kept...); err != nil {
		return err
	}
	r.report(plan)
	// Nothing of these classes is in memory yet.
	if r.recorded, err = app.Finish(r.store); err != nil {
		return err
	}
	r.app.Serve(r.serving(plan.Record))
	return nil
}
