package release

import (
	"github.com/cairn-dev/cairn/host/app"
	"github.com/cairn-dev/cairn/host/observe"
	"github.com/cairn-dev/cairn/host/release/migrate"
)

// serving is what calls begin with, of what the scripts run now: their versions,
// the classes that the record says they have, and what each version reaches.
func (r *Releases) serving(record *migrate.Record) *app.Serving {
	now := &app.Serving{Classes: map[uint32]*app.Class{}}
	byName := map[string]map[string]*app.Namespace{} // by script, by class
	var known map[uint32]*app.Class
	if before := r.options.App.Serving(); before != nil {
		known = before.Classes
	}
	for _, s := range r.scripts {
		script := &app.Script{Name: s.name, Percent: s.percent,
			Counts: r.options.Metrics.Script(s.name)}
		now.Scripts = append(now.Scripts, script)
		byName[s.name] = map[string]*app.Namespace{}
		for class, n := range record.Scripts[s.name].Namespaces {
			// The record can have a class that the module lacks: one without objects.
			if _, ok := s.stable.module.Class(class); !ok {
				continue
			}
			c := &app.Class{Name: class, Script: script}
			if k := known[n.Number]; k != nil {
				c.Namespace = k.Namespace
			} else {
				c.Namespace = app.NewNamespace(n.Number, n.UniqueKey)
			}
			now.Classes[n.Number] = c
			byName[s.name][class] = c.Namespace
		}
	}
	for i, s := range r.scripts {
		now.Scripts[i].Stable = r.version(s, s.stable, byName)
		if s.next != nil {
			now.Scripts[i].Next = r.version(s, s.next, byName)
		}
	}
	now.Routes = r.routes(now.Scripts)
	r.count(now)
	return now
}

// routes are those of the host's options, and then those of the configs that the
// scripts' stable versions run with. A single script needs none.
func (r *Releases) routes(scripts []*app.Script) *app.Routes {
	if len(scripts) == 1 {
		return nil
	}
	var list []app.Route
	for _, given := range r.options.Routes {
		for _, s := range scripts {
			if s.Name == given.Script {
				list = append(list, app.Route{Pattern: given.Pattern, Script: s})
			}
		}
	}
	for i, s := range r.scripts {
		for _, c := range s.stable.config.Routes {
			list = append(list,
				app.Route{Pattern: c.Pattern, Script: scripts[i], Custom: c.Custom})
		}
	}
	return app.NewRoutes(list)
}

// version is a version with what its config lets its guests reach. The plan has
// checked that the namespaces exist.
func (r *Releases) version(s *served, v *running,
	byName map[string]map[string]*app.Namespace) *app.Version {
	reach := app.Reach{
		Vars: map[string][]byte{}, Bindings: map[string]app.Capability{},
		CPULimit: r.options.CPULimit, CallLimit: v.config.CallLimit, Outbound: r.options.Outbound,
	}
	if v.config.CPULimit != 0 {
		reach.CPULimit = v.config.CPULimit
	}
	for name, value := range v.config.Vars {
		reach.Vars[name] = value
	}
	for name, value := range s.secrets {
		reach.Vars[name] = value
	}
	for _, b := range v.config.Bindings {
		owner := s.name
		if b.ScriptName != "" {
			owner = b.ScriptName
		}
		reach.Bindings[b.Name] = byName[owner][b.ClassName]
	}
	return &app.Version{Number: v.number, Program: v.module, Reach: reach,
		Counts: r.options.Metrics.Script(s.name),
		Logger: r.options.Guests.With("script", s.name, "version", v.number)}
}

// count lets the metrics count what is served from now on, and nothing else.
func (r *Releases) count(now *app.Serving) {
	var scripts []*observe.Script
	for _, s := range now.Scripts {
		scripts = append(scripts, s.Counts)
	}
	var classes []*observe.Class
	for _, c := range now.Classes {
		counts := r.options.Metrics.Class(c.Script.Name, c.Name)
		c.Namespace.Count(counts)
		classes = append(classes, counts)
	}
	r.options.Metrics.Retain(scripts, classes)
}
