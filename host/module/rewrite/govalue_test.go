package rewrite

import (
	"slices"

	"github.com/cairn-dev/cairn/host/internal/choices"
)

// goAccess is a load or store of each width, from or to an i64.
type goAccess struct {
	op      byte
	size    int64
	convert []byte // behind a load, in front of a store
}

var goLoads = []goAccess{{0x29, 8, nil}, {0x29, 8, nil}, {0x29, 8, nil}, {0x30, 1, nil},
	{0x31, 1, nil}, {0x32, 2, nil}, {0x33, 2, nil}, {0x34, 4, nil}, {0x35, 4, nil},
	{0x28, 4, ops(0xac)}, {0x2c, 1, ops(0xad)}, {0x2d, 1, ops(0xad)}, {0x2e, 2, ops(0xac)},
	{0x2f, 2, ops(0xad)}, {0x2a, 4, ops(0xbc, 0xad)}, {0x2b, 8, ops(0xbd)}}

var goStores = []goAccess{{0x37, 8, nil}, {0x37, 8, nil}, {0x37, 8, nil}, {0x3c, 1, nil},
	{0x3d, 2, nil}, {0x3e, 4, nil}, {0x36, 4, ops(0xa7)}, {0x3a, 1, ops(0xa7)},
	{0x3b, 2, ops(0xa7)}, {0x38, 4, ops(0xa7, 0xbe)}, {0x39, 8, ops(0xbf)}}

// goBinaries are operations of two i64: add more often, then sub, mul, and, or, xor, shl
// and shr_u.
var goBinaries = []byte{goAdd, goAdd, opI64Sub, 0x7e, 0x83, 0x84, 0x85, 0x86, 0x88}

// memarg writes an access at an offset.
func (m *goModule) memarg(a goAccess, offset int64) {
	m.emit(ops(a.op, 0), appendU32(nil, uint32(offset)))
}

// frame writes an address in the frame or of a parameter, in one of Go's ways or in one
// that it does not have, and returns the offset that the access has then.
func (m *goModule) frame(f *goFunc, size int64) (offset int64) {
	at := 8 * int64(m.N(int(max(f.size, 0)/8)+3))
	if size < 8 {
		at += int64(m.N(8))
	}
	sp := f.sp
	if m.near {
		switch m.N(240) {
		case 0:
			at += int64(1+m.N(255)) << (8 + m.N(10))
		case 1, 2, 3, 4, 5, 6, 7, 8:
			sp = f.copy
		}
	}
	m.above = max(m.above, at+size+64)
	m.emit(ops(opLocalGet, sp))
	part := choices.Pick(m.Choices, []int64{8, at, at / 2, 0, 1})
	if part > at && !m.near {
		part = at
	}
	switch m.N(7) {
	case 0, 1:
		part = min(part, at)
		m.emit(ops(opI64ExtendU), i64(part), ops(0x7c, goWrap))
		return at - part
	case 2:
		part = min(part, at)
		m.emit(i32(int32(part)), ops(opI32Add))
		return at - part
	case 3:
		if m.near {
			m.emit(i32(int32(part)), ops(opI32Sub))
			return at + part
		}
	case 4:
		if m.near {
			m.emit(ops(opI64ExtendU), i64(-part), ops(0x7c, goWrap))
			return at + part
		}
	}
	return at
}

// heap writes an address in the heap, or now and then anywhere.
func (m *goModule) heap(f *goFunc, depth int) (offset int64) {
	if l := goI64 + byte(m.N(goF64-goI64)); f.heap[l] {
		m.emit(ops(opLocalGet, l, goWrap))
		return int64(m.N(64))
	}
	m.value(f, depth)
	m.emit(ops(goWrap))
	if m.N(250) == 0 {
		return int64(m.N(64))
	}
	m.emit(i32(goHeapMask), ops(opI32And))
	switch m.N(4) {
	case 0:
		m.emit(i32(goHeap), ops(opI32Add))
		return int64(m.N(16))
	case 1:
		m.emit(ops(opI64ExtendU), i64(8), ops(0x7c, goWrap))
	}
	return goHeap + int64(m.N(16))
}

