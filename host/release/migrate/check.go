package migrate

import (
	"maps"
	"slices"

	"github.com/cairn-dev/cairn/host/config"
)

// deleted is what became of a class that a migration of this plan deletes.
const deleted = "a migration deletes it."

// bind looks up what each binding names. A class of a script without any
// migrations gets its namespace here.
func (p *planner) bind() error {
	for i := range p.scripts {
		s := &p.scripts[i]
		for j := range s.Config.Bindings {
			p.binding(s, &s.Config.Bindings[j])
		}
	}
	for i := range p.scripts {
		if err := p.unconfigured(&p.scripts[i]); err != nil {
			return err
		}
	}
	return nil
}

// missing is a binding of a class that its owner has in its module and declares
// nowhere.
type missing struct {
	script *Script
	*config.Binding
	owner *Script
}

func (p *planner) binding(s *Script, b *config.Binding) {
	owner := p.owner(s, b)
	if owner == nil {
		p.errorf(s, b.Pos, "Binding %q is to script %q, which is not served (served: %s). Add "+
			"its config: cairn serve %s PATH/TO/%s/wrangler.jsonc", b.Name, b.ScriptName, p.names(),
			s.Config.Path, b.ScriptName)
		return
	}
	if b.Environment != "" && owner.Config.Env != b.Environment {
		p.warnf(s, b.Pos, "Binding %q is to script %s, not to its environment %q: that is served "+
			"under the name %q.",
			b.Name, owner.Config.Name, b.Environment, b.ScriptName+"-"+b.Environment)
	}
	name, record := owner.Config.Name, p.record.script(owner.Config.Name)
	_, exists := record.Namespaces[b.ClassName]
	end := p.gone[[2]string{name, b.ClassName}]
	switch {
	case exists: // whether the module has it is checkClasses' to say
	case end == deleted:
		p.errorf(s, b.Pos, "Cannot apply --delete-class migration to class %s without also "+
			"removing the binding that references it", b.ClassName)
	case end != "":
		p.errorf(s, b.Pos, "There is no class %s: %s", b.ClassName, end)
	case !owner.registers(b.ClassName):
		p.errorf(s, b.Pos,
			"Binding %q names class %q, which the module of %s does not register (it has %s).",
			b.Name, b.ClassName, name, owner.has())
	case len(owner.Config.Migrations) > 0 || len(owner.Config.Exports) > 0 ||
		len(record.Migrations) > 0:
		p.missing = append(p.missing, missing{s, b, owner})
	default:
		n := p.record.create(name, b.ClassName, "")
		p.changef(owner, "create %s, which a binding names, number %d, unique key %q",
			b.ClassName, n.Number, n.UniqueKey)
		if owner != s { // of its own bindings, host/config has warned
			p.warnf(owner, config.Pos{}, "%s binds the class %s, but no migration creates "+
				"it. Add the following configuration:\n%s",
				s.Config.Name, b.ClassName, p.creates(owner, b.ClassName))
		}
	}
}

// unconfigured refuses bindings of classes that a script's module has and that no
// migration creates, with one piece of advice for all of them.
func (p *planner) unconfigured(owner *Script) error {
	var first *missing
	var classes []string
	for i := range p.missing {
		m := &p.missing[i]
		if m.owner != owner || slices.Contains(classes, m.ClassName) {
			continue
		}
		if first == nil {
			first = m
		}
		classes = append(classes, m.ClassName)
	}
	if first == nil {
		return nil
	}
	lost, err := p.orphans(owner)
	if err != nil {
		return err
	}
	subject, it := "class "+classes[0], "it is"
	if len(classes) > 1 {
		subject, it = "classes "+list(classes), "they are"
	}
	advice := " Add this to " + owner.Config.Path + ":\n" + p.creates(owner, classes...)
	if len(lost) > 0 {
		advice = " If " + classes[0] + " is " + lost[0] + " by another name, add this to " +
			owner.Config.Path +
			":\n" + p.renames(owner, lost[0], classes[0]) + "\nIf " + it + " new:\n" +
			p.creates(owner, classes...)
	}
	p.errorf(first.script, first.Pos, "Cannot create binding for %s because %s not currently "+
		"configured to implement durable objects.%s", subject, it, advice)
	return nil
}

// owner is the script that has the class of a binding, nil if it is not served.
func (p *planner) owner(s *Script, b *config.Binding) *Script {
	if b.ScriptName == "" {
		return s
	}
	if b.Environment != "" {
		if owner := p.served[b.ScriptName+"-"+b.Environment]; owner != nil {
			return owner
		}
	}
	return p.served[b.ScriptName]
}

