package host

import (
	"github.com/cairn-dev/cairn/host/module"
	"github.com/cairn-dev/cairn/host/release/migrate"
)

// prune removes compiled code that no version needs: neither one that is kept, of
// any script that the store knows, served now or not, nor one that runs. Whoever
// calls it holds deploying, or is Start.
func (r *Runtime) prune() {
	if !r.options.PruneCache {
		return
	}
	keep := map[string]bool{}
	if err := r.needed(keep); err != nil {
		r.options.Logger.Warn("old compiled code is left", "folder", r.options.CacheDir, "error", err)
		return
	}
	r.engine.PruneCache(keep)
}

// needed adds the modules of all kept versions.
func (r *Runtime) needed(keep map[string]bool) error {
	for _, s := range r.scripts {
		for _, item := range s.versions.Load().List {
			keep[item.Hash] = true
		}
	}
	record, err := migrate.Read(r.store)
	if err != nil {
		return err
	}
	stored := newShelf(r.store, false) // also beside drafts: serve may come next
	for name := range record.Scripts {
		v, err := stored.versions(name, "")
		if err != nil {
			return err
		}
		for _, item := range v.List {
			keep[item.Hash] = true
		}
	}
	return nil
}

// onSwap is the engine's option: only drafts are interpreted first.
func (r *Runtime) onSwap() func(*module.Code) {
	if !r.options.Draft {
		return nil
	}
	return r.swapped
}

// swapped lets objects have instances that run the code which was just compiled.
func (r *Runtime) swapped(c *module.Code) {
	<-r.started
	if r.objects == nil || r.running == nil || r.running.Err() != nil {
		return
	}
	r.objects.Refresh()
	r.options.Logger.Debug("compiled code serves", "module", c.Hash()[:12])
	if r.deploying.TryLock() { // or else the deploy prunes
		r.prune()
		r.deploying.Unlock()
	}
}
