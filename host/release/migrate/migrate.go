package migrate

import (
	"path/filepath"
	"slices"

	"github.com/cairn-dev/cairn/host/config"
)

// queue is the migrations of one script that are to be applied.
type queue struct {
	script  *Script
	record  *ScriptRecord
	pending []config.Migration
	// again says that the script's tag is not in its config, so that the
	// migrations may have been applied under other tags: what they want is done
	// only as far as it is not so already, and data is never destroyed twice.
	again bool
}

// migrate applies the migrations of all scripts. Those of one script keep their
// order. Between scripts a transfer waits for the class that it takes.
func (p *planner) migrate() error {
	var queues []*queue
	for i := range p.scripts {
		s := &p.scripts[i]
		if len(s.Config.Exports) > 0 {
			q, err := p.reconcile(s)
			if err != nil {
				return err
			}
			queues = append(queues, q)
			continue
		}
		queues = append(queues, p.queue(s))
	}
	for progress := true; progress; {
		progress = false
		for _, q := range queues {
			for len(q.pending) > 0 && !p.early(queues, &q.pending[0], q) {
				p.next(q)
				progress = true
			}
		}
	}
	for _, q := range queues {
		for len(q.pending) > 0 { // each waits for another: tell what is missing
			p.next(q)
		}
	}
	return nil
}

// queue finds what is to be applied, upstream's way (SEMANTICS 4.3): what stands
// behind the tag that was applied last, or all if the config does not have it.
func (p *planner) queue(s *Script) *queue {
	q := &queue{script: s, record: p.record.script(s.Config.Name)}
	all, tag := s.Config.Migrations, q.record.Tag
	from := slices.IndexFunc(all, func(m config.Migration) bool { return m.Tag == tag }) + 1
	lost := tag != "" && from == 0
	switch {
	case lost && s.Rollback:
		p.errorf(s, config.Pos{}, "Cannot roll back %s: migration %q was applied since, and this "+
			"version does not know it. Migrations cannot be undone; deploy the old code with the "+
			"migrations of the version that runs.", s.Config.Name, tag)
		return q
	case lost && len(all) > 0:
		// The quote that is missing is missing upstream.
		p.warnf(s, config.Pos{}, "The published script %s has a migration tag \"%s, which was not "+
			"found in your %s file. You may have already deleted it. Applying all available "+
			"migrations to the script...", s.Config.Name, tag, filepath.Base(s.Config.Path))
		q.again = true
	}
	for i, m := range all {
		switch applied := slices.Contains(q.record.Migrations, m.Tag); {
		case i >= from && !applied:
			q.pending = append(q.pending, m)
		case i < from && !applied:
			p.warnf(s, m.Pos, "Migration %q stands before %q, which was applied before it was "+
				"written, and is not applied. Move it to the end.", m.Tag, tag)
		}
	}
	if len(all) > 0 {
		q.record.Tag = all[len(all)-1].Tag
	}
	return q
}

// early reports whether a migration has to wait for one of another script: it
// takes a class that is not there yet, or makes one whose namesake is still to be
// taken away.
func (p *planner) early(queues []*queue, m *config.Migration, of *queue) bool {
	return slices.ContainsFunc(queues, func(q *queue) bool {
		if q == of || len(q.pending) == 0 {
			return false
		}
		for _, t := range m.Transferred {
			_, there := q.record.Namespaces[t.From]
			if t.FromScript == q.script.Config.Name && !there {
				return true
			}
		}
		for _, other := range q.pending {
			for _, t := range other.Transferred {
				_, there := of.record.Namespaces[t.From]
				if t.FromScript == of.script.Config.Name && there && makes(m, t.From) {
					return true
				}
			}
		}
		return false
	})
}

