package module_test

import "slices"

// asm is a module to be put together byte by byte: a fresh machine has no tool
// that would.
type asm struct {
	imports  []asmImport
	funcs    []asmFunc
	noMemory bool
	memory   string // its export's name; default "memory"
	pages    uint32 // default 1
	maxPages uint32 // default none
	globals  int    // mutable ones, of type i32
	data     []byte
	dataAt   int32
}

type asmImport struct {
	module, name string
	typ          byte
}

type asmFunc struct {
	export string
	typ    byte
	locals byte // of type i32, besides the parameters
	code   []byte
}

// Types of functions: their index in every module.
const (
	tVoid   = iota // () -> ()
	tI             // () -> i32
	tII            // i32 -> i32
	tIII           // i32, i32 -> i32
	tIIII          // i32, i32, i32 -> i32
	tIIIII         // four i32 -> i32
	tIIIIII        // five i32 -> i32
)

var asmTypes = [][2]int{{0, 0}, {0, 1}, {1, 1}, {2, 1}, {3, 1}, {4, 1}, {5, 1}}

// bytes assembles the module.
func (a asm) bytes() []byte {
	var types, imports, funcs, exports, bodies, globals [][]byte
	for _, t := range asmTypes {
		types = append(types, slices.Concat([]byte{0x60},
			vec(slices.Repeat([][]byte{{0x7f}}, t[0])),
			vec(slices.Repeat([][]byte{{0x7f}}, t[1]))))
	}
	for _, im := range a.imports {
		imports = append(imports, slices.Concat(str(im.module), str(im.name), []byte{0, im.typ}))
	}
	for i, f := range a.funcs {
		funcs = append(funcs, []byte{f.typ})
		if f.export != "" {
			exports = append(exports,
				slices.Concat(str(f.export), []byte{0}, uleb(uint32(len(a.imports)+i))))
		}
		body := slices.Concat([]byte{1, f.locals, 0x7f}, f.code, []byte{0x0b})
		bodies = append(bodies, append(uleb(uint32(len(body))), body...))
	}
	for range a.globals {
		globals = append(globals, []byte{0x7f, 1, 0x41, 0, 0x0b})
	}
	sections := slices.Concat([]byte("\x00asm\x01\x00\x00\x00"),
		section(1, vec(types)), section(2, vec(imports)), section(3, vec(funcs)))
	if !a.noMemory {
		limits := append([]byte{0}, uleb(max(a.pages, 1))...)
		if a.maxPages > 0 {
			limits = slices.Concat([]byte{1}, uleb(max(a.pages, 1)), uleb(a.maxPages))
		}
		sections = append(sections, section(5, vec([][]byte{limits}))...)
		name := a.memory
		if name == "" {
			name = "memory"
		}
		exports = append(exports, slices.Concat(str(name), []byte{2, 0}))
	}
	sections = append(sections, slices.Concat(
		section(6, vec(globals)), section(7, vec(exports)), section(10, vec(bodies)))...)
	if a.data != nil {
		sections = append(sections, section(11, vec([][]byte{
			slices.Concat([]byte{0}, i32(a.dataAt), []byte{0x0b},
				uleb(uint32(len(a.data))), a.data)}))...)
	}
	return sections
}

func section(id byte, body []byte) []byte {
	return slices.Concat([]byte{id}, uleb(uint32(len(body))), body)
}

func vec(items [][]byte) []byte {
	return append(uleb(uint32(len(items))), slices.Concat(items...)...)
}

func str(s string) []byte { return append(uleb(uint32(len(s))), s...) }

func uleb(v uint32) []byte {
	b := []byte{}
	for ; v >= 0x80; v >>= 7 {
		b = append(b, byte(v)|0x80)
	}
	return append(b, byte(v))
}

// i32 is i32.const.
func i32(v int32) []byte {
	b := []byte{0x41}
	for {
		low := byte(v & 0x7f)
		v >>= 7
		if v == 0 && low&0x40 == 0 || v == -1 && low&0x40 != 0 {
			return append(b, low)
		}
		b = append(b, low|0x80)
	}
}

// Instructions that the tests use.
var (
	unreachable = []byte{0x00}
	end         = []byte{0x0b}
	ret         = []byte{0x0f}
	drop        = []byte{0x1a}
	param       = []byte{0x20, 0} // the first parameter
	load        = []byte{0x28, 2, 0}
	store       = []byte{0x36, 2, 0}
	grow        = []byte{0x40, 0}
	eqz         = []byte{0x45}
	eq          = []byte{0x46}
	add         = []byte{0x6a}
)

func code(parts ...[]byte) []byte { return slices.Concat(parts...) }

func callFunc(index byte) []byte { return []byte{0x10, index} }

// when runs a body if the parameter is n, and leaves nothing.
func when(n int32, body ...[]byte) []byte {
	return slices.Concat(param, i32(n), eq, []byte{0x04, 0x40}, slices.Concat(body...), end)
}

// guest is the smallest module that registers a class, "Obj", with more
// functions in it. Where an export of its own is named again, that one counts.
func guest(more ...asmFunc) asm {
	a := asm{
		imports: []asmImport{{"cairn_v1", "class_register", tIIII}},
		data:    []byte("Obj"),
	}
	own := []asmFunc{
		{"abi_version", tI, 0, i32(1)},
		{"_initialize", tVoid, 0, code(i32(0), i32(3), i32(0), callFunc(0), drop)},
		{"object_init", tII, 0, i32(0)},
		{"object_call", tII, 0, i32(0)},
	}
	for _, f := range own {
		if !slices.ContainsFunc(more, func(m asmFunc) bool { return m.export == f.export }) {
			a.funcs = append(a.funcs, f)
		}
	}
	a.funcs = append(a.funcs, more...)
	return a
}

// without leaves an export out.
func (a asm) without(export string) asm {
	a.funcs = slices.DeleteFunc(slices.Clone(a.funcs), func(f asmFunc) bool {
		return f.export == export
	})
	return a
}

// importing adds an import behind those that are there.
func (a asm) importing(module, name string, typ byte) asm {
	a.imports = append(slices.Clone(a.imports), asmImport{module, name, typ})
	return a
}
