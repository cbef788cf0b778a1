package abi

import (
	"maps"
	"slices"

	"github.com/cairn-dev/cairn/abi"
	"github.com/cairn-dev/cairn/host/module"
	"github.com/cairn-dev/cairn/host/module/rewrite"
	"github.com/cairn-dev/cairn/host/program"
)

// exports are what the entries call, by their numbers.
var exports = func() (names []string) {
	for e := range program.Entry(program.Entries) {
		names = append(names, e.String())
	}
	return names
}()

// exported returns the row of an export that the host calls, or nil.
func exported(name string) *abi.Export {
	for i := range abi.Exports {
		if abi.Exports[i].Name == name {
			return &abi.Exports[i]
		}
	}
	return nil
}

// checkExports finds what a module lacks that every guest has, and exports of the wrong
// kind or type.
func checkExports(m *rewrite.Outline) (problems []error) {
	if module.Export(m, abi.ExportABIVersion, rewrite.KindFunc) == nil {
		problems = append(problems, refuse(
			"a Go guest imports github.com/cairn-dev/cairn/guest; others see abi/SPEC.md",
			"module lacks the export %q", abi.ExportABIVersion))
	}
	for _, ex := range m.Exports {
		row := exported(ex.Name)
		if row == nil {
			continue
		}
		want := module.Signature(row.ParamTypes(), row.ResultTypes())
		if ex.Kind != rewrite.KindFunc {
			problems = append(problems, refuse("", "module exports %q as a %s, it is a func",
				ex.Name, ex.Kind))
		} else if got := module.Signature(ex.Type.Params, ex.Type.Results); got != want {
			problems = append(problems, refuse("", "module exports %q as %s, it is %s",
				ex.Name, got, want))
		}
	}
	return problems
}

// checkRegistered finds what a module lacks for what it registers.
func (p *Program) checkRegistered(m *rewrite.Outline) (problems []error) {
	needs := p.conditional()
	for _, name := range slices.Sorted(maps.Keys(needs)) {
		if module.Export(m, name, rewrite.KindFunc) == nil {
			problems = append(problems, refuse("", "module lacks the export %q, needed because %s",
				name, needs[name]))
		}
	}
	if !p.worker && len(p.classes) == 0 {
		problems = append(problems, refuse(
			"call class_register or worker_register while the module starts; "+
				"a Go guest does so in init",
			"module registers no Worker and no class"))
	}
	return problems
}

// conditional lists the exports that a guest needs for what it registers.
func (p *Program) conditional() (needs map[string]string) {
	needs = map[string]string{}
	if p.worker {
		needs[abi.ExportWorkerFetch] = "it registers a Worker"
	}
	for name, c := range p.classes {
		needs[abi.ExportObjectInit] = "it registers class " + name
		needs[abi.ExportObjectCall] = "it registers class " + name
		if c.Fetch {
			needs[abi.ExportObjectFetch] = "class " + name + " answers fetch"
		}
		if c.Alarm {
			needs[abi.ExportObjectAlarm] = "class " + name + " answers alarms"
		}
	}
	return needs
}
