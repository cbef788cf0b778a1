package release

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/cairn-dev/cairn/host/config"
	"github.com/cairn-dev/cairn/host/observe"
	"github.com/cairn-dev/cairn/host/release/migrate"
)

// Deploy is a new version of a script.
type Deploy struct {
	Script string // "" is the public one
	Wasm   []byte
	// Config is what the version runs with, for as long as it is kept. Default
	// that of the newest version that runs. Secrets that it has are the script's from
	// then on.
	Config *config.Config
	// Percent of the objects, and of requests, that the version takes; 0 is all.
	Percent int
}

// Errors of Deploy and Rollback that are the caller's fault.
var (
	ErrNoScript  = errors.New("release: no such script")
	ErrNoVersion = errors.New("release: no such version")
	ErrDeploying = errors.New("release: another deploy is under way (try again when it is done)")
	ErrRefused   = errors.New("release: deploy refused")
)

// ErrStopping says that the host shuts down.
var ErrStopping = errors.New("release: shutting down")

// Deploy checks, compiles and warms a version beside the one that serves, and
// then lets it serve: new activations and idle objects at their next call,
// busy ones between two calls. Running calls end under what they began with,
// and no request is refused. After an error everything is as it was. Once the
// version is durable ctx counts no more: the caller may be gone.
func (r *Releases) Deploy(ctx context.Context, d Deploy) (_ Version, err error) {
	defer func() { r.options.Metrics.Deployed(outcome(err)) }()
	ctx, done, err := r.begin(ctx)
	if err != nil {
		return Version{}, err
	}
	defer done()
	w, err := r.change(ctx, d)
	if err != nil {
		return Version{}, err
	}
	s, secrets := w.script, w.script.secrets
	if d.Config != nil && d.Config.Secrets != nil {
		s.secrets = d.Config.Secrets
	}
	item, err := r.switchTo(w)
	if err != nil {
		s.secrets = secrets
		w.runs.module.Close()
	}
	return item, err
}

// Plan says what Deploy would change about the store's classes, one line for each,
// or refuses what Deploy would refuse. Nothing is changed.
func (r *Releases) Plan(ctx context.Context, d Deploy) ([]string, error) {
	ctx, done, err := r.begin(ctx)
	if err != nil {
		return nil, err
	}
	defer done()
	w, err := r.change(ctx, d)
	if err != nil {
		return nil, err
	}
	w.runs.module.Close()
	return w.plan.Changes, nil
}

// change is a deploy up to where it changes something.
func (r *Releases) change(ctx context.Context, d Deploy) (_ *change, err error) {
	s, err := r.script(d.Script)
	if err != nil {
		return nil, err
	}
	if d.Percent < 0 || d.Percent > 100 {
		return nil, fmt.Errorf("%w: %d percent is not between 0 and 100", ErrRefused, d.Percent)
	}
	c := d.Config
	if c == nil {
		runs := s.runs()
		c = runs[len(runs)-1].config
	}
	if c.Name != s.name {
		return nil, fmt.Errorf("%w: the config is of script %q, and %q runs here: "+
			"its objects would be lost (keep the name, or serve the new script beside it)",
			ErrRefused, c.Name, s.name)
	}
	v, err := r.prepare(ctx, d.Wasm)
	if err != nil {
		return nil, err
	}
	defer func() {
		if err != nil {
			v.Close()
		}
	}()
	plan, err := r.plan(s, c, v, false)
	if err != nil {
		return nil, err
	}
	w := &change{script: s, plan: plan, versions: s.versions.Load().clone(), wasm: d.Wasm}
	if w.runs, err = w.versions.run(v, c, plan, r.options.Now()); err != nil {
		return nil, err
	}
	if d.Percent > 0 && d.Percent < 100 {
		w.percent = d.Percent
		if err := w.checkGradual(); err != nil {
			return nil, err
		}
	}
	return w, nil
}

// Rollback lets an earlier version serve again, with the config that it ran with;
// number 0 is the one before the one that serves. A rollback over a migration is
// refused: the older code does not know of its classes.
func (r *Releases) Rollback(ctx context.Context, script string, number int) (
	_ Version, err error) {
	defer func() { r.options.Metrics.RolledBack(outcome(err)) }()
	ctx, done, err := r.begin(ctx)
	if err != nil {
		return Version{}, err
	}
	defer done()
	s, err := r.script(script)
	if err != nil {
		return Version{}, err
	}
	versions := s.versions.Load()
	item, err := versions.before(number)
	if err != nil {
		return Version{}, err
	}
	if item.Number == versions.Stable && versions.Next == 0 {
		return Version{}, fmt.Errorf("%w: version %d serves already", ErrRefused, item.Number)
	}
	record, err := migrate.Read(r.options.Store)
	if err != nil {
		return Version{}, err
	}
	if known := record.Scripts[s.name]; known != nil && known.Tag != item.Tag {
		return Version{}, fmt.Errorf("%w: version %d was made before the migration %q, "+
			"and objects were stored since "+
			"(deploy a new version with the older code and this migration instead)",
			ErrRefused, item.Number, known.Tag)
	}
	wasm, err := r.shelf.module(s.name, item.Hash)
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
	c, err := r.shelf.config(s.name, &item)
	if err != nil {
		return Version{}, err
	}
	plan, err := r.plan(s, c, v, true)
	if err != nil {
		return Version{}, err
	}
	return r.switchTo(&change{script: s, plan: plan, versions: versions.clone(),
		runs: &running{number: item.Number, config: c, module: v}})
}

// Versions returns the kept versions of a script, oldest first.
func (r *Releases) Versions(script string) ([]Version, error) {
	s, err := r.script(script)
	if err != nil {
		return nil, err
	}
	return slices.Clone(s.versions.Load().List), nil
}

// begin lets one change of the scripts in at a time. The context that it returns
// ends with Stop as well; done must be called.
func (r *Releases) begin(ctx context.Context) (_ context.Context, done func(), err error) {
	if !r.changing.TryLock() {
		return nil, nil, ErrDeploying
	}
	if r.running.Err() != nil {
		r.changing.Unlock()
		return nil, nil, ErrStopping
	}
	ctx, cancel := context.WithCancelCause(ctx)
	stop := context.AfterFunc(r.running, func() { cancel(ErrStopping) })
	return ctx, func() {
		stop()
		cancel(nil)
		r.changing.Unlock()
	}, nil
}

// outcome says what a deploy or a rollback came to.
func outcome(err error) observe.Change {
	if err == nil {
		return observe.ChangeOK
	}
	refusals := []error{ErrNoScript, ErrNoVersion, ErrDeploying, ErrRefused, ErrStopping}
	if slices.ContainsFunc(refusals, func(e error) bool { return errors.Is(err, e) }) {
		return observe.ChangeRefused
	}
	return observe.ChangeFailed
}