// next applies the next migration of a queue.
func (p *planner) next(q *queue) {
	m := q.pending[0]
	q.pending = q.pending[1:]
	if class := twice(&m); class != "" {
		p.errorf(q.script, m.Pos, "Migration %q names class %q twice. What is done to a class "+
			"one after the other goes into migrations of their own.", m.Tag, class)
		return
	}
	for _, class := range m.Deleted {
		p.delete(q, &m, class)
	}
	for _, r := range m.Renamed {
		p.rename(q, &m, r)
	}
	for _, class := range m.NewClasses {
		p.create(q, &m, class, "new-class")
	}
	for _, class := range m.NewSQLiteClasses {
		p.create(q, &m, class, "new-sqlite-class")
	}
	for _, t := range m.Transferred {
		p.transfer(q, &m, t)
	}
	q.record.Migrations = append(q.record.Migrations, m.Tag)
}

// twice returns a class of the script that a migration names twice, so that what
// it does would depend on an order that it does not have.
func twice(m *config.Migration) string {
	names := slices.Concat(m.NewClasses, m.NewSQLiteClasses, m.Deleted)
	for _, r := range m.Renamed {
		names = append(names, r.From, r.To)
	}
	for _, t := range m.Transferred {
		names = append(names, t.To)
	}
	slices.Sort(names)
	for i := 1; i < len(names); i++ {
		if names[i] == names[i-1] {
			return names[i]
		}
	}
	return ""
}

func (p *planner) create(q *queue, m *config.Migration, class, kind string) {
	n, exists := q.record.Namespaces[class]
	switch {
	case exists && n.Created == "":
		// A binding was enough so far, and the user took the advice to write a
		// migration.
		n.Created = m.Tag
		q.record.Namespaces[class] = n
		p.changef(q.script, "%s: %s has a namespace already, number %d", m.Tag, class, n.Number)
	case q.again && (exists || q.wentOn(m, class)):
	case exists:
		p.errorf(q.script, m.Pos, "Cannot apply %s migration to class '%s' that is already "+
			"depended on by existing Durable Objects. Take it out of migration %q.",
			kind, class, m.Tag)
	default:
		n = p.record.create(q.script.Config.Name, class, m.Tag)
		p.changef(q.script, "%s: create %s, number %d, unique key %q",
			m.Tag, class, n.Number, n.UniqueKey)
		delete(p.gone, [2]string{q.script.Config.Name, class})
	}
}

func (p *planner) rename(q *queue, m *config.Migration, r config.Rename) {
	n, exists := q.record.Namespaces[r.From]
	_, taken := q.record.Namespaces[r.To]
	switch {
	case q.again && (taken || q.staysIn(r.From) || !exists && q.wentOn(m, r.To)):
	case !exists:
		p.unknown(q, m, "rename-class", r.From, q.script.Config.Name, q.record)
	case taken:
		p.errorf(q.script, m.Pos, "Cannot apply rename-class migration to class '%s': there is a "+
			"class %q already. Delete that in a migration before %q, or choose another name.",
			r.From, r.To, m.Tag)
	default:
		p.move(q, q.record, r.From, r.To, n, m.Tag)
		p.changef(q.script, "%s: rename %s to %s, number %d", m.Tag, r.From, r.To, n.Number)
		p.gone[[2]string{q.script.Config.Name, r.From}] = "a migration renames it to " +
			r.To + ". Bind that."
	}
}

func (p *planner) transfer(q *queue, m *config.Migration, t config.Transfer) {
	_, taken := q.record.Namespaces[t.To]
	source := p.record.Scripts[t.FromScript]
	switch {
	case q.again && (taken || q.wentOn(m, t.To)):
	case t.FromScript == q.script.Config.Name:
		p.errorf(q.script, m.Pos, "Cannot apply transfer-class migration to class '%s': %s is "+
			"this script. Use \"renamed_classes\".", t.From, t.FromScript)
	case source == nil:
		p.errorf(q.script, m.Pos, "Cannot apply transfer-class migration to class '%s': this "+
			"store does not know script %q. Serve its config as well, or create the class with "+
			"\"new_sqlite_classes\" if there are no objects to take over.", t.From, t.FromScript)
	case source.Namespaces[t.From] == Namespace{}:
		p.unknown(q, m, "transfer-class", t.From, t.FromScript, source)
	case taken:
		p.errorf(q.script, m.Pos, "Cannot apply transfer-class migration to class '%s': there is "+
			"a class %q already. Delete that in a migration before %q, or choose another name.",
			t.From, t.To, m.Tag)
	default:
		n := source.Namespaces[t.From]
		p.move(q, source, t.From, t.To, n, m.Tag)
		p.changef(q.script, "%s: take %s from %s as %s, number %d", m.Tag, t.From, t.FromScript,
			t.To, n.Number)
		p.gone[[2]string{t.FromScript, t.From}] = "a migration transfers it to " +
			t.To + " of script " +
			q.script.Config.Name + ". Bind that, with \"script_name\"."
	}
}

