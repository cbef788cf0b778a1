package module_test

import (
	"encoding/binary"
	"slices"

	"github.com/cairn-dev/cairn/host/internal/choices"
)

func (g *generator) emit(b ...byte) { g.code = append(g.code, b...) }

// function writes the body of one.
func (g *generator) function(i int) []byte {
	sig := g.types[g.funcs[i]]
	g.self, g.labels, g.code = i, nil, nil
	g.locals = slices.Clone(sig.params)
	var groups [][]byte
	for _, t := range valueTypes {
		groups = append(groups, []byte{2, t})
		g.locals = append(g.locals, t, t)
	}
	groups = append(groups, []byte{1, tF32}, []byte{1, tF64}) // for quiet
	g.spend()
	g.emit(0x04, 0x40)
	g.emit(zeroOf(sig.results[0])...)
	g.emit(0x0f, 0x0b)
	for range 2 + g.N(5) {
		g.statement(3)
	}
	g.value(sig.results[0], 4)
	return body(groups, g.code)
}

// spend takes one of the budget and leaves whether it was the last.
func (g *generator) spend() {
	g.emit(0x23, budget, 0x41, 1, 0x6b, 0x24, budget, 0x23, budget, 0x41, 0, 0x48)
}

// local is the index of a random local of a type.
func (g *generator) local(t byte) byte {
	var of []byte
	for i, l := range g.locals {
		if l == t {
			of = append(of, byte(i))
		}
	}
	return choices.Pick(g.Choices, of)
}

// global is the index of one of the two globals of a type.
func (g *generator) global(t byte) byte {
	return byte(2*slices.Index(valueTypes, t) + g.N(2))
}

// A constant is often one on which something turns.
func (g *generator) constant(t byte) {
	small := []int64{0, 0, 0, 1, -1, 2, 3, 7, 31, 32, 63, 64, 255, 256, 0x7fff, 0xffff}
	v := choices.Pick(g.Choices, small)
	switch g.N(4) {
	case 0:
		v = int64(g.Bits()) >> g.N(64)
	case 1:
		v = int64(1) << g.N(64)
	}
	switch t {
	case tI32:
		g.emit(i32(int32(v))...)
	case tI64:
		g.emit(sleb(v)...)
	case tF32:
		bits := choices.Pick(g.Choices, []uint32{0, 0x80000000, 0x3f800000, 0xbf000000, 0x4f000000,
			0x7f800000, 0x7fc00000, uint32(v)})
		g.emit(binary.LittleEndian.AppendUint32([]byte{0x43}, bits)...)
		g.quiet(t)
	default:
		bits := choices.Pick(g.Choices, []uint64{0, 1 << 63, 0x3ff0000000000000, 0xbfe0000000000000,
			0x41e0000000000000,
			0x43e0000000000000, 0x7ff0000000000000, 0x7ff8000000000000, uint64(v)})
		g.emit(binary.LittleEndian.AppendUint64([]byte{0x44}, bits)...)
		g.quiet(t)
	}
}

// sleb is i64.const.
func sleb(v int64) []byte {
	b := []byte{0x42}
	for {
		low := byte(v & 0x7f)
		v >>= 7
		if v == 0 && low&0x40 == 0 || v == -1 && low&0x40 != 0 {
			return append(b, low)
		}
		b = append(b, low|0x80)
	}
}

// quiet makes one NaN of all: WebAssembly leaves open which one arithmetic gives.
func (g *generator) quiet(t byte) {
	raw := byte(len(g.locals)) // beyond those that code reads
	switch t {
	case tF32:
		g.emit(0x22, raw, 0x43, 0, 0, 0xc0, 0x7f, 0x20, raw, 0x20, raw, 0x5b, 0x1b)
	case tF64:
		raw++
		g.emit(0x22, raw, 0x44, 0, 0, 0, 0, 0, 0, 0xf8, 0x7f, 0x20, raw, 0x20, raw, 0x61, 0x1b)
	}
}

// between returns the opcodes from first to last.
func between(first, last byte) (ops []byte) {
	for op := int(first); op <= int(last); op++ {
		ops = append(ops, byte(op))
	}
	return ops
}

// Opcodes by the type of their result; compares and loads by that of the operand.
var (
	binaries = map[byte][]byte{tI32: append(between(0x6a, 0x78), 0x71, 0x71),
		tI64: append(between(0x7c, 0x8a), 0x83, 0x83),
		tF32: between(0x92, 0x98), tF64: between(0xa0, 0xa6)}
	unaries = map[byte][]byte{tI32: {0x67, 0x68, 0x69, 0xc0, 0xc1}, tI64: {0x79, 0x7a, 0x7b, 0xc2,
		0xc3, 0xc4}, tF32: between(0x8b, 0x91), tF64: between(0x99, 0x9f)}
	compares = map[byte][]byte{tI32: between(0x46, 0x4f), tI64: between(0x51, 0x5a),
		tF32: between(0x5b, 0x60), tF64: between(0x61, 0x66)}
	loads = map[byte][]byte{tI32: {0x28, 0x2c, 0x2d, 0x2e, 0x2f},
		tI64: {0x29, 0x30, 0x31, 0x32, 0x33, 0x34, 0x35}, tF32: {0x2a}, tF64: {0x2b}}
	stores = map[byte][]byte{tI32: {0x36, 0x3a, 0x3b}, tI64: {0x37, 0x3c, 0x3d, 0x3e},
		tF32: {0x38}, tF64: {0x39}}
)

