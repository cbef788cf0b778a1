package app

import (
	"fmt"
	"path/filepath"
	"slices"
	"strings"

	"github.com/cairn-dev/cairn/host/config"
)

// What follows are migrations to paste into a script's config, each in the
// syntax of that file and under a tag that is free.

func (p *planner) creates(s *Script, class string) string {
	return p.advice(s, "new_sqlite_classes", fmt.Sprintf("%q", class))
}

func (p *planner) deletes(s *Script, class string) string {
	return p.advice(s, "deleted_classes", fmt.Sprintf("%q", class))
}

func (p *planner) renames(s *Script, from, to string) string {
	return p.advice(s, "renamed_classes", table(s, "from", from, "to", to))
}

// table writes keys and values in turn as one object.
func table(s *Script, pairs ...string) string {
	is := "%q: %q"
	if isTOML(s) {
		is = "%s = %q"
	}
	var fields []string
	for i := 0; i < len(pairs); i += 2 {
		fields = append(fields, fmt.Sprintf(is, pairs[i], pairs[i+1]))
	}
	return "{ " + strings.Join(fields, ", ") + " }"
}

func (p *planner) advice(s *Script, step, value string) string {
	tag := p.freeTag(s)
	switch {
	case isTOML(s):
		return fmt.Sprintf("\t[[migrations]]\n\ttag = %q\n\t%s = [%s]", tag, step, value)
	case len(s.Config.Migrations) > 0:
		return fmt.Sprintf("\t{ \"tag\": %q, %q: [%s] }  // at the end of \"migrations\"", tag, step, value)
	default:
		return fmt.Sprintf("\t\"migrations\": [{ \"tag\": %q, %q: [%s] }]", tag, step, value)
	}
}

func isTOML(s *Script) bool { return strings.EqualFold(filepath.Ext(s.Config.Path), ".toml") }

// freeTag returns a tag that no migration of the script has or had: one that it
// had would not be applied.
func (p *planner) freeTag(s *Script) string {
	all, applied := s.Config.Migrations, p.record.script(s.Config.Name).Migrations
	for n := len(all) + 1; ; n++ {
		tag := fmt.Sprintf("v%d", n)
		if !slices.Contains(applied, tag) &&
			!slices.ContainsFunc(all, func(m config.Migration) bool { return m.Tag == tag }) {
			return tag
		}
	}
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