// local is a local that may be read: in most functions one that this part has set.
func (m *goModule) local(f *goFunc, from, to byte) (l byte, ok bool) {
	l = from + byte(m.N(int(to-from)))
	return l, f.set[l] || f.loose
}

// value writes an i64.
func (m *goModule) value(f *goFunc, depth int) {
	kinds := 14
	if depth <= 0 {
		kinds = 8
	}
	switch m.N(kinds) {
	case 0, 1:
		m.emit(i64(m.constant()))
	case 2, 3, 4:
		if m.near && m.N(30) == 0 { // where the table leads, or what a call took its place with
			m.emit(ops(opLocalGet, 0, opI64ExtendU))
			return
		}
		if l, ok := m.local(f, goI64, goF64); ok {
			m.emit(ops(opLocalGet, l))
			return
		}
		fallthrough
	case 5, 6:
		a := choices.Pick(m.Choices, goLoads)
		if l, _ := m.local(f, goI64, goF64); f.heap[l] {
			m.emit(ops(opLocalGet, l, goWrap))
			m.memarg(a, int64(m.N(64)))
		} else {
			m.memarg(a, m.frame(f, a.size))
		}
		m.emit(a.convert)
	case 7:
		m.emit(ops(opLocalGet, f.sp, opI64ExtendU))
	case 8:
		a := choices.Pick(m.Choices, goLoads)
		m.memarg(a, m.heap(f, depth-1))
		m.emit(a.convert)
	case 9:
		m.condition(f, depth-1)
		m.emit(ops(opI64ExtendU))
	case 10:
		m.value(f, depth-1)
		m.value(f, depth-1)
		m.condition(f, depth-1)
		m.emit(ops(opSelect))
	case 11:
		m.arms(f, depth-1)
	default:
		m.value(f, depth-1)
		m.value(f, depth-1)
		m.emit(ops(choices.Pick(m.Choices, goBinaries)))
	}
}

// arms writes an if or a block that leaves an i64.
func (m *goModule) arms(f *goFunc, depth int) {
	if m.N(2) == 0 {
		m.condition(f, depth)
		m.open(opIf, byte(I64))
		m.value(f, depth)
		m.emit(ops(opElse))
	} else {
		m.open(opBlock, byte(I64))
		m.value(f, depth)
		m.condition(f, depth)
		m.emit(ops(opBrIf, 0, opDrop))
	}
	m.value(f, depth)
	m.close()
}

func (m *goModule) constant() int64 {
	switch m.N(6) {
	case 0:
		return int64(m.Bits()) >> m.N(64)
	case 1:
		return 1 << m.N(64)
	}
	return choices.Pick(m.Choices, []int64{0, 0, 0, 1, -1, 8, 16, goHeap, 255})
}

// condition writes an i32 to branch on, often as Go writes them.
func (m *goModule) condition(f *goFunc, depth int) {
	switch m.N(8) {
	case 0:
		m.value(f, depth)
		m.emit(ops(goWrap))
	case 1:
		m.value(f, depth)
		m.emit(ops(goWrap, opI32Eqz))
	case 2:
		m.value(f, depth)
		m.value(f, depth)
		m.emit(ops(0x51 + byte(m.N(10))))
	case 3:
		for range 2 {
			m.value(f, depth)
			m.emit(ops(goWrap))
		}
		m.emit(ops(0x46 + byte(m.N(10))))
	case 4:
		m.float(f, F64)
		m.float(f, F64)
		m.emit(ops(0x61 + byte(m.N(6))))
	case 5:
		m.float(f, F32)
		m.float(f, F32)
		m.emit(ops(0x5b + byte(m.N(6))))
	default:
		m.value(f, depth)
		m.emit(ops(goEqz))
	}
	switch m.N(6) {
	case 0:
		m.emit(ops(opI64ExtendU, goEqz, opI32Eqz))
	case 1:
		m.emit(ops(opI32Eqz))
	}
}

