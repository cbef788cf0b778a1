package migrate

import (
	"fmt"
	"slices"

	"github.com/cairn-dev/cairn/host/config"
)

// reconcile compares the classes that a script's exports declare with those that
// the store has, and queues one migration that leads from these to those. It says
// nothing twice: what an entry asks for and the store already is, is done.
func (p *planner) reconcile(s *Script) (*queue, error) {
	q := &queue{script: s, record: p.record.script(s.Config.Name)}
	m := config.Migration{Tag: q.record.exportsTag()}
	mentioned, makes := map[string]bool{}, map[string]bool{}
	for _, e := range s.Config.Exports {
		mentioned[e.Class] = true
		if e.State == config.ExportRenamed {
			_, exists := q.record.Namespaces[e.Class]
			mentioned[e.To], makes[e.To] = true, makes[e.To] || exists
		}
	}
	for _, e := range s.Config.Exports {
		if m.Pos == (config.Pos{}) {
			m.Pos = e.Pos
		}
		_, exists := q.record.Namespaces[e.Class]
		switch e.State {
		case config.ExportDeleted:
			if exists {
				m.Deleted = append(m.Deleted, e.Class)
			}
		case config.ExportRenamed:
			_, taken := q.record.Namespaces[e.To]
			if exists {
				m.Renamed = append(m.Renamed, config.Rename{From: e.Class, To: e.To})
			} else if !taken && !s.Config.Exported(e.To) {
				m.NewSQLiteClasses = append(m.NewSQLiteClasses, e.To)
			}
		case config.ExportExpecting:
			if !exists {
				p.expect(s, &e, &m)
			}
		case config.ExportCreated:
			if !exists && !makes[e.Class] {
				m.NewSQLiteClasses = append(m.NewSQLiteClasses, e.Class)
			}
		}
	}
	for _, class := range q.record.classes() {
		if mentioned[class] {
			continue
		}
		n := q.record.Namespaces[class]
		keep := n.Created != ""
		if !keep {
			var err error
			if keep, err = p.stored(n.Number); err != nil {
				return nil, err
			}
		}
		if keep {
			p.errorf(s, s.Config.Exports[0].Pos, "The store has the class %s of script %s, and "+
				"`exports` does not say what becomes of it. If it goes on:\n%s\n"+
				"To destroy its objects:\n%s", class, s.Config.Name,
				p.creates(s, class), p.deletes(s, class))
		}
	}
	if len(m.Deleted)+len(m.Renamed)+len(m.NewSQLiteClasses)+len(m.Transferred) > 0 {
		q.pending = []config.Migration{m}
		q.record.Tag = m.Tag
	}
	if s.Rollback && len(q.pending) > 0 {
		p.errorf(s, m.Pos, "Cannot roll back %s: classes have changed since. Deploy the old code "+
			"with the `exports` of the version that runs.", s.Config.Name)
	}
	return q, nil
}

// expect decides about a class that is to come from another script, the way
// upstream does in two phases: nothing happens before the other script says that
// it is transferred. A store that knows nothing to take over begins it anew, as it
// is while one develops.
func (p *planner) expect(s *Script, e *config.Export, m *config.Migration) {
	source := p.record.Scripts[e.Script]
	if source == nil || source.Namespaces[e.Class] == (Namespace{}) {
		if other := p.served[e.Script]; other == nil || !other.Config.Exported(e.Class) {
			m.NewSQLiteClasses = append(m.NewSQLiteClasses, e.Class)
			return
		}
	}
	if other := p.served[e.Script]; other != nil && !other.handsOver(e.Class) &&
		len(other.Config.Exports) > 0 {
		const waits = "it waits for script %s, which does not say yet that it is " +
			"\"transferred\". Until then it cannot be bound."
		p.gone[[2]string{s.Config.Name, e.Class}] = fmt.Sprintf(waits, e.Script)
		p.warnf(s, e.Pos, "There is no class %s: "+waits, e.Class, e.Script)
		return
	}
	m.Transferred = append(m.Transferred,
		config.Transfer{From: e.Class, FromScript: e.Script, To: e.Class})
}

// handsOver reports whether exports say that a class is transferred to another
// script: it stays until that takes it, whether the module has it or not.
func (s *Script) handsOver(class string) bool {
	return slices.ContainsFunc(s.Config.Exports, func(e config.Export) bool {
		return e.Class == class && e.State == config.ExportTransferred
	})
}

// exportsTag returns a tag for changes that exports ask for. Nobody writes it into
// a config; it tells versions from before and after apart.
func (s *ScriptRecord) exportsTag() string {
	for n := 1; ; n++ {
		if tag := fmt.Sprintf("exports-%d", n); !slices.Contains(s.Migrations, tag) {
			return tag
		}
	}
}
