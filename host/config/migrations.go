package config

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
)

func (v *validator) migrations(n *node) {
	if n.kind != kindArray {
		v.errorf(n.pos, `The optional "migrations" field should be an array, but got %s`, n.shown())
		return
	}
	seen := make(map[string][]*node)
	for i, e := range n.elems {
		field := fmt.Sprintf("migrations[%d]", i)
		if e.kind != kindObject {
			v.errorf(e.pos, `Expected "%s" to be an object but got %s`, field, e.shown())
			continue
		}
		m := v.migration(e, field)
		if m.Tag != "" && v.repeats(&m, e, seen) {
			continue
		}
		v.cfg.Migrations = append(v.cfg.Migrations, m)
	}
}

// repeats looks whether a tag is that of a migration before. Wrangler takes that,
// and does both; so the later one gets a tag of its own here, which tells whether
// it was applied. One that says the same again says nothing: repeats is true.
func (v *validator) repeats(m *Migration, e *node, seen map[string][]*node) bool {
	tag, before := m.Tag, seen[m.Tag]
	seen[tag] = append(before, e)
	if len(before) == 0 {
		return false
	}
	line := before[0].pos.Line
	same := func(n *node) bool { return bytes.Equal(n.appendJSON(nil), e.appendJSON(nil)) }
	if slices.ContainsFunc(before, same) {
		v.warnf(e.pos, "The migration %s is the same as that in line %d, and ignored.",
			clip(quoted(tag)), line)
		return true
	}
	for n := len(before) + 1; seen[m.Tag] != nil; n++ {
		m.Tag = fmt.Sprintf("%s (%d)", tag, n)
	}
	seen[m.Tag] = []*node{e}
	v.warnf(e.get("tag").pos, "The tag %s is already that of the migration in line %d. Both are "+
		"applied; this one is kept as %s. Give each its own before you change them.",
		clip(quoted(tag)), line, clip(quoted(m.Tag)))
	return false
}

func (v *validator) migration(n *node, field string) Migration {
	out := Migration{Pos: n.pos}
	if n.find("tag") == nil {
		v.errorf(n.pos, `"%s.tag" is a required field.`, field)
	}
	for i := range n.members {
		m := &n.members[i]
		path := field + "." + m.key
		switch m.key {
		case "tag":
			out.Tag, _ = v.filled(m.value, path)
		case "new_classes":
			out.NewClasses = v.strings(m.value, path)
		case "new_sqlite_classes":
			out.NewSQLiteClasses = v.strings(m.value, path)
		case "deleted_classes":
			out.Deleted = v.strings(m.value, path)
		case "renamed_classes":
			for _, s := range v.steps(m.value, path, "from", "to") {
				out.Renamed = append(out.Renamed, Rename{s[0], s[1]})
			}
		case "transferred_classes":
			for _, s := range v.steps(m.value, path, "from", "from_script", "to") {
				out.Transferred = append(out.Transferred, Transfer{s[0], s[1], s[2]})
			}
		default:
			v.unexpected(m, "migrations", "tag", "new_classes", "new_sqlite_classes",
				"deleted_classes", "renamed_classes", "transferred_classes")
		}
	}
	return out
}

// steps reads an array of objects that have the keys, all strings, and returns
// the strings in the order of keys.
func (v *validator) steps(n *node, field string, keys ...string) [][]string {
	// Upstream says the same whatever is wrong; the position tells more.
	wrong := func(at *node) [][]string {
		v.errorf(at.pos, `Expected "%s" to be an array of "{%s: string}" objects but got %s.`,
			field, strings.Join(keys, ": string, "), n.shown())
		return nil
	}
	if n.kind != kindArray {
		return wrong(n)
	}
	var list [][]string
	for i, e := range n.elems {
		var step []string
		for _, key := range keys {
			value := e.get(key)
			if value == nil {
				return wrong(e)
			}
			if value.kind != kindString {
				return wrong(value)
			}
			s, _ := v.filled(value, fmt.Sprintf("%s[%d].%s", field, i, key))
			step = append(step, s)
		}
		for j := range e.members {
			if m := &e.members[j]; !slices.Contains(keys, m.key) {
				v.unexpected(m, fmt.Sprintf("%s[%d]", field, i), keys...)
			}
		}
		list = append(list, step)
	}
	return list
}
