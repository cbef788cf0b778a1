package rewrite

import (
	"errors"
	"fmt"
	"slices"
	"strings"
)

// Options are the names that Instrument puts into the module, all of them required, and
// the passes that it runs.
type Options struct {
	Passes Passes

	FuelModule, FuelName string // import that is called when fuel is spent, () -> ()
	FuelGlobal           string // export of the counter
	GlobalPrefix         string // exports of the guest's mutable globals: prefix + index
	StartName            string // export of the start function, if there is one
}

// Instrumented is a module for the host to compile, and what the host must do when
// it instantiates it: bound the memory by the module's maximum, which is not in Wasm,
// copy Data into memory, then call Start.
type Instrumented struct {
	Wasm    []byte
	Data    []Segment // in order; later ones may overlap earlier ones
	Start   string    // export name of the start function, "" if there is none
	Globals []string  // export names of the guest's mutable globals, by index
}

// A Segment is an active data segment. Bytes is a view of what Parse was given. The
// host checks that it fits: if not, instantiation fails as the guest's fault.
type Segment struct {
	Offset uint32
	Bytes  []byte
}

// A writer holds what the sections of one instrumented module share.
type writer struct {
	m        *Module
	o        Options
	out      *Instrumented
	names    []string // exports added: Globals, and Start if there is one
	fuelType uint32   // index of () -> ()
	costs    []uint64 // scratch, by edit
	code     []byte   // scratch
}

// Instrument returns the module that the host compiles. It does not change m.
func (m *Module) Instrument(o Options) (*Instrumented, error) {
	w := &writer{m: m, o: o, out: &Instrumented{}, fuelType: uint32(len(m.types))}
	for i, t := range m.types {
		if len(t.Params)+len(t.Results) == 0 {
			w.fuelType = uint32(i)
			break
		}
	}
	if err := w.takeNames(); err != nil {
		return nil, err
	}
	if err := w.takeData(); err != nil {
		return nil, err
	}
	w.out.Wasm = w.module()
	return w.out, nil
}

// takeNames makes the names of the exports to add, and compares them with what the
// guest has.
func (w *writer) takeNames() error {
	m, o := w.m, w.o
	if slices.Contains([]string{o.FuelModule, o.FuelName, o.FuelGlobal, o.GlobalPrefix,
		o.StartName}, "") {
		return errors.New("rewrite: an option is empty")
	}
	for _, im := range m.Imports {
		if im.Module == o.FuelModule {
			return fmt.Errorf("rewrite: import %s.%s: the module name %q is the host's",
				im.Module, im.Name, o.FuelModule)
		}
	}
	ours := map[string]bool{o.FuelGlobal: true, o.StartName: true}
	if len(ours) < 2 {
		return fmt.Errorf("rewrite: two options are %q", o.FuelGlobal)
	}
	for i, g := range m.globals {
		if i < m.importedGlobals || !g.mutable || !numeric(g.typ) {
			continue
		}
		name := fmt.Sprint(o.GlobalPrefix, i)
		if ours[name] {
			return fmt.Errorf("rewrite: two options make the export %q", name)
		}
		ours[name] = true
		w.out.Globals = append(w.out.Globals, name)
	}
	for _, e := range m.Exports {
		if ours[e.Name] {
			return fmt.Errorf("rewrite: export %q: the name is the host's", e.Name)
		}
	}
	if m.start >= 0 {
		w.out.Start = o.StartName
	}
	return nil
}

// takeData collects the active segments.
func (w *writer) takeData() error {
	for i, d := range w.m.data {
		switch {
		case !d.active:
		case d.dynOp == opGlobalGet:
			return fmt.Errorf("rewrite: data segment %d: its offset is an imported global "+
				"(position-independent code); link the module to fixed addresses", i)
		case d.dynOp != 0:
			return fmt.Errorf("rewrite: data segment %d: its offset is not i32.const", i)
		default:
			w.out.Data = append(w.out.Data, Segment{d.offset, d.bytes})
		}
	}
	return nil
}

// module writes all sections, with those that it adds to put in where they are
// missing.
func (w *writer) module() []byte {
	size := len(header)
	for _, s := range w.m.sections {
		size += len(s.payload) + len(s.payload)/2
	}
	out := append(make([]byte, 0, size+256), header...)
	missing := []byte{secType, secImport, secGlobal, secExport}
	for i := range w.m.sections {
		s := &w.m.sections[i]
		if s.id != secCustom {
			for len(missing) > 0 && missing[0] <= s.id {
				if missing[0] < s.id {
					out = w.section(out, &section{id: missing[0]})
				}
				missing = missing[1:]
			}
		}
		out = w.section(out, s)
	}
	for _, id := range missing {
		out = w.section(out, &section{id: id})
	}
	return out
}

func (w *writer) section(out []byte, s *section) []byte {
	switch s.id {
	case secType:
		return w.typeSection(out, s)
	case secImport:
		return w.importSection(out, s)
	case secMemory:
		return w.memorySection(out, s)
	case secGlobal:
		return w.globalSection(out, s)
	case secExport:
		return w.exportSection(out, s)
	case secStart:
		return out
	case secElement:
		head := s.payload[:len(s.payload)-len(s.items)]
		return appendSection(out, s.id, head, w.shift(nil, s.items, s.edits))
	case secCode:
		return w.codeSection(out)
	case secData, secDataCount:
		if len(w.m.dataUse) == 0 {
			// No code names a segment. An engine keeps something for each, in each
			// instance, and a Go guest has thirty thousand.
			return out
		}
		if s.id == secData {
			return w.dataSection(out)
		}
	case secCustom:
		return w.custom(out, s)
	}
	return appendSection(out, s.id, s.payload)
}

// goesWrong reports whether a custom section speaks of code offsets or function
// indices, which shift: DWARF, source maps, branch hints, and the linker's notes.
func goesWrong(name string) bool {
	switch name {
	case "sourceMappingURL", "external_debug_info", "linking":
		return true
	}
	return strings.HasPrefix(name, ".debug_") || strings.HasPrefix(name, "reloc.") ||
		strings.HasPrefix(name, "metadata.code.")
}

func (w *writer) custom(out []byte, s *section) []byte {
	switch {
	case goesWrong(s.name):
		return out
	case s.name == "name":
		if p, ok := w.nameSection(s.payload); ok {
			return appendSection(out, s.id, p)
		}
		return out
	}
	return appendSection(out, s.id, s.payload)
}

// shifted is a function's index behind the added import.
func (w *writer) shifted(i uint32) uint32 {
	if int(i) >= w.m.importedFuncs {
		i++
	}
	return i
}

// shift appends items to out with the function indices in it shifted.
func (w *writer) shift(out, items []byte, edits []edit) []byte {
	pos := uint32(0)
	for _, e := range edits {
		out = append(out, items[pos:e.at]...)
		out = appendU32(out, w.shifted(e.value))
		pos = e.at + uint32(e.size)
	}
	return append(out, items[pos:]...)
}
