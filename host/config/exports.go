package config

import (
	"fmt"
	"regexp"
	"slices"
)

// exports is upstream's other way to declare classes, which cairn does not have:
// it says what there is and not how to get there, and a class that is lost by a
// slip would be lost with its objects. Going on without would run the app without
// its objects, so it is an error, with the migrations that say the same.
func (v *validator) exports(m *member, hasMigrations bool) {
	if hasMigrations {
		v.errorf(m.pos, "`migrations` and `exports` are mutually exclusive. Choose one or the "+
			"other to declare your Durable Object lifecycle, but not both.")
		return
	}
	if !v.object(m.value, "exports") {
		return
	}
	before, classes := len(v.errs), exported{}
	for i := range m.value.members {
		v.export(&m.value.members[i], &classes)
	}
	if len(v.errs) > before {
		return // what is wrong comes first; this would be only half of the classes
	}
	v.errorf(m.pos, "cairn does not support `exports`. Declare the classes with `migrations` "+
		"instead:\n%s", v.replacement(&classes))
}

// exported are the classes that exports declares, by what becomes of them.
type exported struct {
	sqlite, kv, deleted, renamed, transferred []string // the last three as in a migration
	targets                                   []string // that the last two make
}

var exportStates = []string{"created", "deleted", "renamed", "transferred", "expecting-transfer"}

// identifier is a class's name in JavaScript, without escapes.
var identifier = regexp.MustCompile(`^[\p{L}\p{Nl}$_][\p{L}\p{Nl}\p{Mn}\p{Mc}\p{Nd}\p{Pc}$]*$`)

// export reads one class.
func (v *validator) export(m *member, classes *exported) {
	field, class := "exports."+clip(m.key), quoted(m.key)
	if !v.object(m.value, field) {
		return
	}
	state := "created"
	if n := m.value.get("state"); n != nil {
		if n.kind != kindString || !slices.Contains(exportStates, n.text) {
			v.errorf(n.pos, `"%s.state" must be one of "created", "deleted", "renamed", "transferred", or `+
				`"expecting-transfer" but got %s.`, field, n.shown())
			return
		}
		state = n.text
	}
	switch state {
	case "created", "expecting-transfer":
		storage, ok := v.exportStorage(m, field, state)
		from := m.value.get("transfer_from")
		switch {
		case !ok:
			return
		case storage == "legacy-kv":
			classes.kv = append(classes.kv, class)
		default:
			classes.sqlite = append(classes.sqlite, class)
		}
		if state == "expecting-transfer" && from != nil && from.kind == kindString {
			classes.targets = append(classes.targets, class)
			classes.transferred = append(classes.transferred,
				v.step("from", class, "from_script", quoted(from.text), "to", class))
		}
	case "deleted":
		classes.deleted = append(classes.deleted, class)
	case "renamed":
		if to, ok := v.renamedTo(m, field); ok {
			classes.renamed = append(classes.renamed, v.step("from", class, "to", quoted(to)))
			classes.targets = append(classes.targets, quoted(to))
		}
	}
}

// exportStorage reads which storage a class has.
func (v *validator) exportStorage(m *member, field, state string) (storage string, ok bool) {
	n, pos, shown := m.value.get("storage"), m.pos, "undefined"
	if n != nil {
		pos, shown = n.pos, n.shown()
		if n.kind == kindString && (n.text == "sqlite" || n.text == "legacy-kv") {
			return n.text, true
		}
	}
	v.errorf(pos, `"%s.storage" is required for state "%s" and must be one of sqlite and legacy-kv, but got %s`,
		field, state, shown)
	return "", false
}

// renamedTo reads a class's new name.
func (v *validator) renamedTo(m *member, field string) (to string, ok bool) {
	n, pos := m.value.get("renamed_to"), m.pos
	if n != nil {
		pos = n.pos
	}
	switch {
	case n == nil || n.kind != kindString || n.text == "":
		v.errorf(pos, `"%s.renamed_to" is required for state "renamed" and must be a non-empty string.`, field)
	case !identifier.MatchString(n.text):
		v.errorf(pos, `"%s.renamed_to" must be a valid JavaScript identifier (got %s).`, field, n.shown())
	case n.text == m.key:
		v.errorf(pos, `"%s.renamed_to" cannot equal the source class name %s.`, field, clip(quoted(m.key)))
	default:
		return n.text, true
	}
	return "", false
}

// step writes keys and values, which are quoted, as one object.
func (v *validator) step(pairs ...string) string {
	is := "%q: %s"
	if v.format == formatTOML {
		is = "%s = %s"
	}
	text := ""
	for i := 0; i < len(pairs); i += 2 {
		if i > 0 {
			text += ", "
		}
		text += fmt.Sprintf(is, pairs[i], pairs[i+1])
	}
	return "{ " + text + " }"
}

// replacement is the migration that declares the classes where a store has none
// of their objects, and the one for a store that has.
func (v *validator) replacement(c *exported) string {
	if len(c.sqlite)+len(c.kv)+len(c.deleted)+len(c.renamed)+len(c.transferred) == 0 {
		return v.advice("v1", false, "MyClass")
	}
	text := v.migrationText("v1", false, adviceField{"new_sqlite_classes", c.sqlite}, adviceField{"new_classes", c.kv})
	if len(c.deleted)+len(c.renamed)+len(c.transferred) == 0 {
		return text
	}
	isTarget := func(class string) bool { return slices.Contains(c.targets, class) }
	return text + "\nIf this store has objects of the classes that are renamed, deleted or taken over, this instead:\n" +
		v.migrationText("v1", false,
			adviceField{"new_sqlite_classes", slices.DeleteFunc(slices.Clone(c.sqlite), isTarget)},
			adviceField{"new_classes", slices.DeleteFunc(slices.Clone(c.kv), isTarget)},
			adviceField{"renamed_classes", c.renamed}, adviceField{"deleted_classes", c.deleted},
			adviceField{"transferred_classes", c.transferred})
}