// orphans are the classes of a script that its module does not register and that
// it must not lose: those that a migration created, and those that have objects.
// A class that only a binding once named and that never had an object is nobody's
// loss; its namespace stays for the day when it is bound again.
func (p *planner) orphans(s *Script) ([]string, error) {
	var lost []string
	namespaces := p.record.script(s.Config.Name).Namespaces
	for _, class := range slices.Sorted(maps.Keys(namespaces)) {
		n := namespaces[class]
		if s.registers(class) || s.handsOver(class) {
			continue
		}
		keep := n.Created != ""
		if !keep && n.Number < p.first {
			var err error
			if keep, err = p.stored(n.Number); err != nil {
				return nil, err
			}
		}
		if keep {
			lost = append(lost, class)
		}
	}
	return lost, nil
}

// checkClasses refuses to lose classes that a module does not register.
func (p *planner) checkClasses() error {
	for i := range p.scripts {
		s := &p.scripts[i]
		for j := range s.Config.Bindings {
			b := &s.Config.Bindings[j]
			if owner := p.owner(s, b); !owner.registers(b.ClassName) {
				p.errorf(s, b.Pos, "Binding %q names class %q, which the module of %s does not "+
					"register (it has %s).%s", b.Name, b.ClassName, owner.Config.Name, owner.has(),
					p.rescue(owner, b.ClassName))
			}
		}
		lost, err := p.orphans(s)
		if err != nil {
			return err
		}
		for _, class := range lost {
			if !p.bound(s, class) { // of those that are, it is said above
				p.orphan(s, class)
			}
		}
	}
	return nil
}

func (p *planner) orphan(s *Script, class string) {
	n := p.record.script(s.Config.Name).Namespaces[class]
	i := slices.IndexFunc(s.Config.Migrations, func(m config.Migration) bool {
		return m.Tag == n.Created
	})
	if n.Number < p.first || i < 0 {
		p.errorf(s, config.Pos{}, "New version of script does not export class '%s' which is "+
			"depended on by existing Durable Objects: the module of %s has %s.%s",
			class, s.Config.Name, s.has(),
			p.rescue(s, class))
		return
	}
	p.errorf(s, s.Config.Migrations[i].Pos, "Cannot apply new-class migration to class '%s' that "+
		"is not exported by script: the module of %s has %s.%s", class, s.Config.Name, s.has(),
		p.rescue(s, class))
}

// bound reports whether anybody's binding names a class of a script.
func (p *planner) bound(owner *Script, class string) bool {
	for i := range p.scripts {
		s := &p.scripts[i]
		if slices.ContainsFunc(s.Config.Bindings, func(b config.Binding) bool {
			return b.ClassName == class && p.owner(s, &b) == owner
		}) {
			return true
		}
	}
	return false
}

// rescue advises what to do about a class that the module lacks.
func (p *planner) rescue(s *Script, class string) string {
	n := p.record.script(s.Config.Name).Namespaces[class]
	if n.Number >= p.first {
		return " Correct the name in the config, or register the class." // nothing is stored yet
	}
	destroy := "destroy its objects with this migration, and bind it nowhere:\n" +
		p.deletes(s, class)
	if to := p.newcomer(s); to != "" {
		return " Register the class again, or keep its objects under another name with " +
			"this migration:\n" +
			p.renames(s, class, to) + "\nor " + destroy
	}
	return " Register the class again, or " + destroy
}

// newcomer is a class of the module that has no namespace yet, best one that is
// bound: what a class that was lost may be called now.
func (p *planner) newcomer(s *Script) string {
	best := ""
	namespaces := p.record.script(s.Config.Name).Namespaces
	for _, class := range slices.Sorted(slices.Values(s.Classes)) {
		n, exists := namespaces[class]
		if exists && (n.Created != "" || n.Number < p.first) {
			continue
		}
		if exists {
			return class
		}
		if best == "" {
			best = class
		}
	}
	return best
}

// checkUnserved warns of scripts that left objects behind: most likely one whose
// name was changed in its config.
func (p *planner) checkUnserved() error {
	for _, name := range slices.Sorted(maps.Keys(p.record.Scripts)) {
		if p.served[name] != nil || len(p.scripts) == 0 {
			continue
		}
		var left []string
		record := p.record.Scripts[name]
		for _, class := range record.classes() {
			has, err := p.stored(record.Namespaces[class].Number)
			if err != nil {
				return err
			}
			if has {
				left = append(left, class)
			}
		}
		if len(left) > 0 {
			p.warnf(&p.scripts[0], config.Pos{}, "The store has objects of script %q (classes: "+
				"%s), which is not served. If it has a new name, serve it under the old one, or "+
				"take its classes over with \"transferred_classes\".", name, list(left))
		}
	}
	return nil
}
