package module

import (
	"fmt"
	"strings"

	"github.com/cairn-dev/cairn/abi"
	"github.com/cairn-dev/cairn/host/hostfunc"
	"github.com/cairn-dev/cairn/host/module/rewrite"
)

// maxTableEntries bounds tables, which live in the host's memory and not in the
// guest's. The largest Go guests have some ten thousand functions.
const maxTableEntries = 1 << 20

// Check finds what cannot work before anything is compiled.
func (s *Source) Check() (problems []error) {
	add := func(err error) {
		if err != nil {
			problems = append(problems, err)
		}
	}
	e, m := s.engine, s.Outline()
	for _, im := range m.Imports {
		add(e.checkImport(im))
	}
	add(e.checkMemory(m))
	if m.TableEntries() > maxTableEntries {
		add(refuse("declare a maximum",
			"module has a table that can exceed %d entries, or several that do together",
			maxTableEntries))
	}
	return problems
}

// checkMemory refuses a module whose memory we cannot use.
func (e *Engine) checkMemory(m *rewrite.Outline) error {
	if m.Memory == nil || Export(m, abi.ExportMemory, rewrite.KindMemory) == nil {
		return refuse("export the linear memory under this name",
			"module lacks the export %q", abi.ExportMemory)
	}
	if pages := e.options.MemoryLimit / WasmPageBytes; uint64(m.Memory.MinPages) > pages {
		return refuse("", "module starts with %d pages of memory, the limit is %d",
			m.Memory.MinPages, pages)
	}
	return nil
}

// checkImport refuses an import that we do not have, by name.
func (e *Engine) checkImport(im rewrite.Import) error {
	if im.Kind != rewrite.KindFunc {
		return refuse("", "module imports the %s %s.%s, which this host does not offer",
			im.Kind, im.Module, im.Name)
	}
	functions, ok := e.imports[im.Module]
	if !ok && strings.HasPrefix(im.Module, "cairn_v") {
		return refuse("build the guest for this version, or run a newer cairn",
			"module speaks the ABI %s, this host speaks %s", im.Module, abi.ModuleName)
	}
	def, known := functions[im.Name]
	if !known {
		return refuse(fmt.Sprintf("this host offers %s and %s", abi.ModuleName, hostfunc.WASI),
			"module imports %s.%s, which this host does not offer", im.Module, im.Name)
	}
	want := Signature(def.ParamTypes(), def.ResultTypes())
	if got := Signature(im.Type.Params, im.Type.Results); got != want {
		return refuse("", "module imports %s.%s as %s, it is %s", im.Module, im.Name, got, want)
	}
	return nil
}

// Export finds an export by name and kind.
func Export(m *rewrite.Outline, name string, kind rewrite.Kind) *rewrite.Export {
	for i := range m.Exports {
		if m.Exports[i].Name == name && m.Exports[i].Kind == kind {
			return &m.Exports[i]
		}
	}
	return nil
}

// Signature writes a function type as the text format does.
func Signature[T ~byte](params, results []T) string {
	write := func(types []T) string {
		names := make([]string, len(types))
		for i, t := range types {
			names[i] = rewrite.ValueType(t).String()
		}
		return "(" + strings.Join(names, ", ") + ")"
	}
	return write(params) + " -> " + write(results)
}
