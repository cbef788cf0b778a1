package config

import (
	"strings"
)

// notInherited are the keys that an environment has only where it says them
// itself, as upstream: what env is made of. Everything else comes from the top
// level where the environment is silent.
func notInherited(key string) bool {
	switch key {
	case "vars", "durable_objects", "define":
		return true
	}
	return ignoredBindings[key] || key == "tail_consumers" || key == "containers"
}

// either are keys that say the same in two ways: an environment that has one does
// not inherit the other.
var either = map[string]string{
	"route": "routes", "routes": "route", "migrations": "exports", "exports": "migrations",
}

// environment returns the file as it is for an environment, nil if there is none of
// that name, which is an error.
func (v *validator) environment(root *node, name string) *node {
	all := root.get("env")
	if all != nil && all.kind != kindObject {
		return nil // said by named
	}
	var env *node
	var known []string
	if all != nil {
		env = all.get(name)
		for _, m := range all.members {
			known = append(known, m.key)
		}
	}
	if env == nil {
		at, has := root.pos, "It has no environments."
		if len(known) > 0 {
			at, has = all.pos, "It has "+clip(strings.Join(known, ", "))+"."
		}
		if near := nearest(name, known); near != "" {
			has += ` Did you mean "` + near + `"?`
		}
		v.errorf(at, "No environment found in configuration with name %s. %s",
			clip(quoted(name)), has)
		return nil
	}
	if env.kind != kindObject {
		return nil // said by named
	}
	out := &node{kind: kindObject, pos: root.pos}
	for i := range root.members {
		m := &root.members[i]
		own := env.find(m.key)
		if m.key == "vars" && own != nil {
			v.missingVars(m.value, own, name)
		}
		switch {
		case m.key == "env" || own != nil || env.find(either[m.key]) != nil:
		case notInherited(m.key):
			v.warnf(m.pos,
				`"%s" exists at the top level, but not on "env.%s". It is not inherited by `+
					`environments. Add "%[1]s" to "env.%[2]s".`, m.key, clip(name))
		case m.key == "name" && m.value.kind == kindString && m.value.text != "":
			value := *m.value
			value.text += "-" + name
			out.set(m.key, m.pos, &value)
		default:
			out.set(m.key, m.pos, m.value)
		}
	}
	for i := range env.members {
		m := &env.members[i]
		if m.key == "env" || m.key == "$schema" {
			v.unexpected(m, "env."+clip(name))
			continue
		}
		out.set(m.key, m.pos, m.value)
	}
	return out
}

// missingVars warns of variables that the top level has and the environment's own
// vars have not.
func (v *validator) missingVars(top *node, own *member, name string) {
	for _, m := range top.members {
		if own.value.kind == kindObject && own.value.find(m.key) == nil {
			v.warnf(own.pos, `"vars.%s" exists at the top level,`+
				` but not on "env.%s". Variables are not inherited by `+
				`environments. Add it to "env.%[2]s.vars" if it needs it.`, clip(m.key), clip(name))
		}
	}
}

// named checks the environments of a file, whether one of them is used or not.
func (v *validator) named(m *member) {
	if !v.object(m.value, "env") {
		return
	}
	for _, e := range m.value.members {
		v.object(e.value, "env."+clip(e.key))
	}
}
