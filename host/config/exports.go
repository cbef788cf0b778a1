package config

import (
	"regexp"
	"slices"
)

// Export is what exports, upstream's newer form of migrations, says of one class:
// where it is to end, not how to get there. What has to be done follows from that
// and from the classes that the store has, so it has no tag.
type Export struct {
	Pos   Pos         `json:"pos,omitzero"` // of the class's name
	Class string      `json:"class,omitzero"`
	State ExportState `json:"state,omitzero"`
	// KV says that the class was declared with the storage legacy-kv.
	KV bool `json:"kv,omitzero"`
	// To is the class's new name, where it is renamed.
	To string `json:"to,omitzero"`
	// Script is the app that gets the class or that it is expected from, where it
	// is transferred.
	Script string `json:"script,omitzero"`
}

// ExportState is what becomes of a class.
type ExportState string

// The states of upstream's schema. The first and the last are of live classes,
// which bindings can name; the others say what became of a class.
const (
	ExportCreated     ExportState = "created"
	ExportDeleted     ExportState = "deleted"
	ExportRenamed     ExportState = "renamed"
	ExportTransferred ExportState = "transferred"
	ExportExpecting   ExportState = "expecting-transfer"
)

var exportStates = []ExportState{
	ExportCreated, ExportDeleted, ExportRenamed, ExportTransferred, ExportExpecting,
}

// exportKeys are the fields of a class, by state; type and state stand in all.
var exportKeys = map[ExportState][]string{
	ExportCreated:     {"storage", "container"},
	ExportDeleted:     nil,
	ExportRenamed:     {"renamed_to"},
	ExportTransferred: {"transferred_to"},
	ExportExpecting:   {"storage", "transfer_from", "container"},
}

// exports reads the classes that exports declares.
func (v *validator) exports(m *member, hasMigrations bool) {
	if hasMigrations {
		v.errorf(m.pos, "`migrations` and `exports` are mutually exclusive. Choose one or the "+
			"other to declare your Durable Object lifecycle, but not both.")
		return
	}
	if !v.object(m.value, "exports") {
		return
	}
	for i := range m.value.members {
		class := &m.value.members[i]
		field := "exports." + clip(class.key)
		if !v.object(class.value, field) || !v.exportType(class, field) {
			continue
		}
		if e, ok := v.export(class, field); ok {
			v.cfg.Exports = append(v.cfg.Exports, e)
		}
	}
}

// exportType reports whether an entry is about a class of objects, as one without
// a type is.
func (v *validator) exportType(m *member, field string) bool {
	n := m.value.get("type")
	switch {
	case n == nil:
		return true
	case n.kind == kindString && n.text == "durable-object":
		return true
	case n.kind == kindString && (n.text == "worker-entrypoint" || n.text == "workflow"):
		v.ignored(m, field, " Of exports it knows those of the type \"durable-object\".")
	default:
		v.errorf(n.pos,
			`"%s.type" must be one of "durable-object", "worker-entrypoint", or "workflow" `+
				`but got %s.`, field, n.shown())
	}
	return false
}

// export reads one class.
func (v *validator) export(m *member, field string) (e Export, ok bool) {
	e = Export{Pos: m.pos, Class: m.key, State: ExportCreated}
	if n := m.value.get("state"); n != nil {
		e.State = ExportState(n.text)
		if n.kind != kindString || !slices.Contains(exportStates, e.State) {
			v.errorf(n.pos,
				`"%s.state" must be one of "created", "deleted", "renamed", "transferred", or `+
					`"expecting-transfer" but got %s.`, field, n.shown())
			return e, false
		}
	}
	ok = true
	switch e.State {
	case ExportCreated:
		e.KV, ok = v.exportStorage(m, field, e.State)
	case ExportExpecting:
		var from bool
		e.KV, ok = v.exportStorage(m, field, e.State)
		e.Script, from = v.exportScript(m, field, "transfer_from", e.State)
		ok = ok && from
	case ExportTransferred:
		e.Script, ok = v.exportScript(m, field, "transferred_to", e.State)
	case ExportRenamed:
		e.To, ok = v.renamedTo(m, field)
	}
	known := append([]string{"type", "state"}, exportKeys[e.State]...)
	for i := range m.value.members {
		switch f := &m.value.members[i]; {
		case f.key == "container":
			v.ignored(f, field+".container", "")
		case !slices.Contains(known, f.key):
			v.unexpected(f, field, known...)
		}
	}
	return e, ok
}

// exportStorage reads which storage a class has. Here both are the same.
func (v *validator) exportStorage(m *member, field string, state ExportState) (kv, ok bool) {
	n, pos, shown := m.value.get("storage"), m.pos, "undefined"
	if n != nil {
		pos, shown = n.pos, n.shown()
		if n.kind == kindString && (n.text == "sqlite" || n.text == "legacy-kv") {
			return n.text == "legacy-kv", true
		}
	}
	v.errorf(pos, `"%s.storage" is required for state "%s" and must be one of sqlite and `+
		`legacy-kv, but got %s`,
		field, state, shown)
	return false, false
}

// exportScript reads the app at the other end of a transfer.
func (v *validator) exportScript(m *member, field, key string, state ExportState) (string, bool) {
	n, pos := m.value.get(key), m.pos
	if n != nil {
		pos = n.pos
	}
	if n == nil || n.kind != kindString || n.text == "" {
		v.errorf(pos, `"%s.%s" is required for state "%s" and must be a non-empty string.`,
			field, key, state)
		return "", false
	}
	return n.text, true
}

// identifier is a class's name in JavaScript, without escapes.
var identifier = regexp.MustCompile(`^[\p{L}\p{Nl}$_][\p{L}\p{Nl}\p{Mn}\p{Mc}\p{Nd}\p{Pc}$]*$`)

// renamedTo reads a class's new name.
func (v *validator) renamedTo(m *member, field string) (to string, ok bool) {
	n, pos := m.value.get("renamed_to"), m.pos
	if n != nil {
		pos = n.pos
	}
	switch {
	case n == nil || n.kind != kindString || n.text == "":
		v.errorf(pos, `"%s.renamed_to" is required for state "renamed" and must be a non-empty `+
			`string.`, field)
	case !identifier.MatchString(n.text):
		v.errorf(pos, `"%s.renamed_to" must be a valid JavaScript identifier (got %s).`,
			field, n.shown())
	case n.text == m.key:
		v.errorf(pos, `"%s.renamed_to" cannot equal the source class name %s.`,
			field, clip(quoted(m.key)))
	default:
		return n.text, true
	}
	return "", false
}

// Exported reports whether exports has a class as a live one.
func (c *Config) Exported(class string) bool {
	return slices.ContainsFunc(c.Exports, func(e Export) bool {
		return e.Class == class && (e.State == ExportCreated || e.State == ExportExpecting)
	})
}
