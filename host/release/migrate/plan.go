package migrate

import (
	"errors"
	"fmt"
	"slices"

	"github.com/cairn-dev/cairn/abi"
	"github.com/cairn-dev/cairn/host/config"
	"github.com/cairn-dev/cairn/host/storage"
)

// Script is a script that is to run.
type Script struct {
	Config *config.Config
	// Classes are those that its module registers, in any order.
	Classes []string
	// Rollback says that this version ran before and is to run again. That is
	// refused if a migration was applied since which it does not know.
	Rollback bool
}

// Plan is how the store gets to run what is to run.
type Plan struct {
	// Record is the store's record once the plan is applied.
	Record *Record
	// Changes says for people what will change, one line each. What is being
	// destroyed is in Record.Deleting.
	Changes []string
	// Warnings are what the user should know of.
	Warnings []config.Warning

	base []byte // the record that the plan was made for, nil for none
}

// NewPlan reads what the store knows and plans for the scripts, all that are to
// run. It writes nothing. The error joins one *config.Error per problem.
func NewPlan(store *storage.Store, scripts []Script) (*Plan, error) {
	r, base, err := read(store)
	if err != nil {
		return nil, err
	}
	plan, err := r.plan(scripts, func(number uint32) (bool, error) {
		first, err := store.ObjectsOf(number, abi.ID{}, 1)
		return len(first) > 0, err
	})
	if err != nil {
		return nil, err
	}
	plan.base = base
	return plan, nil
}

// planner makes one plan. It changes record, a copy, step by step.
type planner struct {
	plan    Plan
	record  *Record // the plan's
	scripts []Script
	served  map[string]*Script
	// first is the first number that a namespace of this plan can have.
	first uint32
	// stored reports whether a namespace has objects.
	stored func(number uint32) (bool, error)
	// gone says what became of classes that this plan takes from their script,
	// by script and class: an end of a sentence for whoever binds them.
	gone map[[2]string]string
	// missing are bindings of classes that their scripts declare nowhere.
	missing []missing
	errs    []error
}

// plan is NewPlan without a store: stored reports whether a namespace has
// objects.
func (r *Record) plan(scripts []Script, stored func(uint32) (bool, error)) (*Plan, error) {
	p := &planner{
		record: r.clone(), scripts: scripts, served: map[string]*Script{},
		first: r.NextNumber, stored: stored, gone: map[[2]string]string{},
	}
	p.plan.Record = p.record
	for i := range scripts {
		s := &p.scripts[i]
		if other := p.served[s.Config.Name]; other != nil {
			p.errorf(s, config.Pos{},
				"The name %q is also that of %s. Give each script its own name.",
				s.Config.Name, other.Config.Path)
			continue
		}
		p.served[s.Config.Name] = s
		p.record.script(s.Config.Name)
	}
	// Each step stands on the one before; after a failure it would complain of
	// what follows from that.
	for _, step := range []func() error{p.migrate, p.bind, p.checkClasses, p.checkUnserved} {
		if len(p.errs) > 0 {
			break
		}
		if err := step(); err != nil {
			return nil, fmt.Errorf("plan migrations: %w", err)
		}
	}
	if len(p.errs) > 0 {
		return nil, errors.Join(p.errs...)
	}
	return &p.plan, nil
}

// errorf reports a problem at a place in a script's config, or with the whole.
func (p *planner) errorf(s *Script, at config.Pos, text string, args ...any) {
	p.errs = append(p.errs, &config.Error{Pos: place(s, at), Message: fmt.Sprintf(text, args...)})
}

func (p *planner) warnf(s *Script, at config.Pos, text string, args ...any) {
	p.plan.Warnings = append(p.plan.Warnings,
		config.Warning{Pos: place(s, at), Message: fmt.Sprintf(text, args...)})
}

func (p *planner) changef(s *Script, text string, args ...any) {
	p.plan.Changes = append(p.plan.Changes, s.Config.Name+": "+fmt.Sprintf(text, args...))
}

// place is a position with its file, which a config that was not read from one
// leaves out.
func place(s *Script, at config.Pos) config.Pos {
	if at.File == "" {
		at.File = s.Config.Path
	}
	return at
}

// registers reports whether the script's module has a class.
func (s *Script) registers(class string) bool { return slices.Contains(s.Classes, class) }

// has lists the classes of the script's module.
func (s *Script) has() string { return list(slices.Sorted(slices.Values(s.Classes))) }
