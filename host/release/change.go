package release

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/cairn-dev/cairn/host/config"
	"github.com/cairn-dev/cairn/host/gate"
	"github.com/cairn-dev/cairn/host/program"
	"github.com/cairn-dev/cairn/host/release/migrate"
)

// destroyLimit is how long a deploy waits for the last calls to a class that
// it deletes: as long as a call may wait in a mailbox.
const destroyLimit = 30 * time.Second

// plan checks a script's new config and module against the store.
func (r *Releases) plan(s *served, c *config.Config, v program.Program, rollback bool) (
	*migrate.Plan, error) {
	var wanted []migrate.Script
	for _, other := range r.scripts {
		if other != s {
			wanted = append(wanted, other.stable.wanted())
			continue
		}
		wanted = append(wanted, migrate.Script{Config: c, Classes: v.Classes(), Rollback: rollback})
	}
	plan, err := migrate.NewPlan(r.options.Store, wanted)
	for i, other := range r.scripts {
		if err != nil || other == s || other.next == nil {
			continue
		}
		// A version that takes a share must find what it is bound to as well.
		with := slices.Clone(wanted)
		with[i] = other.next.wanted()
		if _, err = migrate.NewPlan(r.options.Store, with); err != nil {
			err = fmt.Errorf("version %d of %s, which takes a share: %w",
				other.next.number, other.name, err)
		}
	}
	var wrong *config.Error
	if errors.As(err, &wrong) {
		err = fmt.Errorf("%w: %w", ErrRefused, err)
	}
	return plan, err
}

// change is what a deploy makes of a script.
type change struct {
	script   *served
	plan     *migrate.Plan
	runs     *running
	versions *versions // the script's, as they will be
	percent  int       // what runs takes; 0 is all
	wasm     []byte    // the module, where it is not kept yet
}

// checkGradual refuses two versions beside each other that cannot share objects
// and requests. The scripts' namespaces and bindings are those of one of them.
func (w *change) checkGradual() error {
	refuse := func(format string, args ...any) error {
		why := fmt.Sprintf(format, args...)
		return fmt.Errorf("%w: %s (deploy without a percentage)", ErrRefused, why)
	}
	stable, next := w.script.stable.module, w.runs.module
	classes := func(v program.Program) []string {
		return slices.Sorted(slices.Values(v.Classes()))
	}
	switch was, is := classes(stable), classes(next); {
	case len(w.plan.Changes) > 0:
		return refuse("a migration cannot be gradual")
	case w.runs.number == w.versions.Stable:
		return refuse("the module is that of version %d, which serves already", w.runs.number)
	case !slices.Equal(was, is):
		return refuse("the versions have different classes, %q and %q", was, is)
	case stable.HasWorker() != next.HasWorker():
		return refuse("one of the versions has a Worker and the other has none")
	}
	return nil
}

// switchTo makes the change durable and lets the version serve. The change is
// made, or nothing is: what follows once it is durable cannot fail.
func (r *Releases) switchTo(w *change) (Version, error) {
	s := w.script
	before := s.runs()
	after := release{stable: w.runs}
	stable, next := w.runs.number, 0
	if w.percent > 0 {
		after = release{stable: s.stable, next: w.runs, percent: w.percent}
		stable, next = w.versions.Stable, w.runs.number
	}
	pruned := w.versions.serve(stable, next, w.percent)
	changes, err := w.versions.changes(s.name, w.runs, w.wasm, pruned)
	if err != nil {
		return Version{}, err
	}
	// One batch: the classes and the module that fits them.
	seq, err := r.shelf.apply(w.plan, changes)
	if err == nil {
		err = r.options.Gate.Pass(r.running, gate.At(seq))
	}
	if err != nil {
		return Version{}, fmt.Errorf("keep version: %w "+
			"(what served serves on; if the log has failed, mend the disk and restart)", err)
	}
	s.release = after
	s.versions.Store(w.versions)
	r.options.App.Serve(r.serving(w.plan.Record)) // all of it at once

	r.options.Objects.Refresh()
	for _, old := range before {
		if !slices.Contains(s.runs(), old) {
			old.module.Close()
		}
	}
	item := *w.versions.find(w.runs.number)
	r.report(w.plan)
	r.options.Logger.Info("version serves", "script", s.name, "version", item.Number,
		"module", item.Hash[:12], "percent", item.Percent)
	r.destroy(w.plan.Record)
	r.prune()
	return item, nil
}

// report logs what a plan says once it is applied.
func (r *Releases) report(plan *migrate.Plan) {
	for _, w := range plan.Warnings {
		r.options.Logger.Warn("config", "at", w.Pos.String(), "warning", w.Message)
	}
	for _, change := range plan.Changes {
		r.options.Logger.Info("migrated", "change", change)
	}
}

// destroy ends the objects of deleted classes and destroys what they stored. A
// failure leaves it to the next deploy or start: the record says what is left.
func (r *Releases) destroy(record *migrate.Record) {
	ctx, cancel := context.WithTimeout(r.running, destroyLimit)
	defer cancel()
	err := func() error {
		for _, d := range record.Deleting {
			if err := r.options.Objects.Drop(ctx, d.Number); err != nil {
				return err
			}
		}
		if len(record.Deleting) == 0 {
			return nil
		}
		_, err := migrate.Finish(r.options.Store)
		return err
	}()
	if err != nil {
		r.undestroyed(err)
	}
}

func (r *Releases) undestroyed(err error) {
	r.options.Logger.Error("objects of deleted classes are left, the next start destroys them",
		"error", err)
}
