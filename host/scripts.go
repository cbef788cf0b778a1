package host

import (
	"context"
	"fmt"
	"path/filepath"

	"github.com/cairn-dev/cairn/host/app"
	"github.com/cairn-dev/cairn/host/build"
	"github.com/cairn-dev/cairn/host/config"
	"github.com/cairn-dev/cairn/host/module"
	"github.com/cairn-dev/cairn/host/object"
	"github.com/cairn-dev/cairn/host/worker"
)

// script is one script that runs.
type script struct {
	env     *object.Env
	worker  *worker.Worker
	release object.Release // what a start begins with
	module  []byte         // not yet in the store

	// What follows is guarded by Runtime.mu. Whoever holds Runtime.deploying is
	// the only one to change it, and reads it without.
	config     *config.Config
	version    *module.Version // the stable one
	versions   *versions
	namespaces map[string]*object.Namespace // by class
}

// compile makes the module versions that each script serves.
func (r *Runtime) compile(ctx context.Context) error {
	for _, given := range r.options.scripts() {
		s := &script{config: given.Config}
		wasm := given.Wasm
		if wasm == nil {
			var err error
			scratch := filepath.Join(r.options.DataDir, "build", s.config.Name)
			if wasm, err = build.Main(ctx, s.config.MainPath(), scratch); err != nil {
				return err
			}
		}
		r.scripts = append(r.scripts, s)
		if err := r.choose(ctx, s, wasm); err != nil {
			return fmt.Errorf("%s: %w", s.config.Main, err)
		}
	}
	return nil
}

// choose compiles what a script is to serve: the module that its config names,
// if that is another than at the last start, or else what served before.
func (r *Runtime) choose(ctx context.Context, s *script, wasm []byte) error {
	var err error
	if s.versions, err = readVersions(r.store, s.config.Name); err != nil {
		return err
	}
	main := hashOf(wasm)
	stable := s.versions.find(s.versions.Stable)
	if stable == nil || s.versions.Main != main {
		s.versions.Main = main
		if s.version, err = r.engine.Compile(ctx, wasm); err != nil {
			return err
		}
		s.release = object.Release{Stable: s.version}
		s.module = wasm
		return nil
	}
	if s.version, err = r.recompile(ctx, s, stable.Hash, main, wasm); err != nil {
		return err
	}
	s.release = object.Release{Stable: s.version}
	if next := s.versions.find(s.versions.Next); next != nil {
		s.release.Percent = next.Percent
		s.release.Next, err = r.recompile(ctx, s, next.Hash, main, wasm)
	}
	return err
}

// recompile compiles a kept version; wasm is the module with the hash main.
func (r *Runtime) recompile(ctx context.Context, s *script, hash, main string, wasm []byte) (*module.Version, error) {
	if hash != main {
		var err error
		if wasm, err = readModule(r.store, s.config.Name, hash); err != nil {
			return nil, err
		}
	}
	return r.engine.Compile(ctx, wasm)
}

// keep returns the record of the version that a start deploys, if it does, and
// notes the migrations that what served before now serves with.
func (r *Runtime) keep(s *script, tag string) (changes map[string][]byte, err error) {
	if s.module == nil {
		changed := false
		for _, number := range []int{s.versions.Stable, s.versions.Next} {
			if item := s.versions.find(number); item != nil && item.Tag != tag {
				item.Tag, changed = tag, true
			}
		}
		if !changed {
			return nil, nil
		}
		return s.versions.changes(s.config.Name, nil, nil)
	}
	number := s.versions.add(s.version.Hash(), s.version.Size(), tag, r.options.Now())
	pruned := s.versions.release(number, 0, 0)
	modules := map[string][]byte{s.version.Hash(): s.module}
	s.module = nil
	return s.versions.changes(s.config.Name, modules, pruned)
}

// migrate brings the store to what the scripts want, destroys the objects of
// deleted classes, and gives each script its environment.
func (r *Runtime) migrate() error {
	var wanted []app.Script
	for _, s := range r.scripts {
		wanted = append(wanted, app.Script{Config: s.config, Classes: s.version.Classes()})
	}
	plan, err := app.NewPlan(r.store, wanted)
	if err != nil {
		return err
	}
	var kept []map[string][]byte
	for _, s := range r.scripts {
		changes, err := r.keep(s, plan.Record.Scripts[s.config.Name].Tag)
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
	for _, s := range r.scripts {
		s.env = &object.Env{Script: s.config.Name}
		s.env.Releases.Set(s.release)
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.connectLocked(plan.Record)
	return nil
}

// connectLocked gives each script what its guests can reach: the namespaces that the
// record says it has, and those of others that its bindings name. The plan has
// checked that they exist. Namespaces that are known already stay the same.
func (r *Runtime) connectLocked(record *app.Record) {
	byName := map[string]*script{}
	for _, s := range r.scripts {
		byName[s.config.Name] = s
		namespaces := map[string]*object.Namespace{}
		for class, n := range record.Scripts[s.config.Name].Namespaces {
			// The record can have a class that the module lacks: one without objects.
			if _, ok := s.version.Class(class); !ok {
				continue
			}
			known := r.namespace(n.Number)
			if known == nil {
				known = object.NewNamespace(n.Number, class, n.UniqueKey, s.env)
				r.namespaces.Store(n.Number, known)
			}
			known.Assign(class, s.env)
			namespaces[class] = known
		}
		s.namespaces = namespaces
	}
	for _, s := range r.scripts {
		s.env.SetReach(r.reach(s, byName))
	}
}

// namespace returns the namespace of a number, nil if no script has it.
func (r *Runtime) namespace(number uint32) *object.Namespace {
	n, _ := r.namespaces.Load(number)
	known, _ := n.(*object.Namespace)
	return known
}

// reach is what a script's guests can reach, by its config.
func (r *Runtime) reach(s *script, byName map[string]*script) object.Reach {
	reach := object.Reach{
		Vars: map[string][]byte{}, Bindings: map[string]*object.Namespace{}, CPULimit: r.options.CPULimit,
	}
	if s.config.CPULimit != 0 {
		reach.CPULimit = s.config.CPULimit
	}
	for name, value := range s.config.Vars {
		reach.Vars[name] = value
	}
	if r.outbound != nil { // a nil *Client in the interface would not be nil
		reach.Outbound = r.outbound
	}
	for _, b := range s.config.Bindings {
		owner := s
		if b.ScriptName != "" {
			owner = byName[b.ScriptName]
		}
		reach.Bindings[b.Name] = owner.namespaces[b.ClassName]
	}
	return reach
}
