package rewrite

import "slices"

// cold writes a function like sigpanic or morestack, which unwinds: it takes its return
// address off the stack and returns 1, so that run goes on where that says, or it ends
// all frames. Some only look as if they never return zero.
func (m *goModule) cold() []byte {
	m.begin()
	m.spend(3)
	m.emit(ops(opIf, emptyType, opGlobalGet, goBase, opI32Const, 8, opI32Sub))
	m.emit(i64(0), ops(0x37, 3, 0, opGlobalGet, goBase, opGlobalSet, goSP), i32(1),
		ops(opReturn, opEnd))
	m.emit(i32(goGuard), ops(opGlobalGet, goBudget), i32(int32(1+2*m.N(2))),
		ops(opI32And, opI32Eqz), i32(-1), ops(0x6c, 0x36, 2, 0))
	if m.N(2) == 0 {
		m.emit(ops(opCall, goMove))
	}
	pop := ops(opGlobalGet, goSP, opI32Const, 8, opI32Add, opGlobalSet, goSP)
	other := byte(goCold + m.N(goColds))
	odd := ops(opGlobalGet, goBudget, opI32Const, 1, opI32And)
	sets := bytesRepeat(ops(opGlobalGet, goSP, opLocalSet, 1), m.N(3))
	shapes := 6
	if m.near {
		shapes = 16
	}
	switch m.N(shapes) {
	case 0, 1:
		m.emit(pop, i32(1))
	case 2:
		m.emit(pop, odd, ops(opIf, emptyType), i32(7), ops(opReturn, opEnd), i32(-1))
	case 3: // the frame of this function is its caller's
		m.emit(i32(0), ops(opCall, other), sets)
	case 4:
		m.emit(i32(0), ops(opCall, other), sets, ops(opReturn))
	case 5:
		m.emit(pop, i32(1), ops(opReturn, opUnreachable))
	case 6: // what follows is not seen to be never zero, or is not
		m.emit(pop, odd, ops(opIf, emptyType), i32(0), ops(opReturn, opEnd), i32(1))
	case 7:
		m.emit(pop, i32(5), ops(opBr, 0))
	case 8:
		m.emit(pop, i32(0), odd, ops(opBrIf, 0, opDrop), i32(1))
	case 9:
		m.emit(pop, i32(1), i32(0), odd, ops(opSelect))
	case 10:
		m.emit(pop, ops(opBlock, byte(I32)), i32(0), odd, ops(opBrIf, 0, opDrop), i32(1),
			ops(opEnd))
	case 11:
		m.emit(i32(0), ops(opCall, other), ops(opLocalTee, 1, opDrop, opLocalGet, 1),
			ops(opGlobalGet, goCTX, opGlobalSet, goCTX))
	case 12:
		m.emit(pop, odd, ops(opIf, byte(I32)), i32(0), ops(opElse), i32(1), ops(opEnd))
	case 13:
		m.emit(pop, odd)
	case 14:
		m.emit(pop, ops(opBlock, emptyType, opBlock, emptyType), i32(0), odd,
			ops(opBrTable, 1, 2, 2, opEnd, opUnreachable, opEnd), i32(1))
	default:
		m.emit(pop, i32(0))
	}
	return goBody([]byte{1, 1, byte(I32)}, m.code)
}

func bytesRepeat(b []byte, n int) []byte { return slices.Repeat(b, n) }

// A goArm is an if that ends with a call of what never returns zero, as Go checks for nil
// and bounds.
func (m *goModule) arm(f *goFunc) {
	m.condition(f, 2)
	near := m.near && m.N(3) == 0
	m.open(opIf, emptyType)
	m.push(f, f.pcs[f.part])
	m.emit(i32(0))
	m.callCold()
	switch {
	case !near:
		m.fetchSP(f)
		m.unwind(f)
	case m.N(2) == 0:
		m.emit(bytesRepeat(ops(opGlobalGet, goSP, opLocalSet, byte(f.sp)), m.N(3)))
		m.nearArm(f)
	default:
		m.nearArm(f)
		m.fetchSP(f)
	}
	m.close()
}

// callCold calls what never returns zero, with its parameter on the stack of operands.
func (m *goModule) callCold() {
	if m.N(12) == 0 {
		m.emit(i32(int32(1+m.N(goColds))), ops(opCallIndirect, goTypeFunc, 0))
		return
	}
	m.emit(ops(opCall, byte(goCold+m.N(goColds))))
}

// nearArm ends an arm in another way than Go, with a value on the stack of operands.
func (m *goModule) nearArm(f *goFunc) {
	switch m.N(8) {
	case 0:
		m.emit(ops(opDrop))
	case 1:
		m.emit(ops(opI32Eqz))
		m.unwind(f)
	case 2:
		m.emit(ops(opIf, emptyType, opUnreachable, opEnd))
	case 3:
		m.emit(ops(opBrIf, 0))
	case 4:
		m.emit(ops(opReturn))
	case 5:
		m.emit(ops(opLocalTee, 0))
		m.unwind(f)
	case 6: // for the conditional branch, a value that it does not take
		m.emit(ops(opDrop), i32(int32(m.N(3))))
		m.emit(ops(opCall, byte(goCold+m.N(goColds))))
		m.unwind(f)
	default:
		m.emit(ops(opI64ExtendU, opGlobalSet, goMix, opElse))
		m.statement(f, 0)
	}
}
