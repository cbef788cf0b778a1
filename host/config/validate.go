package config

import (
	"encoding/json"
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"
)

const (
	// maxNameBytes bounds an app's name, which becomes part of keys and paths:
	// what file systems take as one name.
	maxNameBytes = 255
	// maxCPUMS bounds limits.cpu_ms: an hour, twelve times what upstream sells.
	// A larger number is a mistake in the unit.
	maxCPUMS = 3_600_000
	// maxSubrequests bounds limits.subrequests: upstream's most.
	maxSubrequests = 10_000_000
)

// validator walks the tree of a file into cfg. Its messages about what upstream
// also checks are upstream's, word for word (SEMANTICS 4.2).
type validator struct {
	*report
	format format
	cfg    *Config
	// unknown counts the keys that nobody knows, slips has those of the top level by
	// the known one that they are closest to.
	unknown int
	slips   map[string]*member
}

func (v *validator) file(root *node) {
	if root.kind != kindObject {
		v.errorf(root.pos, "The file should be an object but got %s.", root.shown())
		return
	}
	if m := root.find("env"); m != nil {
		v.named(m)
	}
	if v.cfg.Env != "" {
		if root = v.environment(root, v.cfg.Env); root == nil {
			return
		}
	}
	for i := range root.members {
		v.field(root, &root.members[i])
	}
	if root.find("name") == nil {
		v.unnamed(root)
	}
	if root.find("main") == nil {
		text := `"main" is a required field: the .wasm file,` +
			` Go folder or script that the app starts from.`
		if slip := v.slips["main"]; slip != nil {
			text += fmt.Sprintf(" Line %d has %s: did you mean \"main\"?",
				slip.pos.Line, clip(quoted(slip.key)))
		}
		v.errorf(root.pos, "%s", text)
	}
	for _, key := range []string{"migrations", "exports"} {
		if n := root.get(key); n != nil {
			v.cfg.shape = shape{migrations: key == "migrations", inline: n.inline}
		}
	}
	v.checkEnvNames()
	if len(v.errs) == 0 {
		v.checkClasses()
	}
}

// unnamed names an app that has no name.
func (v *validator) unnamed(root *node) {
	v.cfg.Name = DefaultName
	if v.cfg.Env != "" {
		v.cfg.Name += "-" + v.cfg.Env
	}
	v.warnf(root.pos, "There is no \"name\": the app is called %q, and its objects are found by "+
		"that name. Give it one of its own before it has objects to keep.", v.cfg.Name)
}

func (v *validator) field(root *node, m *member) {
	switch m.key {
	case "$schema", "env":
	case "name":
		v.name(m.value)
	case "main":
		v.cfg.MainPos = m.value.pos
		v.cfg.Main, _ = v.filled(m.value, "main")
	case "compatibility_date":
		v.compatibilityDate(m.value)
	case "compatibility_flags":
		v.cfg.CompatibilityFlags = v.strings(m.value, "compatibility_flags")
	case "vars":
		v.vars(m.value)
	case "durable_objects":
		v.durableObjects(m.value)
	case "migrations":
		v.migrations(m.value)
	case "exports":
		v.exports(m, root.find("migrations") != nil)
	case "secrets":
		v.secrets(m)
	case "route", "routes":
		if m.key == "route" && root.find("routes") != nil {
			v.errorf(m.pos,
				"`route` and `routes` are mutually exclusive. Write them all into `routes`.")
			return
		}
		v.routes(m)
	case "code_update_strategy":
		v.codeUpdates(m)
	case "limits":
		v.limits(m.value)
	default:
		v.unused(m)
	}
}

func (v *validator) name(n *node) {
	s, ok := v.filled(n, "name")
	if !ok {
		return
	}
	legal := func(c rune) bool {
		return 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9' ||
			c == '-' || c == '_'
	}
	if strings.ContainsFunc(s, func(c rune) bool { return !legal(c) }) {
		v.errorf(n.pos, `Expected "name" to be of letters, digits, dashes and underscores `+
			`only but got %s.`, n.shown())
	} else if len(s) > maxNameBytes {
		v.errorf(n.pos, `Expected "name" to be at most %d bytes long but got %d.`,
			maxNameBytes, len(s))
	}
	v.cfg.Name = s
}

