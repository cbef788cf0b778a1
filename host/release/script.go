package release

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"

	"github.com/cairn-dev/cairn/host/build"
	"github.com/cairn-dev/cairn/host/config"
	"github.com/cairn-dev/cairn/host/program"
)

// Script is a script to run.
type Script struct {
	// Config is what its wrangler file says. Required.
	Config *config.Config
	// Wasm is its module. Default: what Config.Main names.
	Wasm []byte
}

// Route gives the requests of a pattern to a script.
type Route struct {
	config.Route
	Script string
}

// CheckRoutes wants a script for each of the routes, and one for each pattern of the
// scripts' configs, unless a route decides which.
func CheckRoutes(scripts []Script, routes []Route) error {
	var names []string
	of := map[string]string{} // the script, by pattern
	for _, s := range scripts {
		names = append(names, s.Config.Name)
		for _, r := range s.Config.Routes {
			decided := slices.ContainsFunc(routes, func(given Route) bool {
				return given.Pattern == r.Pattern
			})
			if other, ok := of[r.Pattern]; ok && other != s.Config.Name && !decided {
				return &config.Error{Pos: r.Pos, Message: fmt.Sprintf(
					"The route %q is also one of script %s. "+
						"One of them has to go, or --route says which it is.", r.Pattern, other)}
			}
			of[r.Pattern] = s.Config.Name
		}
	}
	for _, r := range routes {
		if !slices.Contains(names, r.Script) {
			return fmt.Errorf("release: route %s is to script %q, which is not served (served: %s)",
				r.Pattern, r.Script, strings.Join(names, ", "))
		}
	}
	return nil
}

// Build puts a module in where a script has none: what its config names, built in a
// folder below scratch if that is a Go package.
func Build(ctx context.Context, scripts []Script, scratch string, logger *slog.Logger) error {
	for i := range scripts {
		s := &scripts[i]
		if s.Wasm != nil {
			continue
		}
		main := s.Config.MainPath()
		if info, err := os.Stat(main); err == nil && info.IsDir() {
			logger.Info("building, which takes a while for the first time",
				"script", s.Config.Name, "main", main)
		}
		var err error
		if s.Wasm, err = build.Main(ctx, main, filepath.Join(scratch, s.Config.Name)); err != nil {
			return err
		}
	}
	return nil
}

// served is one script that is served.
type served struct {
	name     string
	versions atomic.Pointer[versions] // replaced when a change of them is durable

	// What follows belongs to Start, and then to whoever holds Releases.changing.
	release
	module []byte // what a start deploys: not in the store yet
	// secrets are the variables that the host was started with, whichever version
	// runs: they are in no config that is kept.
	secrets map[string]json.RawMessage
}

// release is what a script runs: one version, or two while the next one takes
// only a share. App.Serving says the same to calls.
type release struct {
	stable, next *running
	percent      int // what next takes
}

// running is a version that runs.
type running struct {
	number int
	config *config.Config
	module program.Program
}

// runs lists the versions of a release.
func (r *release) runs() []*running {
	if r.next == nil {
		return []*running{r.stable}
	}
	return []*running{r.stable, r.next}
}

// script finds a script that is served; "" is the public one.
func (r *Releases) script(name string) (*served, error) {
	var names []string
	for _, s := range r.scripts {
		if name == "" || s.name == name {
			return s, nil
		}
		names = append(names, s.name)
	}
	return nil, fmt.Errorf("%w: %q (served: %q)", ErrNoScript, name, names)
}
