package conformance

import (
	"bytes"
	"fmt"
	"strings"

	"github.com/cairn-dev/cairn/abi"
)

// refusal is a module that a host must refuse.
type refusal struct {
	name  string
	must  string
	words []string // words that the error contains
	build func() []byte
	limit uint64 // Config.MemoryLimit
}

// changed builds the kit's guest with one thing wrong.
func changed(change func(m *module)) func() []byte {
	return func() []byte {
		m := newGuest(guestOptions{})
		change(m)
		return m.encode()
	}
}

// importing builds a guest that imports one more function. It comes first, so
// that nothing but its signature can be wrong.
func importing(im importItem) func() []byte {
	return func() []byte {
		m := minimal()
		m.imports = append(m.imports, im)
		if im.kind == kindMemory {
			m.memory = nil // two memories are another fault
		}
		return m.finish()
	}
}

// shared is an import that is no function.
func shared(kind byte, desc []byte) importItem {
	return importItem{module: abi.ModuleName, name: "shared", kind: kind, desc: desc}
}

// bare is a module without anything but what must be there; finish adds it.
type bare struct {
	module
	init   func(c *code) // _initialize after the registration
	worker bool
}

func minimal() *bare {
	b := &bare{worker: true}
	b.start, b.memory = -1, []byte{0, 1}
	return b
}

func (b *bare) finish() []byte {
	register := uint32(b.importedFunctions())
	b.imports = append(b.imports, importItem{
		module: abi.ModuleName, name: abi.FuncWorkerRegister, sig: ":i"})
	c := &code{}
	if b.worker {
		c.call(register).op(opDrop)
	}
	if b.init != nil {
		b.init(c)
	}
	b.export(abi.ExportMemory, kindMemory, 0)
	b.export(abi.ExportInitialize, kindFunc, b.function("", "", c))
	b.export(abi.ExportABIVersion, kindFunc, b.function(":i", "", (&code{}).i32(abi.Version)))
	b.export(abi.ExportWorkerFetch, kindFunc, b.function("i:i", "", zero))
	return b.encode()
}

func (b *bare) function(sig signature, locals string, c *code) uint32 {
	return b.module.function(sig, locals, c)
}

// replaced builds the kit's guest with another function under an export's name.
func replaced(name string, sig signature, body *code) func() []byte {
	return changed(func(m *module) {
		m.drop(name)
		m.export(name, kindFunc, m.function(sig, "", body))
	})
}

// missing is a guest that lacks an export that it needs.
func missing(name string) refusal {
	return refusal{name + "/missing", "M24", []string{name}, dropped(name), 0}
}

func dropped(name string) func() []byte {
	return changed(func(m *module) { m.drop(name) })
}

// zero is the body of a function that returns 0.
var zero = (&code{}).i32(0)

func bytesOf(b string) func() []byte { return func() []byte { return []byte(b) } }

// refusals lists the modules that a host must refuse, and the words by which
// it must do so.
func refusals() []refusal {
	trap := (&code{}).op(opUnreachable)
	list := []refusal{
		{"module/empty", "M11", nil, bytesOf(""), 0},
		{"module/text", "M11", nil, bytesOf("(module)"), 0},
		{"module/component", "M11", nil, bytesOf("\x00asm\x0d\x00\x01\x00"), 0},
		{"module/truncated", "M11", nil, func() []byte {
			b := newGuest(guestOptions{}).encode()
			return b[:len(b)/2]
		}, 0},
		{"module/junk_behind", "M11", nil, func() []byte {
			return append(newGuest(guestOptions{}).encode(), 0xff)
		}, 0},
		{"module/not_valid", "M11", nil, changed(func(m *module) {
			m.function(":i", "", &code{}) // returns nothing
		}), 0},

		{"import/unknown_function", "M12", []string{"cairn_v1", "storage_explode"},
			importing(importItem{module: abi.ModuleName, name: "storage_explode", sig: "ii:i"}), 0},
		{"import/unknown_module", "M12", []string{"env", "memcpy"},
			importing(importItem{module: "env", name: "memcpy", sig: "iii:i"}), 0},
		{"import/unknown_wasi", "M12", []string{wasiModule, "fork"},
			importing(importItem{module: wasiModule, name: "fork", sig: ":i"}), 0},
		{"import/export_as_import", "M12", []string{abi.ExportObjectCall},
			importing(importItem{module: abi.ModuleName, name: abi.ExportObjectCall,
				sig: "i:i"}), 0},
		{"import/meter", "M12", []string{"cairn_fuel"},
			importing(importItem{module: "cairn_fuel", name: "fuel_spent", sig: ""}), 0},
		{"import/later_version", "M13", []string{"cairn_v2"},
			importing(importItem{module: "cairn_v2", name: abi.FuncStorageGet, sig: "iiiii:i"}), 0},
		{"import/memory", "M14", []string{"shared"},
			importing(shared(kindMemory, []byte{0, 1})), 0},
		{"import/table", "M14", []string{"shared"},
			importing(shared(kindTable, []byte{0x70, 0, 1})), 0},
		{"import/global", "M14", []string{"shared"},
			importing(shared(kindGlobal, []byte{typeI32, 0})), 0},

		{"memory/missing", "M16", []string{abi.ExportMemory}, dropped(abi.ExportMemory), 0},
		{"abi_version/missing", "M16", []string{abi.ExportABIVersion},
			dropped(abi.ExportABIVersion), 0},
		{"memory/above_limit", "M18", nil, changed(func(m *module) {}), minPages*pageBytes - 1},
		{"data/outside", "M19", nil, changed(func(m *module) {
			m.data = append(m.data, segment{minPages*pageBytes - 1, []byte("xx")})
		}), 0},
		{"data/wraps", "M19", nil, changed(func(m *module) {
			m.data = append(m.data, segment{-1, []byte("xx")})
		}), 0},

		{"abi_version/other", "M21", []string{"2"},
			replaced(abi.ExportABIVersion, ":i", (&code{}).i32(2)), 0},
		{"abi_version/zero", "M21", nil, replaced(abi.ExportABIVersion, ":i", zero), 0},
		{"abi_version/traps", "M22", nil, replaced(abi.ExportABIVersion, ":i", trap), 0},
		{"start/traps", "M22", nil, changed(func(m *module) {
			m.start = int(m.function("", "", trap))
		}), 0},
		{"_initialize/traps", "M22", nil, replaced(abi.ExportInitialize, "", trap), 0},
		{"_initialize/exits", "M22", nil, replaced(abi.ExportInitialize, "", func() *code {
			exit, _ := importIndex("proc_exit")
			return (&code{}).i32(0).call(exit)
		}()), 0},
		{"_initialize/registers_nothing", "M23", nil,
			replaced(abi.ExportInitialize, "", &code{}), 0},
		missing(abi.ExportWorkerFetch),
		missing(abi.ExportObjectInit),
		missing(abi.ExportObjectCall),
		missing(abi.ExportObjectFetch),
		missing(abi.ExportObjectAlarm),
	}
	return append(list, wrongSignatures()...)
}