func (v *validator) compatibilityDate(n *node) {
	s, ok := v.str(n, "compatibility_date")
	if !ok {
		return
	}
	if _, err := time.Parse(time.DateOnly, s); err != nil {
		v.errorf(n.pos, `Expected "compatibility_date" to be a date such as "2026-01-31" `+
			`but got %s.`, n.shown())
	}
	v.cfg.CompatibilityDate = s
}

func (v *validator) vars(n *node) {
	if !v.object(n, "vars") {
		return
	}
	v.cfg.Vars = make(map[string]json.RawMessage, len(n.members))
	for _, m := range n.members {
		v.cfg.Vars[m.key] = m.value.appendJSON(nil)
	}
}

// secrets reads which secrets the app needs.
func (v *validator) secrets(m *member) {
	if !v.object(m.value, "secrets") {
		return
	}
	for i := range m.value.members {
		switch f := &m.value.members[i]; f.key {
		case "required":
			v.cfg.Needs = append([]string{}, v.strings(f.value, "secrets.required")...)
		default:
			v.unexpected(f, "secrets", "required")
		}
	}
}

func (v *validator) limits(n *node) {
	if !v.object(n, "limits") {
		return
	}
	for i := range n.members {
		switch m := &n.members[i]; m.key {
		case "cpu_ms":
			v.cfg.CPULimit = time.Duration(v.limit(m, maxCPUMS)) * time.Millisecond
		case "subrequests":
			v.cfg.CallLimit = v.limit(m, maxSubrequests)
		default:
			v.unexpected(m, "limits", "cpu_ms", "subrequests")
		}
	}
}

// limit returns what a limit is set to, 0 after an error.
func (v *validator) limit(m *member, most int) int {
	n, err := strconv.ParseFloat(m.value.text, 64)
	if m.value.kind != kindNumber || err != nil || n < 1 || n > float64(most) ||
		n != math.Trunc(n) {
		v.errorf(m.value.pos, `Expected "limits.%s" to be a whole number from 1 to %d but got %s.`,
			m.key, most, m.value.shown())
		return 0
	}
	return int(n)
}

// checkEnvNames reports a binding whose name is taken by a variable: both would
// be the same property of env.
func (v *validator) checkEnvNames() {
	for _, b := range v.cfg.Bindings {
		if _, ok := v.cfg.Vars[b.Name]; ok {
			v.errorf(b.Pos, `The binding name %s is also the name of a variable in "vars".`,
				clip(quoted(b.Name)))
		}
	}
}

// object reports whether n is an object; if not, that is an error.
func (v *validator) object(n *node, field string) bool {
	if n.kind != kindObject {
		v.errorf(n.pos, `The field "%s" should be an object but got %s.`, field, n.shown())
	}
	return n.kind == kindObject
}

// str returns n's string; if it is none, that is an error.
func (v *validator) str(n *node, field string) (s string, ok bool) {
	if n.kind != kindString {
		v.errorf(n.pos, `Expected "%s" to be of type string but got %s.`, field, n.shown())
		return "", false
	}
	return n.text, true
}

// filled is str for strings that must not be empty.
func (v *validator) filled(n *node, field string) (s string, ok bool) {
	if s, ok = v.str(n, field); ok && s == "" {
		v.errorf(n.pos, `Expected "%s" not to be empty.`, field)
		return "", false
	}
	return s, ok
}

// strings returns an array of strings that are not empty.
func (v *validator) strings(n *node, field string) []string {
	if n.kind != kindArray {
		v.errorf(n.pos, `Expected "%s" to be an array of strings but got %s.`, field, n.shown())
		return nil
	}
	var list []string
	for i, e := range n.elems {
		if s, ok := v.filled(e, field+".["+strconv.Itoa(i)+"]"); ok {
			list = append(list, s)
		}
	}
	return list
}
