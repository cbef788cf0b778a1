package rewrite

import (
	"slices"

	"github.com/cairn-dev/cairn/host/internal/choices"
)

// A goFunc is a function that is being written. Its locals are its parameter, three of
// type i32, four of i64, two of f64 and one of f32.
type goFunc struct {
	index              uint32
	outer, loop, table bool
	parts              int
	pcs                [][]int32 // of each part, the entries of the table that lead to it
	size               int64     // of its frame
	sp, copy, temp     byte      // locals of type i32
	loose              bool      // locals are read that this part did not set
	shift              int64     // near misses: how much the stack pointer is off

	part int
	set  [goLocals]bool // of the locals, which this part has set
	heap [goLocals]bool // and which point to the heap
}

const (
	goI64    = 4 // the first local of a type
	goF64    = 8
	goF32    = 10
	goLocals = 11
)

func (m *goModule) newFunc(index uint32) *goFunc {
	f := &goFunc{index: index, outer: true, loop: true, table: true, parts: 1 + m.N(6),
		sp: 1, copy: 2, temp: 3, loose: m.N(4) == 0,
		size: choices.Pick(m.Choices, []int64{0, 8, 16, 24, 64, 64, 128, 200})}
	if m.N(8) == 0 {
		f.loop = false
	}
	if m.N(6) == 0 {
		f.table, f.loop, f.parts = false, m.N(2) == 0, 1
	}
	if m.near && m.N(3) == 0 {
		f.sp, f.copy, f.outer = 2, 1, m.N(2) == 0
		f.size = choices.Pick(m.Choices, []int64{f.size, 12, 4088, 4096, 4104, 5000, -8})
	}
	pc := int32(0)
	for range f.parts {
		var pcs []int32
		for range 1 + m.N(3) {
			pcs, pc = append(pcs, pc), pc+1
		}
		f.pcs = append(f.pcs, pcs)
	}
	return f
}

// function writes a whole body.
func (m *goModule) function(f *goFunc) []byte {
	m.begin()
	m.emit(ops(opGlobalGet, m.stackOf(f), opLocalSet, f.sp))
	if m.near && m.N(16) == 0 {
		m.begin()
		m.emit(ops(opGlobalGet, goSP, opLocalTee, f.sp, opDrop))
	}
	if f.outer {
		m.open(opBlock, emptyType)
	}
	if f.loop {
		m.open(opLoop, emptyType)
	}
	if f.table {
		for range f.parts {
			m.open(opBlock, emptyType)
		}
		m.dispatch(f)
	}
	for f.part = range f.parts {
		f.set, f.heap, f.shift = [goLocals]bool{}, [goLocals]bool{}, 0
		if f.table {
			m.close()
		}
		if f.part == 0 {
			m.prologue(f)
		}
		for range 1 + m.N(5) {
			m.statement(f, 2)
		}
		m.leave(f)
	}
	for m.depth > 0 {
		m.close()
	}
	m.emit(i32(1))
	return goBody(ops(4, 3, byte(I32), 4, byte(I64), 2, byte(F64), 1, byte(F32)),
		m.code)
}

// stackOf is the global that a function has its stack pointer in.
func (m *goModule) stackOf(*goFunc) byte {
	if m.near && m.N(24) == 0 {
		return goOther
	}
	return goSP
}

// dispatch writes the table, with the blocks of the parts just opened.
func (m *goModule) dispatch(f *goFunc) {
	var labels []byte
	for part, pcs := range f.pcs {
		labels = append(labels, bytesRepeat([]byte{byte(part)}, len(pcs))...)
	}
	if m.near {
		switch m.N(16) {
		case 0:
			labels[m.N(len(labels))] = byte(m.N(f.parts))
		case 1:
			labels = append(labels, 0)
		case 2:
			m.statement(f, 0)
		case 3:
			m.emit(ops(opLocalGet, 0), i32(1), ops(opI32Add, opLocalSet, 0))
		}
	}
	m.emit(ops(opLocalGet, 0, opBrTable), appendU32(nil, uint32(len(labels)-1)), labels)
}

// prologue asks whether there is stack enough, and makes the frame.
func (m *goModule) prologue(f *goFunc) {
	if f.table && m.N(4) != 0 {
		m.emit(ops(opLocalGet, f.sp, opGlobalGet, goG, goWrap, 0x28, 2, 16, 0x4d))
		m.open(opIf, emptyType)
		m.push(f, f.pcs[0])
		m.emit(i32(0))
		m.callCold()
		m.fetchSP(f)
		m.unwind(f)
		m.close()
	}
	if m.near && m.N(12) == 0 {
		m.statement(f, 1)
	}
	if f.size != 0 {
		m.moveSP(f, -f.size)
	}
	m.giveUp(f)
}

// giveUp returns once the budget is gone.
func (m *goModule) giveUp(f *goFunc) {
	m.spend(1)
	m.open(opIf, emptyType)
	m.ret(f)
	m.close()
}

// leave ends a part.
func (m *goModule) leave(f *goFunc) {
	last := f.part == f.parts-1
	switch k := m.N(8); {
	case k < 4 && f.table && !last: // the next part is where this one is resumed
		m.call(f, f.pcs[f.part+1])
		if m.near && m.N(6) == 0 {
			m.statement(f, 0)
		}
	case k == 4 && !last: // falls through
	case k == 5 && f.loop && f.parts > 1:
		m.jump(f)
	case k == 6 && last:
		m.emit(ops(opUnreachable))
	default:
		m.ret(f)
	}
}