// float writes one that is often no number.
func (m *goModule) float(f *goFunc, t ValueType) {
	if m.N(2) == 0 {
		m.value(f, 0)
		m.emit(ops(map[ValueType]byte{F32: 0xb4, F64: 0xb9}[t]))
		return
	}
	if t == F32 {
		bits := choices.Pick(m.Choices, []int64{0, 1 << 31, 0x3f800000, 0x7fc00000, 0x7f800000})
		m.emit(appendLittleEndian(ops(opF32Const), bits, 4))
		return
	}
	bits := choices.Pick(m.Choices, []int64{0, -1 << 63, 0x3ff << 52, 0x7ff8 << 48, 0x7ff << 52})
	m.emit(appendLittleEndian(ops(opF64Const), bits, 8))
}

// statement writes what leaves nothing.
func (m *goModule) statement(f *goFunc, depth int) {
	kinds := 18
	if m.near {
		kinds = 21
	}
	if depth <= 0 {
		kinds = 7
	}
	switch k := m.N(kinds); k {
	case 0, 1, 2:
		a := choices.Pick(m.Choices, goStores)
		offset := m.frame(f, a.size)
		m.value(f, 2)
		m.emit(a.convert)
		m.memarg(a, offset)
	case 3, 4:
		l := goI64 + byte(m.N(goF64-goI64))
		m.value(f, 2)
		if m.N(2) == 0 {
			m.pointer(f, l, 64)
		} else {
			m.sets(f, l, false)
		}
	case 5:
		a := choices.Pick(m.Choices, goStores)
		offset := m.heap(f, 1)
		m.value(f, 1)
		m.emit(a.convert)
		m.memarg(a, offset)
	case 6:
		m.emit(ops(opGlobalGet, goMix), i64(31), ops(0x7e))
		m.value(f, 2)
		m.emit(ops(goAdd, opGlobalSet, goMix))
	case 7, 8, 9:
		m.arm(f)
	case 10, 11:
		m.branch(f, depth)
	case 12, 13:
		if f.loop && f.parts > 1 {
			m.condition(f, 2)
			m.block(f, opIf, func() { m.jump(f) })
		}
	default:
		m.rare(f, depth, k-14)
	}
}

// sets sets a local to what is on the stack of operands.
func (m *goModule) sets(f *goFunc, l byte, pointer bool) {
	m.emit(ops(opLocalSet, l))
	f.set[l], f.heap[l] = true, pointer
}

// pointer sets a local to what points to the heap, or, one of so many, to where no memory is.
func (m *goModule) pointer(f *goFunc, l byte, oneOf int) {
	m.emit(i64(goHeapMask), ops(opI64And), i64(goHeap), ops(goAdd))
	if m.N(oneOf) == 0 {
		m.emit(i64(1<<17), ops(goAdd))
	}
	m.sets(f, l, true)
}

// branch writes an if with one or two arms, or a block that is left.
func (m *goModule) branch(f *goFunc, depth int) {
	m.condition(f, 2)
	if m.N(4) == 0 {
		m.emit(ops(opDrop))
		m.block(f, opBlock, func() {
			m.statement(f, depth-1)
			m.condition(f, 1)
			m.emit(ops(opBrIf, 0))
			m.statement(f, depth-1)
		})
		return
	}
	m.block(f, opIf, func() {
		m.statement(f, depth-1)
		if m.N(2) == 0 {
			set := f.set
			m.emit(ops(opElse))
			m.statement(f, depth-1)
			f.set = set
		}
	})
}

// block writes one; what is set inside may not have been behind it.
func (m *goModule) block(f *goFunc, op byte, inside func()) {
	set, heap := f.set, f.heap
	m.open(op, emptyType)
	inside()
	m.close()
	for l := range heap {
		f.heap[l] = f.heap[l] && heap[l]
	}
	f.set = set
}

