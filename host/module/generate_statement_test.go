package module_test

import (
	"slices"

	"github.com/cairn-dev/cairn/host/internal/choices"
)

// statement writes code that leaves nothing.
func (g *generator) statement(depth int) {
	t := choices.Pick(g.Choices, valueTypes)
	if depth <= 0 {
		g.value(t, 2)
		g.emit(0x21, g.local(t))
		return
	}
	depth--
	switch g.N(12) {
	case 0, 1:
		g.value(t, 3)
		g.emit(0x21, g.local(t))
	case 2:
		g.value(t, 3)
		g.emit(0x24, g.global(t))
	case 3:
		g.address(2)
		g.value(t, 3)
		g.emit(choices.Pick(g.Choices, stores[t]), 0)
		g.emit(uleb(uint32(g.N(16)))...)
	case 4, 5:
		g.condition(3)
		g.block(0x04, true, func() {
			g.statement(depth)
			if g.N(2) == 0 {
				g.emit(0x05)
				g.statement(depth)
			}
		})
	case 6, 7:
		g.loop(depth)
	case 8:
		g.block(0x02, true, func() { g.statement(depth); g.branch(); g.statement(depth) })
	case 9:
		g.table(depth)
	case 10:
		g.bulk()
	default:
		g.rare(t)
	}
}

// block writes a block without a result around code.
func (g *generator) block(op byte, target bool, inside func()) {
	g.emit(op, 0x40)
	g.labels = append(g.labels, target)
	inside()
	g.labels = g.labels[:len(g.labels)-1]
	g.emit(0x0b)
}

// target is the label of a random open block that may be branched to.
func (g *generator) target() (label byte, ok bool) {
	var of []byte
	for i, may := range g.labels {
		if may {
			of = append(of, byte(len(g.labels)-1-i))
		}
	}
	if len(of) == 0 {
		return 0, false
	}
	return choices.Pick(g.Choices, of), true
}

func (g *generator) branch() {
	if label, ok := g.target(); ok {
		g.condition(3)
		g.emit(0x0d, label)
	}
}

// loop writes one that goes on while a condition holds and there is a budget: with
// the test at its end, or with one at its head that leaves it.
func (g *generator) loop(depth int) {
	g.block(0x02, true, func() {
		g.block(0x03, false, func() {
			g.spend()
			g.emit(0x0d, 1)
			if g.N(2) == 0 {
				g.condition(3)
				g.emit(0x45, 0x0d, 1)
				g.statement(depth)
				g.emit(0x0c, 0)
				return
			}
			g.statement(depth)
			g.condition(3)
			g.emit(0x0d, 0)
		})
	})
}

// table writes a br_table into nested blocks.
func (g *generator) table(depth int) {
	n := 1 + g.N(4)
	for range n + 1 {
		g.emit(0x02, 0x40)
		g.labels = append(g.labels, true)
	}
	g.value(tI32, 2)
	g.emit(0x0e, byte(n))
	for range n + 1 {
		label, _ := g.target()
		g.emit(label)
	}
	for range n + 1 {
		g.labels = g.labels[:len(g.labels)-1]
		g.emit(0x0b)
		g.statement(depth - 1)
	}
}

// bulk writes a bulk operation, mostly within bounds.
func (g *generator) bulk() {
	small := func(limit int32) {
		if g.N(8) == 0 {
			g.value(tI32, 2)
			g.emit(slices.Concat(i32(limit), []byte{0x71})...)
			return
		}
		g.emit(i32(int32(g.N(int(limit))))...)
	}
	three := func(limit int32) { small(limit); small(limit); small(limit) }
	kinds := 3
	if g.tables {
		kinds = 9
	}
	switch g.N(kinds) {
	case 0:
		g.address(2)
		three(64)
		g.emit(0x1a, 0xfc, 11, 0)
	case 1:
		g.address(2)
		g.address(2)
		small(127)
		g.emit(0xfc, 10, 0, 0)
	case 2:
		g.emit(i32(int32(g.N(2)))...)
		g.emit(0x40, 0, 0x3f, 0, 0x6a, 0x24, g.global(tI32))
	case 3:
		g.address(2)
		small(dataSize)
		small(dataSize / 2)
		g.emit(0xfc, 8, 1, 0)
	case 4:
		g.emit(0xfc, 9, 1)
	case 5:
		three(tableSize / 2)
		g.emit(0xfc, 12, 1, 0)
	case 6:
		three(tableSize / 2)
		g.emit(0xfc, 14, 0, 0)
	case 7:
		g.emit(slices.Concat(i32(int32(g.N(tableSize))), []byte{0x41, 0, 0x25, 0},
			i32(int32(g.N(4))), []byte{0xfc, 17, 0})...)
	default:
		g.emit(0x41, 0, 0x25, 0, 0x41, byte(g.N(3)), 0xfc, 15, 0, 0xfc, 16, 0, 0x6a,
			0x24, g.global(tI32))
	}
}

// rare writes what happens seldom.
func (g *generator) rare(t byte) {
	switch g.N(6) {
	case 0:
		result := g.types[g.funcs[g.self]].results[0]
		g.condition(2)
		g.block(0x04, false, func() { g.value(result, 2); g.emit(0x0f) })
	case 1:
		g.emit(0x41, 0)
		g.block(0x04, false, func() { g.emit(0x00) })
	case 2:
		if label, ok := g.target(); ok { // with dead code behind it
			g.condition(2)
			g.block(0x04, false, func() {
				g.emit(0x0c, label+1)
				g.statement(0)
			})
		}
	default:
		g.value(t, 3)
		g.emit(0x1a)
	}
}
