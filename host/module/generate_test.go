package module_test

import (
	"bytes"
	"slices"

	"github.com/cairn-dev/cairn/host/internal/choices"
)

// A generator writes a random module that validates and ends: each function's entry
// and each turn of a loop takes one of a budget, and both give up when it is spent.
// What it does is decided by choices, so the same choices are the same module.
type generator struct {
	*choices.Choices
	tables bool // it changes its table, so it has no image
	fromGo bool // it has the mark of Go's linker, without which passes leave code alone
	types  []signatureOf
	funcs  []int // the types of functions, those of the ABI left out

	// Of the function that is being written:
	self   int
	locals []byte // types, parameters first
	labels []bool // open blocks, the innermost last: may it be branched to
	code   []byte
}

type signatureOf struct{ params, results []byte }

// The types of values.
const (
	tI32 = 0x7f
	tI64 = 0x7e
	tF32 = 0x7d
	tF64 = 0x7c
)

var valueTypes = []byte{tI32, tI64, tF32, tF64}

// What each generated module has. Globals are two of each type, and the budget.
const (
	firstFunc   = 5 // behind the import and the ABI's four
	budget      = 8
	startBudget = 200
	tableSize   = 8
	maxTable    = 16
	dataSize    = 64
)

// generate returns a module of the ABI whose object_call runs what was generated
// and leaves its results and the globals in memory.
func generate(given []byte) []byte {
	g := &generator{Choices: choices.New(given)}
	g.fromGo = len(given) == 0 || given[0]%4 != 0
	g.tables = g.N(4) == 0
	for range 3 + g.N(3) {
		sig := signatureOf{results: []byte{choices.Pick(g.Choices, valueTypes)}}
		for range g.N(4) {
			sig.params = append(sig.params, choices.Pick(g.Choices, valueTypes))
		}
		g.types = append(g.types, sig)
	}
	for range 2 + g.N(4) {
		g.funcs = append(g.funcs, g.N(len(g.types)))
	}
	call := g.objectCall()
	bodies := [][]byte{
		body(nil, code(i32(1))),
		body(nil, code(i32(0), i32(3), i32(0), callFunc(0), drop, i32(3), i32(7),
			[]byte{0x3a, 0, 0})),
		body(nil, i32(0)), body(nil, call),
	}
	for i := range g.funcs {
		bodies = append(bodies, g.function(i))
	}
	return g.module(bodies)
}

func body(groups [][]byte, code []byte) []byte {
	b := slices.Concat(vec(groups), code, end)
	return append(uleb(uint32(len(b))), b...)
}

// objectCall calls each function with arguments that depend on the input's length.
func (g *generator) objectCall() []byte {
	c := slices.Concat(i32(startBudget), []byte{0x24, budget})
	at := 256
	for i, t := range g.funcs {
		c = append(c, i32(int32(at))...)
		for _, p := range g.types[t].params {
			c = append(c, 0x20, 0) // the length
			c = append(c, convertI32[p]...)
		}
		c = append(c, callFunc(byte(firstFunc+i))...)
		c = append(c, storeOf[g.types[t].results[0]]...)
		at += 8
	}
	for i := range 8 {
		t := valueTypes[i/2]
		c = slices.Concat(c, i32(int32(at)), []byte{0x23, byte(i)}, storeOf[t])
		at += 8
	}
	return append(c, i32(0)...)
}

var (
	convertI32 = map[byte][]byte{tI32: nil, tI64: {0xac}, tF32: {0xb2}, tF64: {0xb7}}
	storeOf    = map[byte][]byte{tI32: {0x36, 0, 0}, tI64: {0x37, 0, 0}, tF32: {0x38, 0, 0},
		tF64: {0x39, 0, 0}}
)

// zeroOf is the constant zero of a type.
func zeroOf(t byte) []byte {
	switch t {
	case tI32:
		return []byte{0x41, 0}
	case tI64:
		return []byte{0x42, 0}
	case tF32:
		return append([]byte{0x43}, make([]byte, 4)...)
	}
	return append([]byte{0x44}, make([]byte, 8)...)
}

// module puts the sections together.
func (g *generator) module(bodies [][]byte) []byte {
	types := [][]byte{{0x60, 0, 0}, {0x60, 0, 1, tI32}, {0x60, 1, tI32, 1, tI32},
		{0x60, 3, tI32, tI32, tI32, 1, tI32}}
	base := byte(len(types))
	for _, t := range g.types {
		types = append(types, slices.Concat([]byte{0x60, byte(len(t.params))}, t.params,
			[]byte{byte(len(t.results))}, t.results))
	}
	funcs := [][]byte{{1}, {0}, {2}, {2}}
	var globals, elements [][]byte
	for i, t := range g.funcs {
		funcs = append(funcs, []byte{base + byte(t)})
		elements = append(elements, []byte{byte(firstFunc + i)})
	}
	for i := range 8 {
		globals = append(globals, slices.Concat([]byte{valueTypes[i/2], 1},
			zeroOf(valueTypes[i/2]), end))
	}
	globals = append(globals, slices.Concat([]byte{tI32, 1}, zeroOf(tI32), end))
	exports := [][]byte{append(str("memory"), 2, 0)}
	for i, name := range []string{"abi_version", "_initialize", "object_init", "object_call"} {
		exports = append(exports, append(str(name), 0, byte(1+i)))
	}
	data := bytes.Repeat([]byte("cairn\x00\xff\x80"), dataSize/8)
	var mark []byte
	if g.fromGo {
		mark = section(0, str("go:buildid"))
	}
	return slices.Concat([]byte("\x00asm\x01\x00\x00\x00"), mark, section(1, vec(types)),
		section(2,
			vec([][]byte{slices.Concat(str("cairn_v1"), str("class_register"), []byte{0, 3})})),
		section(3, vec(funcs)), section(4, []byte{1, 0x70, 1, tableSize, maxTable}),
		section(5, []byte{1, 1, 1, 2}), section(6, vec(globals)), section(7, vec(exports)),
		section(9, vec([][]byte{ // one that fills the table, one to copy from
			slices.Concat([]byte{0}, i32(0), end, vec(elements)),
			slices.Concat([]byte{1, 0}, vec(elements))})),
		section(12, []byte{2}), section(10, vec(bodies)),
		section(11, vec([][]byte{
			slices.Concat([]byte{0}, i32(0), end, str("Obj")),
			g.passive(data)})))
}

// passive is a data segment for memory.init. A passive one that is not empty has
// no image; an empty one is as good as dropped.
func (g *generator) passive(data []byte) []byte {
	if !g.tables {
		data = nil
	}
	return slices.Concat([]byte{1}, uleb(uint32(len(data))), data)
}