// move gives a namespace to a class of the queue's script.
func (p *planner) move(q *queue, source *ScriptRecord, from, to string, n Namespace, tag string) {
	if n.Created == "" {
		n.Created = tag
	}
	delete(source.Namespaces, from)
	q.record.Namespaces[to] = n
	delete(p.gone, [2]string{q.script.Config.Name, to})
}

func (p *planner) delete(q *queue, m *config.Migration, class string) {
	n, exists := q.record.Namespaces[class]
	switch {
	case q.again && (!exists || q.staysIn(class)):
	case !exists:
		p.unknown(q, m, "delete-class", class, q.script.Config.Name, q.record)
	default:
		delete(q.record.Namespaces, class)
		p.gone[[2]string{q.script.Config.Name, class}] = deleted
		if n.Number >= p.first { // of this plan: it never had objects
			p.changef(q.script, "%s: delete %s, number %d, which never was", m.Tag, class, n.Number)
			return
		}
		p.changef(q.script, "%s: delete %s, number %d, and destroy its objects",
			m.Tag, class, n.Number)
		p.record.Deleting = append(p.record.Deleting, Deletion{
			Number: n.Number, Script: q.script.Config.Name, Class: class, UniqueKey: n.UniqueKey,
		})
	}
}

func (p *planner) unknown(q *queue, m *config.Migration, kind, class, script string,
	of *ScriptRecord) {
	p.errorf(q.script, m.Pos, "Cannot apply %s migration to class '%s' which was not "+
		"exported in the previous version of the script. The classes of %s are %s.",
		kind, class, script, list(of.classes()))
}

// wentOn reports whether a class that begins with migration m of the config
// lives under a name that later ones give it, or ends with one of them: then it
// is not to begin anew.
func (q *queue) wentOn(m *config.Migration, class string) bool {
	all := q.script.Config.Migrations
	i := slices.IndexFunc(all, func(x config.Migration) bool { return x.Tag == m.Tag })
	for _, later := range all[i+1:] {
		if slices.Contains(later.Deleted, class) {
			return true
		}
		for _, r := range later.Renamed {
			if r.From != class {
				continue
			}
			class = r.To
			if _, exists := q.record.Namespaces[class]; exists {
				return true
			}
			break
		}
	}
	return false
}

// staysIn reports whether a class exists after all migrations of the config: one
// that it deletes and creates again must not lose what it has now.
func (q *queue) staysIn(class string) bool {
	stays := false
	for _, m := range q.script.Config.Migrations {
		stays = (stays || makes(&m, class)) && !ends(&m, class)
	}
	return stays
}

// makes reports whether a migration ends with a class that it did not need.
func makes(m *config.Migration, class string) bool {
	return slices.Contains(m.NewClasses, class) || slices.Contains(m.NewSQLiteClasses, class) ||
		slices.ContainsFunc(m.Renamed, func(r config.Rename) bool { return r.To == class }) ||
		slices.ContainsFunc(m.Transferred, func(t config.Transfer) bool { return t.To == class })
}

// ends reports whether a migration takes a class away.
func ends(m *config.Migration, class string) bool {
	return slices.Contains(m.Deleted, class) ||
		slices.ContainsFunc(m.Renamed, func(r config.Rename) bool { return r.From == class })
}