// rare writes what is seldom in Go, and from 4 on what is not there at all.
func (m *goModule) rare(f *goFunc, depth, kind int) {
	l := goI64 + byte(m.N(goF64-goI64))
	switch kind {
	case 0:
		m.emit(ops(opCall, goBarrier))
		m.fetchSP(f)
		m.sets(f, l, true)
	case 1:
		for range 2 {
			m.value(f, 1)
		}
		m.emit(i64(int64(m.N(40))), ops(opCall, goEqual))
		m.sets(f, l, false)
	case 2, 3:
		m.value(f, 0)
		m.pointer(f, l, 16)
		m.emit(i32(int32(m.N(256))), ops(opCall, goEnter, opDrop))
		if m.N(4) != 0 {
			m.fetchSP(f)
		}
		m.emit(ops(opGlobalGet, goMix, opLocalGet, l, goWrap))
		m.memarg(goLoads[0], int64(m.N(64)))
		m.emit(ops(goAdd, opGlobalSet, goMix))
	default:
		m.nearStatement(f, depth-1)
	}
}

// nearStatement does to the stack pointer what Go's code does not.
func (m *goModule) nearStatement(f *goFunc, depth int) {
	some := int32(8 * m.N(4))
	switch m.N(13) {
	case 0:
		m.emit(ops(opLocalGet, f.sp), i32(some), ops(opI32Add, opLocalSet, f.sp))
		f.shift += int64(some)
		m.statement(f, depth)
		m.emit(ops(opLocalGet, f.sp), i32(some), ops(opI32Sub, opLocalSet, f.sp))
		f.shift -= int64(some)
	case 1:
		m.emit(ops(opLocalGet, f.sp), i32(some), ops(opI32Sub, opGlobalSet, goSP))
		m.statement(f, depth)
		m.emit(ops(opLocalGet, f.sp, opGlobalSet, goSP))
	case 2: // in one of two arms
		m.condition(f, 1)
		m.emit(ops(opLocalTee, f.temp, opIf, emptyType, opLocalGet, f.sp), i32(some),
			ops(opI32Add, opLocalSet, f.sp, opEnd))
		m.statement(f, 0)
		m.emit(ops(opLocalGet, f.temp, opIf, emptyType, opLocalGet, f.sp), i32(some),
			ops(opI32Sub, opLocalSet, f.sp, opEnd))
	case 3:
		m.emit(ops(opLocalGet, f.sp, opLocalSet, f.copy))
	case 4:
		m.emit(i32(int32(m.N(6))), ops(opLocalSet, 0))
	case 5: // through memory
		m.emit(i32(goHeap-8), ops(opLocalGet, f.sp, 0x36, 2, 0), i32(goHeap-8),
			ops(0x28, 2, 0, opLocalSet, f.sp))
	case 6: // another value of nearly the same
		m.emit(ops(opGlobalGet, goSP, opLocalSet, f.sp))
	case 7:
		m.emit(i32(int32(m.N(2))), ops(opMemoryGrow, 0, opDrop))
	case 8:
		m.emit(ops(opCall, goMove))
		if m.N(2) == 0 {
			m.fetchSP(f)
		}
	case 9: // another table
		m.giveUp(f)
		m.block(f, opBlock, func() {
			m.block(f, opBlock, func() {
				m.condition(f, 1)
				m.emit(ops(opBrTable, 2, 0, byte(m.N(m.depth)), byte(m.N(2))))
			})
			m.statement(f, 0)
		})
	case 10: // the stack pointer by tee
		m.emit(ops(opLocalGet, f.sp), i32(some), ops(opI32Add, opLocalTee, f.sp), i32(some),
			ops(opI32Sub, opLocalTee, f.sp, opLocalSet, f.copy))
	case 11: // a loop of its own
		m.block(f, opLoop, func() {
			m.statement(f, depth)
			m.spend(2)
			m.emit(ops(opI32Eqz))
			m.condition(f, 1)
			m.emit(ops(opI32And, opBrIf, 0))
		})
	default:
		m.condition(f, 1)
		m.emit(ops(opIf, emptyType), choices.Pick(m.Choices, [][]byte{ops(opUnreachable),
			slices.Concat(i32(1), ops(opReturn)), slices.Concat(i32(0), ops(opReturn))}),
			ops(opEnd))
	}
}
