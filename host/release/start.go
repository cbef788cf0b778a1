package release

import (
	"context"
	"fmt"
	"time"

	"github.com/cairn-dev/cairn/host/config"
	"github.com/cairn-dev/cairn/host/program"
	"github.com/cairn-dev/cairn/host/program/abi"
	"github.com/cairn-dev/cairn/host/release/migrate"
	"github.com/cairn-dev/cairn/host/storage"
)

// Start lets the scripts serve, the first of them in public; each has its module.
// What each is to run is compiled first, then the store is brought to what the
// migrations say, in one batch, and last the app serves. What it serves with is
// durable once the log is up to the sequence that it returns. After an error the store
// says what it said; the engine that is closed gives back what was compiled.
func (r *Releases) Start(ctx context.Context, scripts []Script) (storage.Seq, error) {
	for _, given := range scripts {
		s := &served{name: given.Config.Name, secrets: given.Config.Secrets}
		r.scripts = append(r.scripts, s)
		if err := r.choose(ctx, s, given); err != nil {
			return 0, fmt.Errorf("%s: %w", given.Config.Main, err)
		}
	}
	seq, err := r.migrate()
	if err == nil {
		r.prune()
	}
	return seq, err
}

// choose compiles what a script is to serve: what its files say, if that is new,
// or else what served before.
func (r *Releases) choose(ctx context.Context, s *served, files Script) error {
	c, main := files.Config, hashOf(files.Wasm)
	fingerprint, err := c.Fingerprint()
	if err != nil {
		return err
	}
	known, err := r.shelf.versions(s.name, fingerprint)
	if err != nil {
		return err
	}
	s.versions.Store(known)
	stable := known.find(known.Stable)
	if stable == nil || known.isNew(main, fingerprint) {
		s.module = files.Wasm
		m, err := abi.Compile(ctx, r.options.Engine, files.Wasm)
		s.stable = &running{config: c, module: m}
		return err
	}
	again := func(item *Version) (*running, error) {
		run, wasm := &running{number: item.Number, config: c}, files.Wasm
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
		run.module, err = abi.Compile(ctx, r.options.Engine, wasm)
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

// migrate brings the store to what the scripts want, destroys the objects of
// deleted classes, and lets the scripts serve.
func (r *Releases) migrate() (storage.Seq, error) {
	var wanted []migrate.Script
	for _, s := range r.scripts {
		wanted = append(wanted, s.stable.wanted())
	}
	plan, err := migrate.NewPlan(r.options.Store, wanted)
	if err != nil {
		return 0, err
	}
	var changes []kept
	for _, s := range r.scripts {
		change, err := r.keep(s, plan)
		if err != nil {
			return 0, err
		}
		changes = append(changes, change)
	}
	if _, err := r.shelf.apply(plan, changes...); err != nil {
		return 0, err
	}
	r.report(plan)
	// Nothing of these classes is in memory yet. What it cannot destroy stays on
	// record, and what the start has applied is served all the same.
	seq, err := migrate.Finish(r.options.Store)
	if err != nil {
		r.undestroyed(err)
		seq = r.options.Store.Last()
	}
	r.options.App.Serve(r.serving(plan.Record))
	return seq, nil
}

// wanted is the version as a plan sees it.
func (r *running) wanted() migrate.Script {
	return migrate.Script{Config: r.config, Classes: r.module.Classes()}
}

// keep returns the record of the version that a start deploys, if it does, and
// notes the migrations that what served before now serves with.
func (r *Releases) keep(s *served, plan *migrate.Plan) (changes kept, err error) {
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
		r.options.Logger.Info("the files are new, they take the place of what served",
			"script", s.name, "version", n, "config", s.stable.config.Path,
			"undo", fmt.Sprintf("cairn rollback %d", n))
	}
	s.stable, err = versions.run(s.stable.module, s.stable.config, plan, r.options.Now())
	if err != nil {
		return kept{}, err
	}
	versions.setMain(s.stable.number)
	pruned := versions.serve(s.stable.number, 0, 0)
	wasm := s.module
	s.module = nil
	return versions.changes(s.name, s.stable, wasm, pruned)
}

// run puts a module with its config in as the newest version.
func (v *versions) run(m program.Program, c *config.Config, plan *migrate.Plan,
	now time.Time) (*running, error) {
	fingerprint, err := c.Fingerprint()
	if err != nil {
		return nil, err
	}
	number := v.add(Version{Hash: m.Hash(), Size: m.Size(), Created: now.UTC(),
		Tag: plan.Record.Scripts[c.Name].Tag, Config: fingerprint})
	return &running{number: number, config: c, module: m}, nil
}
