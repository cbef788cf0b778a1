package config

import (
	"path/filepath"
	"strings"
)

// checkClasses compares the app's own bindings with what the migrations, or the
// exports, leave: a class that none creates has no namespace, so that a binding is
// in vain. All such classes get one piece of advice, which can be pasted as it is.
func (v *validator) checkClasses() {
	live, end := v.lifecycle()
	seen := make(map[string]bool)
	var missing []string
	var first Pos
	for _, b := range v.cfg.Bindings {
		own := b.ScriptName == "" || b.ScriptName == v.cfg.Name
		if !own || live[b.ClassName] || seen[b.ClassName] {
			continue
		}
		seen[b.ClassName] = true
		switch to := end[b.ClassName]; {
		case to == deleted:
			v.errorf(b.Pos, "Cannot apply --delete-class migration to class %s without also "+
				"removing the binding that references it", clip(b.ClassName))
		case to != "":
			v.warnf(b.Pos, "The class %s does not exist any more: it is renamed to %s. Bind that.",
				clip(b.ClassName), clip(to))
		case len(missing) == 0:
			first = b.Pos
			fallthrough
		default:
			missing = append(missing, b.ClassName)
		}
	}
	if len(missing) == 0 {
		return
	}
	lacks := "no migration creates %s"
	if v.cfg.Exports != nil {
		lacks = "no live `exports` entry for %s"
	}
	it := "it"
	if len(missing) > 1 {
		it = "them"
	}
	v.warnf(first, "In your %s file, you have configured `durable_objects` exported by "+
		"this Worker (%s), but "+lacks+". Add the following configuration:\n%s",
		filepath.Base(v.cfg.Path),
		clip(strings.Join(missing, ", ")), it,
		v.cfg.Advice(nil, Migration{NewSQLiteClasses: missing}))
}

// deleted stands for no class in what lifecycle says about an ended class.
const deleted = "\x00deleted"

// lifecycle applies all migrations: live has the classes that exist after the
// last, end what became of others, a class's new name or deleted.
func (v *validator) lifecycle() (live map[string]bool, end map[string]string) {
	live, end = make(map[string]bool), make(map[string]string)
	create := func(class string) {
		live[class] = true
		delete(end, class)
	}
	for _, m := range v.cfg.Migrations {
		for _, class := range m.NewClasses {
			create(class)
		}
		for _, class := range m.NewSQLiteClasses {
			create(class)
		}
		for _, r := range m.Renamed {
			delete(live, r.From)
			end[r.From] = r.To
			create(r.To)
		}
		for _, class := range m.Deleted {
			delete(live, class)
			end[class] = deleted
		}
		for _, t := range m.Transferred {
			create(t.To)
		}
	}
	for _, e := range v.cfg.Exports {
		switch e.State {
		case ExportCreated, ExportExpecting:
			create(e.Class)
		case ExportRenamed:
			end[e.Class] = e.To
			live[e.To] = true // the target is live, whether it has an entry or not
		case ExportDeleted:
			end[e.Class] = deleted
		}
	}
	return live, end
}
