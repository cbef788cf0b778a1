package migrate

import (
	"strings"

	"github.com/cairn-dev/cairn/host/config"
)

// What follows are migrations, or entries of exports, to paste into a script's
// config. Their tags are free: one that was applied would not be applied again.

func (p *planner) creates(s *Script, classes ...string) string {
	return p.advice(s, config.Migration{NewSQLiteClasses: classes})
}

func (p *planner) deletes(s *Script, class string) string {
	return p.advice(s, config.Migration{Deleted: []string{class}})
}

func (p *planner) renames(s *Script, from, to string) string {
	return p.advice(s, config.Migration{Renamed: []config.Rename{{From: from, To: to}}})
}

func (p *planner) advice(s *Script, m config.Migration) string {
	return s.Config.Advice(p.record.script(s.Config.Name).Migrations, m)
}

// names lists the scripts that are to run.
func (p *planner) names() string {
	var names []string
	for i := range p.scripts {
		names = append(names, p.scripts[i].Config.Name)
	}
	return list(names)
}

// list writes names for people.
func list(names []string) string {
	if len(names) == 0 {
		return "none"
	}
	return strings.Join(names, ", ")
}