// conversions are from the first type to the second, behind 0xfc if they are below 8.
var conversions = map[[2]byte][]byte{
	{tI64, tI32}: {0xa7}, {tF32, tI32}: {0xa8, 0xa9, 0xbc, 0, 1}, {tF64, tI32}: {0xaa, 0xab, 2, 3},
	{tI32, tI64}: {0xac, 0xad}, {tF32, tI64}: {0xae, 0xaf, 4, 5},
	{tF64, tI64}: {0xb0, 0xb1, 0xbd, 6, 7},
	{tI32, tF32}: {0xb2, 0xb3, 0xbe}, {tI64, tF32}: {0xb4, 0xb5}, {tF64, tF32}: {0xb6},
	{tI32, tF64}: {0xb7, 0xb8}, {tI64, tF64}: {0xb9, 0xba, 0xbf}, {tF32, tF64}: {0xbb},
}

// value writes code that leaves a value of a type.
func (g *generator) value(t byte, depth int) {
	if depth <= 0 || g.N(8) == 0 {
		g.leaf(t)
		return
	}
	depth--
	switch g.N(12) {
	case 0:
		g.leaf(t)
	case 1, 2, 3:
		g.value(t, depth)
		g.value(t, depth)
		op := choices.Pick(g.Choices, binaries[t])
		if divides(op) && g.N(32) != 0 { // by something else than zero
			g.emit(map[byte][]byte{tI32: {0x41, 1, 0x72}, tI64: {0x42, 1, 0x84}}[t]...)
		}
		g.emit(op)
		g.quiet(t)
	case 4:
		g.value(t, depth)
		g.emit(choices.Pick(g.Choices, unaries[t]))
		g.quiet(t)
	case 5:
		if t == tI32 {
			g.condition(depth)
			return
		}
		g.convert(t, depth)
	case 6:
		g.address(depth)
		g.emit(choices.Pick(g.Choices, loads[t]), 0)
		g.emit(uleb(uint32(g.N(16)))...)
		g.quiet(t)
	case 7:
		g.value(t, depth)
		g.value(t, depth)
		g.condition(depth)
		g.emit(0x1b)
	case 8:
		g.condition(depth)
		g.arm(0x04, t, func() { g.value(t, depth); g.emit(0x05); g.value(t, depth) })
	case 9:
		g.arm(0x02, t, func() {
			g.value(t, depth)
			g.condition(depth)
			g.emit(0x0d, 0, 0x1a)
			g.value(t, depth)
		})
	case 10:
		g.value(t, depth)
		g.emit(0x22, g.local(t))
	default:
		g.call(t, depth)
	}
}

// divides reports whether op is a division of integers, or a remainder.
func divides(op byte) bool { return op >= 0x6d && op <= 0x70 || op >= 0x7f && op <= 0x82 }

func (g *generator) leaf(t byte) {
	switch g.N(4) {
	case 0:
		g.constant(t)
	case 1:
		g.emit(0x23, g.global(t))
	default:
		g.emit(0x20, g.local(t))
	}
}

// condition writes an i32 that is likely one of the comparisons.
func (g *generator) condition(depth int) {
	if depth <= 0 {
		g.leaf(tI32)
		return
	}
	t := choices.Pick(g.Choices, []byte{tI32, tI32, tI64, tI64, tF32, tF64})
	switch g.N(8) {
	case 0:
		g.value(tI32, depth-1)
	case 2: // a mask, compared with what is often zero
		mask := func() {
			g.value(t, 1)
			g.leaf(t)
			g.emit(binaries[t][len(binaries[t])-1])
			g.quiet(t)
		}
		if g.N(2) == 0 {
			mask()
			g.leaf(t)
		} else {
			g.leaf(t)
			mask()
		}
		g.emit(choices.Pick(g.Choices, compares[t]))
	case 1:
		g.value(t&0x7e|0x7e, depth-1) // i64.eqz
		g.emit(0x50)
	default:
		g.value(t, depth-1)
		g.value(t, depth-1)
		g.emit(choices.Pick(g.Choices, compares[t]))
	}
}

func (g *generator) convert(to byte, depth int) {
	from := choices.Pick(g.Choices, valueTypes)
	ops := conversions[[2]byte{from, to}]
	g.value(from, depth)
	if from == to {
		return
	}
	op := choices.Pick(g.Choices, ops)
	if op < 8 {
		g.emit(0xfc)
	}
	g.emit(op)
	g.quiet(to)
}

// address writes an i32 that is in bounds, or now and then not.
func (g *generator) address(depth int) {
	g.value(tI32, depth)
	if g.N(40) != 0 {
		g.emit(slices.Concat(i32(0x0fff), []byte{0x71})...)
	}
}

// arm writes a block of a kind with a result, to which nothing inside branches.
func (g *generator) arm(op, t byte, inside func()) {
	g.emit(op, t)
	g.labels = append(g.labels, false)
	inside()
	g.labels = g.labels[:len(g.labels)-1]
	g.emit(0x0b)
}

// call writes a call that gives a type, direct or through the table; a leaf if there is none.
func (g *generator) call(t byte, depth int) {
	var fits []int
	for i, f := range g.funcs {
		if g.types[f].results[0] == t {
			fits = append(fits, i)
		}
	}
	if len(fits) == 0 {
		g.leaf(t)
		return
	}
	i := choices.Pick(g.Choices, fits)
	for _, p := range g.types[g.funcs[i]].params {
		g.value(p, depth-1)
	}
	if i > g.self {
		g.emit(callFunc(byte(firstFunc + i))...)
		return
	}
	// The table's entries are the functions; now and then any.
	if g.N(4) == 0 {
		g.value(tI32, depth-1)
		g.emit(slices.Concat(i32(tableSize-1), []byte{0x71})...)
	} else {
		g.emit(i32(int32(i))...)
	}
	g.emit(0x11, byte(4+g.funcs[i]), 0)
}