// ret returns as Go does.
func (m *goModule) ret(f *goFunc) {
	m.moveSP(f, f.size+8-f.shift)
	m.emit(i32(0), ops(opReturn))
}

// moveSP adds to the stack pointer, in the local and in the global.
func (m *goModule) moveSP(f *goFunc, n int64) {
	m.emit(ops(opLocalGet, f.sp), i32(int32(max(n, -n))))
	m.emit(ops(map[bool]byte{true: opI32Sub, false: opI32Add}[n < 0], opLocalTee, f.sp,
		opGlobalSet, goSP))
}

// push pushes a return address that leads to one of the function's entries.
func (m *goModule) push(f *goFunc, pcs []int32) {
	m.moveSP(f, -8)
	m.emit(ops(opLocalGet, f.sp), i64(int64(f.index-goCold+1)<<16|int64(m.pick(pcs))),
		ops(0x37, 3, 0))
}

func (m *goModule) pick(from []int32) int32 { return choices.Pick(m.Choices, from) }

// fetchSP reads the stack pointer behind a call.
func (m *goModule) fetchSP(f *goFunc) {
	if m.near && m.N(24) == 0 {
		return
	}
	m.emit(ops(opGlobalGet, goSP, opLocalSet, f.sp))
}

// call calls a function that may unwind.
func (m *goModule) call(f *goFunc, pcs []int32) {
	if m.near { // which may pass over the callee's prologue
		m.giveUp(f)
	}
	for i := range m.N(3) {
		m.emit(ops(opLocalGet, f.sp))
		m.value(f, 1)
		m.emit(ops(0x37, 3, byte(8*i)))
		m.above = max(m.above, int64(8*i+64))
	}
	m.push(f, pcs)
	entry := i32(0)
	if m.near && m.N(12) == 0 {
		entry = i32(int32(m.N(4)))
	}
	to := int32(goColds + m.N(len(m.funcs)))
	switch {
	case m.N(3) == 0: // through the table, as Go does
		m.emit(i32(to+1), ops(opLocalSet, 0), entry, ops(opLocalGet, 0, opCallIndirect,
			goTypeFunc, 0))
	case m.N(8) == 0:
		m.emit(entry)
		m.callCold()
	default:
		m.emit(entry, ops(opCall, byte(goCold+to)))
	}
	m.fetchSP(f)
	if m.near && m.N(8) == 0 {
		m.emit(ops(opI32Eqz, opI32Eqz))
	}
	m.unwind(f)
}

// unwind returns 1 if that is what a callee has returned.
func (m *goModule) unwind(f *goFunc) {
	if f.outer {
		m.emit(ops(opBrIf), m.label(1))
		return
	}
	m.emit(ops(opIf, emptyType), i32(1), ops(opReturn, opEnd))
}

// jump goes to a part through the table: there is a budget for the ways back.
func (m *goModule) jump(f *goFunc) {
	to := 1 + m.N(f.parts-1)
	if to <= f.part || m.near {
		m.giveUp(f)
	}
	if m.near && m.N(8) == 0 && m.nearJump(f) {
		return
	}
	m.emit(i32(m.pick(f.pcs[to])), ops(opLocalSet, 0, opBr), m.label(f.loopLevel()))
}

// nearJump is one that Go does not make.
func (m *goModule) nearJump(f *goFunc) bool {
	switch m.N(4) {
	case 0: // anew, with the frame of before
		m.giveUp(f)
		m.moveSP(f, f.size-f.shift)
		m.emit(i32(m.pick(f.pcs[0])), ops(opLocalSet, 0, opBr), m.label(f.loopLevel()))
	case 1: // to where a local says
		m.giveUp(f)
		m.condition(f, 1)
		m.emit(i32(f.pcs[f.parts-1][0]), ops(opI32Add, opLocalSet, 0, opBr),
			m.label(f.loopLevel()))
	case 2: // around the table
		if to := f.part + 1; to < f.parts {
			m.emit(ops(opBr), m.label(f.level(to+m.N(f.parts-to))))
			return true
		}
		return false
	default: // with the stack pointer elsewhere
		m.emit(ops(opLocalGet, f.sp), i32(int32(8*m.N(3))), ops(opI32Sub, opLocalSet, f.sp))
		return false
	}
	return true
}

// Levels are how many blocks are open inside one.

func (f *goFunc) loopLevel() int { return 1 + count(f.outer) }

// level is that of the block in front of a part.
func (f *goFunc) level(part int) int {
	return count(f.outer) + count(f.loop) + f.parts - part
}

// goCode is what writes code, and knows how deep it is in blocks.
type goCode struct {
	code  []byte
	depth int
}

func (c *goCode) begin() { c.code, c.depth = nil, 0 }

func (c *goCode) emit(parts ...[]byte) { c.code = append(c.code, slices.Concat(parts...)...) }

func (c *goCode) open(op, t byte) {
	c.emit(ops(op, t))
	c.depth++
}

func (c *goCode) close() {
	c.emit(ops(opEnd))
	c.depth--
}

// label is that of a block, from where the code is.
func (c *goCode) label(level int) []byte { return appendU32(nil, uint32(c.depth-level)) }
