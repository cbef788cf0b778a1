package config

import "fmt"

func (v *validator) durableObjects(n *node) {
	if !v.object(n, "durable_objects") {
		return
	}
	for i := range n.members {
		if m := &n.members[i]; m.key != "bindings" {
			v.unexpected(m, "durable_objects", "bindings")
		}
	}
	bindings := n.get("bindings")
	if bindings == nil {
		v.errorf(n.pos, `The field "durable_objects" is missing the required "bindings" property.`)
		return
	}
	if bindings.kind != kindArray {
		v.errorf(bindings.pos, `The field "durable_objects.bindings" should be an array but got %s.`,
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
