package release

import (
	"github.com/cairn-dev/cairn/host/app"
	"github.com/cairn-dev/cairn/host/config"
)

// Serving returns what calls begin with now.
func (r *Releases) Serving() *app.Serving { return r.options.App.Serving() }

// Kept returns the config that is kept of a version.
func (r *Releases) Kept(script string, v *Version) (*config.Config, error) {
	return r.shelf.config(script, v)
}
