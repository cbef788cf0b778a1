package release

import (
	"github.com/cairn-dev/cairn/host/module"
	"github.com/cairn-dev/cairn/host/release/migrate"
)

// prune removes compiled code that no version needs: neither one that is kept, of
// any script that the store knows, served now or not, nor one that runs. Whoever
// calls it holds changing, or is Start.
func (r *Releases) prune() {
	if !r.options.PruneCache {
		return
	}
	keep := map[string]bool{}
	if err := r.needed(keep); err != nil {
		r.options.Logger.Warn("old compiled code is left", "error", err)
		return
	}
	r.options.Engine.PruneCache(keep)
}

// needed adds the modules of all kept versions.
func (r *Releases) needed(keep map[string]bool) error {
	for _, s := range r.scripts {
		for _, item := range s.versions.Load().List {
			keep[item.Hash] = true
		}
	}
	record, err := migrate.Read(r.options.Store)
	if err != nil {
		return err
	}
	stored := newShelf(r.options.Store, false) // also beside drafts: serve may come next
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

// Swapped lets objects have instances that run the code which was just compiled for a
// module that an interpreter has run until now.
func (r *Releases) Swapped(c *module.Code) {
	if r.running.Err() != nil {
		return
	}
	r.options.Objects.Refresh()
	r.options.Logger.Debug("compiled code serves", "module", c.Hash()[:12])
	if r.changing.TryLock() { // or else the deploy prunes
		r.prune()
		r.changing.Unlock()
	}
}
