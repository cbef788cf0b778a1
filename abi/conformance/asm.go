package conformance

import (
	"encoding/binary"

	"github.com/cairn-dev/cairn/abi"
)

// The binary numbers of WebAssembly that the kit's guests use.
const (
	typeI32 = 0x7f
	typeI64 = 0x7e

	kindFunc   = 0
	kindTable  = 1
	kindMemory = 2
	kindGlobal = 3

	secType     = 1
	secImport   = 2
	secFunction = 3
	secTable    = 4
	secMemory   = 5
	secGlobal   = 6
	secExport   = 7
	secStart    = 8
	secCode     = 10
	secData     = 11
)

const (
	opUnreachable = 0x00
	opBlock       = 0x02
	opLoop        = 0x03
	opIf          = 0x04
	opEnd         = 0x0b
	opBr          = 0x0c
	opBrIf        = 0x0d
	opReturn      = 0x0f
	opCall        = 0x10
	opDrop        = 0x1a
	opSelect      = 0x1b
	opLocalGet    = 0x20
	opLocalSet    = 0x21
	opGlobalGet   = 0x23
	opGlobalSet   = 0x24
	opI32Load     = 0x28
	opI64Load     = 0x29
	opI32Load8    = 0x2d
	opI32Store    = 0x36
	opI64Store    = 0x37
	opI32Store8   = 0x3a
	opMemorySize  = 0x3f
	opMemoryGrow  = 0x40
	opI32Const    = 0x41
	opI32Eqz      = 0x45
	opI32Eq       = 0x46
	opI32Ne       = 0x47
	opI32LtU      = 0x49
	opI32GeU      = 0x4f
	opI32Add      = 0x6a
	opI32Sub      = 0x6b
	opI32Mul      = 0x6c
	opI32And      = 0x71
	opI32Or       = 0x72
	opI32Shl      = 0x74
	opI32ShrU     = 0x76
	opI32WrapI64  = 0xa7
	opI64ExtendU  = 0xad
	opPrefixBulk  = 0xfc
	bulkCopy      = 10
	bulkFill      = 11
	blockNone     = 0x40
)

// signature is a function's type, one letter for each value: i is i32, I is
// i64. "iiI:i" takes two i32 and an i64 and returns an i32.
type signature string

// signatureOf writes types as a signature.
func signatureOf(params, results []abi.ValueType) signature {
	letters := func(types []abi.ValueType) (s signature) {
		for _, t := range types {
			s += map[abi.ValueType]signature{abi.TypeI32: "i", abi.TypeI64: "I"}[t]
		}
		return s
	}
	if len(results) == 0 {
		return letters(params)
	}
	return letters(params) + ":" + letters(results)
}

func (s signature) split() (params, results string) {
	for n := range s {
		if s[n] == ':' {
			return string(s[:n]), string(s[n+1:])
		}
	}
	return string(s), ""
}

func (s signature) encode() []byte {
	params, results := s.split()
	b := []byte{0x60}
	for _, list := range []string{params, results} {
		b = appendU32(b, uint32(len(list)))
		for _, letter := range list {
			if letter == 'I' {
				b = append(b, typeI64)
			} else {
				b = append(b, typeI32)
			}
		}
	}
	return b
}

func appendU32(b []byte, v uint32) []byte { return binary.AppendUvarint(b, uint64(v)) }

func appendName(b []byte, name string) []byte {
	return append(appendU32(b, uint32(len(name))), name...)
}

func appendSigned(b []byte, v int64) []byte {
	for {
		low := byte(v & 0x7f)
		v >>= 7
		if v == 0 && low&0x40 == 0 || v == -1 && low&0x40 != 0 {
			return append(b, low)
		}
		b = append(b, low|0x80)
	}
}

// code is the body of a function under construction.
type code struct{ b []byte }

func (c *code) op(ops ...byte) *code { c.b = append(c.b, ops...); return c }

func (c *code) i32(v int32) *code {
	c.b = appendSigned(append(c.b, opI32Const), int64(v))
	return c
}

func (c *code) get(local uint32) *code    { return c.index(opLocalGet, local) }
func (c *code) set(local uint32) *code    { return c.index(opLocalSet, local) }
func (c *code) call(fn uint32) *code      { return c.index(opCall, fn) }
func (c *code) global(g uint32) *code     { return c.index(opGlobalGet, g) }
func (c *code) setGlobal(g uint32) *code  { return c.index(opGlobalSet, g) }
func (c *code) br(depth uint32) *code     { return c.index(opBr, depth) }
func (c *code) brIf(depth uint32) *code   { return c.index(opBrIf, depth) }
func (c *code) block() *code              { return c.op(opBlock, blockNone) }
func (c *code) loop() *code               { return c.op(opLoop, blockNone) }
func (c *code) ifThen() *code             { return c.op(opIf, blockNone) }
func (c *code) end() *code                { return c.op(opEnd) }
func (c *code) copyMemory() *code         { return c.op(opPrefixBulk, bulkCopy, 0, 0) }
func (c *code) fillMemory() *code         { return c.op(opPrefixBulk, bulkFill, 0) }
func (c *code) load(at uint32) *code      { return c.memory(opI32Load, at) }
func (c *code) load8(at uint32) *code     { return c.memory(opI32Load8, at) }
func (c *code) load64(at uint32) *code    { return c.memory(opI64Load, at) }
func (c *code) store(at uint32) *code     { return c.memory(opI32Store, at) }
func (c *code) store8(at uint32) *code    { return c.memory(opI32Store8, at) }
func (c *code) store64(at uint32) *code   { return c.memory(opI64Store, at) }
func (c *code) add(local uint32, n int32) { c.get(local).i32(n).op(opI32Add).set(local) }