// wrongSignatures takes each export and each import in turn.
func wrongSignatures() (list []refusal) {
	for _, row := range abi.Exports {
		name, words := row.Name, []string{row.Name}
		if !row.Result {
			list = append(list, refusal{name + "/with_a_result",
				"M17", words, replaced(name, ":i", zero), 0})
		}
		if len(row.Params) == 0 {
			continue
		}
		list = append(list,
			refusal{name + "/no_parameter", "M17", words, replaced(name, ":i", zero), 0},
			refusal{name + "/two_parameters", "M17", words, replaced(name, "ii:i", zero), 0},
			refusal{name + "/no_result", "M17", words, replaced(name, "i", &code{}), 0},
			refusal{name + "/i64", "M17", words, replaced(name, "I:i", zero), 0},
			refusal{name + "/a_global", "M17", words, changed(func(m *module) {
				m.drop(name)
				m.export(name, kindGlobal, globalUser)
			}), 0})
	}
	list = append(list,
		refusal{"abi_version/no_result", "M17", []string{abi.ExportABIVersion},
			replaced(abi.ExportABIVersion, "", &code{}), 0},
		refusal{"memory/a_function", "M16", []string{abi.ExportMemory},
			replaced(abi.ExportMemory, "", &code{}), 0})
	for _, im := range imports {
		wrong := im
		wrong.sig = "i" + im.sig // a parameter too many
		list = append(list, refusal{im.name + "/signature", "M15", []string{im.name},
			importing(wrong), 0})
	}
	return list
}

func refusedCases() (cases []Case) {
	for _, r := range refusals() {
		cases = append(cases,
			Case{Name: r.name, Musts: []string{r.must}, check: func(s *Suite) error {
				return s.refused(&r)
			}})
	}
	return append(cases,
		Case{"module/smallest", []string{"M12", "M24"}, func(s *Suite) error {
			return s.loads(minimal().finish())
		}},
		Case{"module/exports_of_its_own", []string{"M17", "M100"}, func(s *Suite) error {
			m := minimal()
			m.table = []byte{0, 1}
			m.export("indirect", kindTable, 0)
			m.export("object_frobnicate", kindFunc, 0)
			m.export("_start", kindFunc, m.function("", "", (&code{}).op(opUnreachable)))
			return s.loads(m.finish())
		}})
}

// refused wants a module to be refused, with the words.
func (s *Suite) refused(r *refusal) error {
	c := standard()
	if !bytes.Contains(r.build(), []byte("Raw")) { // a bare module has no classes
		c.Bindings = map[string]string{}
	}
	c.MemoryLimit = r.limit
	app, err := s.host.Load(r.build(), c)
	if err == nil {
		return fmt.Errorf("the module was accepted (close: %v)", app.Close())
	}
	for _, word := range r.words {
		if !strings.Contains(err.Error(), word) {
			return fmt.Errorf("the error lacks %q: %v", word, err)
		}
	}
	return nil
}

// loads wants a module without classes to be accepted.
func (s *Suite) loads(wasm []byte) error {
	c := standard()
	c.Bindings = map[string]string{}
	app, err := s.host.Load(wasm, c)
	if err != nil {
		return fmt.Errorf("refused: %w", err)
	}
	return app.Close()
}
