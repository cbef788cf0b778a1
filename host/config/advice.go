package config

import (
	"fmt"
	"path/filepath"
	"slices"
	"strings"
)

// shape is how the file says what a user may have to add to: pasted text has to
// fit in.
type shape struct {
	migrations bool // there is a key migrations
	inline     bool // TOML: its value, or that of exports, is written after a =
}

// Advice writes what a user can paste into the config's file so that it says what
// m does as well, in the file's syntax: entries of exports where the file has
// those, else one migration, under a tag that is neither in the file nor in
// applied. Of a file with exports, m's Transferred has no advice.
func (c *Config) Advice(applied []string, m Migration) string {
	m.Tag = c.freeTag(applied)
	switch {
	case len(c.Exports) > 0:
		return c.exportAdvice(m)
	case c.isTOML() && !(c.shape.migrations && c.shape.inline):
		text := "\t[[migrations]]"
		for _, f := range m.fields(c) {
			text += "\n\t" + f[0] + " = " + f[1]
		}
		return text
	}
	// As a whole: where a comma is missing behind the last one, nobody can tell.
	var list []string
	for _, one := range append(slices.Clone(c.Migrations), m) {
		list = append(list, c.object(one.fields(c)))
	}
	array := "[" + strings.Join(list, ", ") + "]"
	if c.isTOML() {
		return "\tmigrations = " + array + "  # in place of \"migrations\""
	}
	text := "\t\"migrations\": " + array + ","
	if c.shape.migrations || len(c.Migrations) > 0 {
		text += "  // in place of \"migrations\""
	}
	return text
}

// exportAdvice is Advice for a file with exports.
func (c *Config) exportAdvice(m Migration) string {
	var lines []string
	entry := func(class string, pairs ...string) {
		fields := [][2]string{{"type", quoted("durable-object")}}
		for i := 0; i < len(pairs); i += 2 {
			fields = append(fields, [2]string{pairs[i], quoted(pairs[i+1])})
		}
		switch {
		case !c.isTOML():
			lines = append(lines, "\t"+quoted(class)+": "+c.object(fields)+",")
		case c.shape.inline:
			lines = append(lines, tomlKey(class)+" = "+c.object(fields)+",")
		default:
			lines = append(lines, "\t[exports."+tomlKey(class)+"]")
			for _, f := range fields {
				lines = append(lines, "\t"+f[0]+" = "+f[1])
			}
		}
	}
	for _, class := range slices.Concat(m.NewSQLiteClasses, m.NewClasses) {
		entry(class, "storage", "sqlite")
	}
	for _, r := range m.Renamed {
		entry(r.From, "state", "renamed", "renamed_to", r.To)
	}
	for _, class := range m.Deleted {
		entry(class, "state", "deleted")
	}
	if len(lines) > 0 && !c.isTOML() {
		lines[0] += "  // first in \"exports\""
	}
	if c.shape.inline {
		return strings.Join(lines, " ") // an inline table has one line
	}
	return strings.Join(lines, "\n")
}

// fields are the keys of a migration with their values, as the file writes those.
func (m *Migration) fields(c *Config) [][2]string {
	fields := [][2]string{{"tag", quoted(m.Tag)}}
	add := func(key string, list []string) {
		if len(list) > 0 {
			fields = append(fields, [2]string{key, "[" + strings.Join(list, ", ") + "]"})
		}
	}
	names := func(classes []string) (list []string) {
		for _, class := range classes {
			list = append(list, quoted(class))
		}
		return list
	}
	add("new_classes", names(m.NewClasses))
	add("new_sqlite_classes", names(m.NewSQLiteClasses))
	var renamed, transferred []string
	for _, r := range m.Renamed {
		renamed = append(renamed,
			c.object([][2]string{{"from", quoted(r.From)}, {"to", quoted(r.To)}}))
	}
	for _, t := range m.Transferred {
		transferred = append(transferred, c.object([][2]string{{"from", quoted(t.From)},
			{"from_script", quoted(t.FromScript)}, {"to", quoted(t.To)}}))
	}
	add("renamed_classes", renamed)
	add("deleted_classes", names(m.Deleted))
	add("transferred_classes", transferred)
	return fields
}

// object writes fields as one object on one line.
func (c *Config) object(fields [][2]string) string {
	is := "%q: %s"
	if c.isTOML() {
		is = "%s = %s"
	}
	var list []string
	for _, f := range fields {
		list = append(list, fmt.Sprintf(is, f[0], f[1]))
	}
	return "{ " + strings.Join(list, ", ") + " }"
}

func (c *Config) isTOML() bool { return strings.EqualFold(filepath.Ext(c.Path), ".toml") }

// tomlKey writes a key of TOML, bare where it may be.
func tomlKey(key string) string {
	quote := func(r rune) bool {
		return r != '-' && r != '_' && !('0' <= r && r <= '9') && !('a' <= r && r <= 'z') &&
			!('A' <= r && r <= 'Z')
	}
	if key != "" && !strings.ContainsFunc(key, quote) {
		return key
	}
	return quoted(key)
}

// freeTag returns a tag that no migration has: one that was applied would not be
// applied again.
func (c *Config) freeTag(applied []string) string {
	for n := len(c.Migrations) + 1; ; n++ {
		tag := fmt.Sprintf("v%d", n)
		if !slices.Contains(applied, tag) &&
			!slices.ContainsFunc(c.Migrations, func(m Migration) bool { return m.Tag == tag }) {
			return tag
		}
	}
}
