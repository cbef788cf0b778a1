package module

import (
	"maps"
	"slices"

	"github.com/cairn-dev/cairn/abi"
	"github.com/cairn-dev/cairn/host/module/rewrite"
)

// Export is a function of the guest that the host calls with an input.
type Export int

// The exports that take an input, in the order of package abi.
const (
	WorkerFetch Export = iota
	ObjectInit
	ObjectCall
	ObjectFetch
	ObjectAlarm
	BackgroundRun
	numExports
)

var exportNames = [numExports]string{
	WorkerFetch: abi.ExportWorkerFetch,
	ObjectInit:  abi.ExportObjectInit,
	ObjectCall:  abi.ExportObjectCall,
	ObjectFetch: abi.ExportObjectFetch,
	ObjectAlarm: abi.ExportObjectAlarm,

	BackgroundRun: abi.ExportBackgroundRun,
}

// String returns the export's name in the ABI.
func (e Export) String() string { return exportNames[e] }

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
	if export(m, abi.ExportABIVersion, rewrite.KindFunc) == nil {
		problems = append(problems, refuse("a Go guest imports github.com/cairn-dev/cairn/guest; others see abi/SPEC.md",
			"module lacks the export %q", abi.ExportABIVersion))
	}
	for _, ex := range m.Exports {
		row := exported(ex.Name)
		if row == nil {
			continue
		}
		want := signature(row.ParamTypes(), row.ResultTypes())
		if ex.Kind != rewrite.KindFunc {
			problems = append(problems, refuse("", "module exports %q as a %s, it is a func", ex.Name, ex.Kind))
		} else if got := signature(ex.Type.Params, ex.Type.Results); got != want {
			problems = append(problems, refuse("", "module exports %q as %s, it is %s", ex.Name, got, want))
		}
	}
	return problems
}

// checkRegistered finds what a module lacks for what it registers.
func (v *Version) checkRegistered(m *rewrite.Outline) (problems []error) {
	needs := v.conditional()
	for _, name := range slices.Sorted(maps.Keys(needs)) {
		if export(m, name, rewrite.KindFunc) == nil {
			problems = append(problems, refuse("", "module lacks the export %q, needed because %s", name, needs[name]))
		}
	}
	if !v.worker && len(v.classes) == 0 {
		problems = append(problems, refuse("call class_register or worker_register while the module starts; a Go guest does so in init",
			"module registers no Worker and no class"))
	}
	return problems
}

// conditional lists the exports that a guest needs for what it registers.
func (v *Version) conditional() (needs map[string]string) {
	needs = map[string]string{}
	if v.worker {
		needs[abi.ExportWorkerFetch] = "it registers a Worker"
	}
	for name, flags := range v.classes {
		needs[abi.ExportObjectInit] = "it registers class " + name
		needs[abi.ExportObjectCall] = "it registers class " + name
		if flags&abi.ClassHasFetch != 0 {
			needs[abi.ExportObjectFetch] = "class " + name + " answers fetch"
		}
		if flags&abi.ClassHasAlarm != 0 {
			needs[abi.ExportObjectAlarm] = "class " + name + " answers alarms"
		}
	}
	return needs
}
