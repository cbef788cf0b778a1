package config

import (
	"fmt"
	"slices"
	"strings"
)

func (v *validator) migrations(n *node) {
	if n.kind != kindArray {
		v.errorf(n.pos, `The optional "migrations" field should be an array, but got %s`, n.shown())
		return
	}
	first := make(map[string]int)
	for i, e := range n.elems {
		field := fmt.Sprintf("migrations[%d]", i)
		if e.kind != kindObject {
			v.errorf(e.pos, `Expected "%s" to be an object but got %s`, field, e.shown())
			continue
		}
		m := v.migration(e, field)
		if tag := e.get("tag"); m.Tag != "" {
			if j, ok := first[m.Tag]; ok {
				v.errorf(tag.pos, `"%s.tag" is %s, which is already the tag of "migrations[%d]".`,
					field, tag.shown(), j)
			} else {
				first[m.Tag] = i
			}
		}
		v.cfg.Migrations = append(v.cfg.Migrations, m)
	}
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
