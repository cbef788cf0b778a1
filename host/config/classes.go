package config

import (
	"fmt"
	"path/filepath"
	"strings"
)

// checkClasses compares the app's own bindings with what the migrations leave:
// a class that none creates has no namespace, so that a binding is in vain.
func (v *validator) checkClasses(hasMigrations bool) {
	live, end := v.lifecycle()
	warned, tag := make(map[string]bool), v.nextTag()
	for _, b := range v.cfg.Bindings {
		own := b.ScriptName == "" || b.ScriptName == v.cfg.Name
		if !own || live[b.ClassName] || warned[b.ClassName] {
			continue
		}
		warned[b.ClassName] = true
		class := clip(b.ClassName)
		switch to := end[b.ClassName]; to {
		case deleted:
			v.errorf(b.Pos, "Cannot apply --delete-class migration to class %s without also "+
				"removing the binding that references it", class)
		case "":
			v.warnf(b.Pos, "In your %s file, you have configured `durable_objects` exported by "+
				"this Worker (%s), but no migration creates it. Add the following configuration:\n%s",
				filepath.Base(v.cfg.Path), class, v.advice(tag, hasMigrations, b.ClassName))
		default:
			v.warnf(b.Pos, "The class %s does not exist any more: a migration renames it to %s. "+
				"Bind that.", class, clip(to))
		}
	}
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
	return live, end
}

// nextTag returns a tag that no migration has.
func (v *validator) nextTag() string {
	used := make(map[string]bool)
	for _, m := range v.cfg.Migrations {
		used[m.Tag] = true
	}
	next := len(v.cfg.Migrations) + 1
	for used[fmt.Sprintf("v%d", next)] {
		next++
	}
	return fmt.Sprintf("v%d", next)
}

// advice is a migration that creates the classes, to paste into the file, which
// has other migrations or not.
func (v *validator) advice(tag string, hasMigrations bool, classes ...string) string {
	list := make([]string, len(classes))
	for i, class := range classes {
		list[i] = quoted(class)
	}
	return v.migrationText(tag, hasMigrations, adviceField{"new_sqlite_classes", list})
}

// adviceField is an array of a migration, in the file's syntax.
type adviceField struct {
	key  string
	list []string
}

// migrationText writes a migration; fields without anything are left out.
func (v *validator) migrationText(tag string, hasMigrations bool, fields ...adviceField) string {
	open, is, next := "\t\"migrations\": [{ \"tag\": ", "%s, \"%s\": [%s]", " }]"
	switch {
	case v.format == formatTOML:
		open, is, next = "\t[[migrations]]\n\ttag = ", "%s\n\t%s = [%s]", ""
	case hasMigrations:
		open, next = "\t{ \"tag\": ", " }  // at the end of \"migrations\""
	}
	text := quoted(tag)
	for _, f := range fields {
		if len(f.list) > 0 {
			text = fmt.Sprintf(is, text, f.key, clip(strings.Join(f.list, ", ")))
		}
	}
	return open + text + next
}
