package config

import (
	"fmt"
	"strconv"
	"time"
)

func (v *validator) durableObjects(n *node) {
	if !v.object(n, "durable_objects") {
		return
	}
	for i := range n.members {
		switch m := &n.members[i]; m.key {
		case "bindings":
		case "code_update_strategy":
			v.codeUpdates(m)
		default:
			v.unexpected(m, "durable_objects", "bindings", "code_update_strategy")
		}
	}
	bindings := n.get("bindings")
	if bindings == nil {
		if n.find("code_update_strategy") != nil {
			return
		}
		v.errorf(n.pos, `The field "durable_objects" is missing the required "bindings" property.`)
		return
	}
	if bindings.kind != kindArray {
		v.errorf(bindings.pos,
			`The field "durable_objects.bindings" should be an array but got %s.`,
			bindings.shown())
		return
	}
	seen := make(map[string]Pos)
	for i, e := range bindings.elems {
		b, ok := v.binding(e, fmt.Sprintf("durable_objects.bindings[%d]", i))
		if !ok {
			continue
		}
		if first, ok := seen[b.Name]; ok {
			v.errorf(b.Pos, "The binding name %s is already used in line %d.",
				clip(quoted(b.Name)), first.Line)
			continue
		}
		seen[b.Name] = b.Pos
		v.cfg.Bindings = append(v.cfg.Bindings, b)
	}
}

// binding reads one binding; ok says that it has a name.
func (v *validator) binding(n *node, field string) (b Binding, ok bool) {
	if n.kind != kindObject {
		v.errorf(n.pos, `Expected "%s" to be an object but got %s`, field, n.shown())
		return b, false
	}
	b.Pos = n.pos
	for i := range n.members {
		switch m := &n.members[i]; m.key {
		case "name", "class_name", "script_name", "environment":
		default:
			v.unexpected(m, field, "name", "class_name", "script_name", "environment")
		}
	}
	b.Name = v.bindingField(n, field, "name", true)
	b.ClassName = v.bindingField(n, field, "class_name", true)
	b.ScriptName = v.bindingField(n, field, "script_name", false)
	b.Environment = v.bindingField(n, field, "environment", false)
	if m := n.find("environment"); m != nil && n.find("script_name") == nil {
		v.errorf(m.pos, `binding should have a "script_name" field if "environment" is present.`)
	}
	return b, b.Name != ""
}

func (v *validator) bindingField(n *node, field, key string, required bool) string {
	value := n.get(key)
	switch {
	case value == nil && required:
		v.errorf(n.pos, `binding should have a string "%s" field.`, key)
	case value == nil:
	case value.kind != kindString && required:
		v.errorf(value.pos, `binding should have a string "%s" field.`, key)
	case value.kind != kindString:
		v.errorf(value.pos, `the field "%s", when present, should be a string.`, key)
	default:
		s, _ := v.filled(value, field+"."+key)
		return s
	}
	return ""
}

// maxCodeDelay is upstream's limit of code_update_strategy.max_delay.
const maxCodeDelay = 24 * time.Hour

// codeUpdates checks what upstream is told about how long objects may go on with
// old code. Nothing follows from it here: a new version takes an object over
// between two of its calls, which ends no call and waits for none.
func (v *validator) codeUpdates(m *member) {
	const field = "code_update_strategy"
	if !v.object(m.value, field) {
		return
	}
	for i := range m.value.members {
		switch f := &m.value.members[i]; f.key {
		case "mode":
			if f.value.kind != kindString || f.value.text != "deferred" &&
				f.value.text != "immediate" {
				v.errorf(f.value.pos,
					`Expected "%s.mode" to be "deferred" or "immediate" but got %s.`,
					field, f.value.shown())
			}
		case "max_delay":
			if !codeDelay(f.value) {
				v.errorf(f.value.pos,
					`Expected "%s.max_delay" to be seconds from 0 to %d, or a duration such as `+
						`"30s", but got %s.`, field, int(maxCodeDelay.Seconds()), f.value.shown())
			}
		default:
			v.unexpected(f, field, "mode", "max_delay")
		}
	}
}

// codeDelay reports whether a value is a delay that upstream takes.
func codeDelay(n *node) bool {
	if seconds, err := strconv.ParseFloat(n.text, 64); err == nil && n.kind == kindNumber {
		return seconds >= 0 && seconds <= maxCodeDelay.Seconds()
	}
	d, err := time.ParseDuration(n.text)
	return err == nil && n.kind == kindString && d >= 0 && d <= maxCodeDelay
}