func (c *code) index(op byte, n uint32) *code {
	c.b = appendU32(append(c.b, op), n)
	return c
}

// memory is an access at a constant offset, with no claim of alignment.
func (c *code) memory(op byte, offset uint32) *code {
	c.b = appendU32(append(c.b, op, 0), offset)
	return c
}

// importItem is something that a module imports; desc is used for what is no
// function.
type importItem struct {
	module, name string
	kind         byte
	sig          signature
	desc         []byte
}

type function struct {
	sig    signature
	locals string // their types
	body   []byte
}

type export struct {
	name  string
	kind  byte
	index uint32
}

type segment struct {
	offset int32
	bytes  []byte
}

// module is a module under construction. Whatever it says is encoded as it is,
// right or wrong.
type module struct {
	imports   []importItem
	functions []function
	memory    []byte // limits; nil is no memory
	globals   int    // mutable i32, all zero at first
	initial   map[int]int32
	exports   []export
	start     int // function index, -1 is none
	data      []segment
	table     []byte // limits; nil is no table
}

func (m *module) importFunc(moduleName, name string, sig signature) uint32 {
	m.imports = append(m.imports, importItem{module: moduleName, name: name, sig: sig})
	return uint32(len(m.imports) - 1)
}

// function adds a function. All imports must have been added before.
func (m *module) function(sig signature, locals string, c *code) uint32 {
	m.functions = append(m.functions, function{sig, locals, c.b})
	return uint32(m.importedFunctions() + len(m.functions) - 1)
}

func (m *module) importedFunctions() (n int) {
	for _, im := range m.imports {
		if im.kind == kindFunc {
			n++
		}
	}
	return n
}

func (m *module) export(name string, kind byte, index uint32) {
	m.exports = append(m.exports, export{name, kind, index})
}

// drop takes an export out.
func (m *module) drop(name string) {
	for i, e := range m.exports {
		if e.name == name {
			m.exports = append(m.exports[:i:i], m.exports[i+1:]...)
			return
		}
	}
}

func section(b []byte, id byte, n int, items []byte) []byte {
	if n == 0 {
		return b
	}
	count := appendU32(nil, uint32(n))
	b = appendU32(append(b, id), uint32(len(count)+len(items)))
	return append(append(b, count...), items...)
}

// encode writes the module in WebAssembly's binary format.
func (m *module) encode() []byte {
	types := &typeTable{numbers: map[signature]uint32{}}
	var imports, functions, bodies, globals, exports, data []byte
	for _, im := range m.imports {
		imports = append(appendName(appendName(imports, im.module), im.name), im.kind)
		if im.kind == kindFunc {
			imports = appendU32(imports, types.number(im.sig))
		} else {
			imports = append(imports, im.desc...)
		}
	}
	for _, f := range m.functions {
		functions = appendU32(functions, types.number(f.sig))
		body := f.encodeBody()
		bodies = append(appendU32(bodies, uint32(len(body))), body...)
	}
	for i := range m.globals {
		globals = appendSigned(append(globals, typeI32, 1, opI32Const), int64(m.initial[i]))
		globals = append(globals, opEnd)
	}
	for _, e := range m.exports {
		exports = appendU32(append(appendName(exports, e.name), e.kind), e.index)
	}
	for _, d := range m.data {
		data = appendSigned(append(data, 0, opI32Const), int64(d.offset))
		data = append(appendU32(append(data, opEnd), uint32(len(d.bytes))), d.bytes...)
	}
	b := []byte("\x00asm\x01\x00\x00\x00")
	b = section(b, secType, len(types.numbers), types.encoded)
	b = section(b, secImport, len(m.imports), imports)
	b = section(b, secFunction, len(m.functions), functions)
	if m.table != nil {
		b = section(b, secTable, 1, append([]byte{0x70}, m.table...))
	}
	if m.memory != nil {
		b = section(b, secMemory, 1, m.memory)
	}
	b = section(b, secGlobal, m.globals, globals)
	b = section(b, secExport, len(m.exports), exports)
	if m.start >= 0 {
		index := appendU32(nil, uint32(m.start))
		b = append(append(b, secStart, byte(len(index))), index...)
	}
	b = section(b, secCode, len(m.functions), bodies)
	return section(b, secData, len(m.data), data)
}

func (f *function) encodeBody() []byte {
	b := appendU32(nil, uint32(len(f.locals)))
	for _, letter := range f.locals {
		if letter == 'I' {
			b = append(b, 1, typeI64)
		} else {
			b = append(b, 1, typeI32)
		}
	}
	return append(append(b, f.body...), opEnd)
}

// typeTable numbers signatures in the order in which they are asked for.
type typeTable struct {
	numbers map[signature]uint32
	encoded []byte
}

func (t *typeTable) number(s signature) uint32 {
	n, ok := t.numbers[s]
	if !ok {
		n = uint32(len(t.numbers))
		t.numbers[s] = n
		t.encoded = append(t.encoded, s.encode()...)
	}
	return n
}
