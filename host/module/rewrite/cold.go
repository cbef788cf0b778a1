package rewrite

// An if without else is dear in wazevo, in three ways:
//
//   - Where two ways meet, code begins with the registers that the first of them in the
//     layout ends with (finalizeStartReg, backend/regalloc/regalloc.go). That is the
//     arm, and behind a call all registers are free: the hot way reloads what it had.
//   - Of the two blocks that a branch leads to, the one that was made first is laid out
//     first (sortBlocks and passCalculateImmediateDominators, ssa/basic_block_sort.go and
//     pass_cfg.go). That is the arm again: if it leaves, what follows the if jumps over it.
//   - Bounds that are known at a block's end are noted where an instruction begins in one
//     block and ends in another (lowerBody, frontend/frontend.go). The end of an if without
//     else makes the other arm and leaves it at once, nothing is noted of that, and
//     nothing is known where the arms meet.
//
// coldArms turns each arm that hardly ever runs into an else arm:
//
//	x  y  lt  if      A  end
//	x  y  ge  if else A  end
//
// These are the meter's calls of the host, and arms at whose end control goes elsewhere, by
// unreachable or behind a call that never returns zero: Go's checks of nil, of bounds, and of
// its stack. A loop of seven instructions takes a fifth less time for it.
//
// The latter end in br_if on the call's result, which is always taken, and which wazevo
// takes for one that may not be. The way on from there would meet the hot one, so that all
// that the arm has changed, Go's stack pointer above all, would be a new value there, of
// which no bounds are known. So the br_if becomes a br:
//
//	call f  (global.get  local.set)*  br_if L      end
//	call f  (global.get  local.set)*  drop  br L   end
//
// Neither changes what the code does. That f never returns zero is shown in never.go, and
// that the flow counts on no way from a br_if to an end is in flow.go. What follows a br
// may want any values, so that code which was valid behind a br_if is valid.

// coldArms moves arms that hardly ever run out of the way.
func (p *program) coldArms(f *function) {
	cold := p.coldBlocks(f)
	out := p.code[:0]
	for i := range f.code {
		in := f.code[i]
		switch {
		case in.op == opIf && cold[in.block]:
			out = append(invert(out), in, instr{op: opElse, block: in.block})
		case p.alwaysTaken(f.code, i):
			out = append(out, instr{op: opDrop}, instr{op: opBr, block: in.block})
		default:
			out = append(out, in)
		}
	}
	f.code, p.code = out, f.code
}

// coldBlocks says of each block whether it is an if without else and without values, the
// arm of which hardly ever runs.
func (p *program) coldBlocks(f *function) []bool {
	cold := append(p.cold[:0], make([]bool, f.blocks+1)...)
	p.cold = cold
	for i := range f.code {
		switch in := &f.code[i]; in.op {
		case opIf:
			cold[in.block] = in.imm == noValues
		case opElse:
			cold[in.block] = false
		case opEnd:
			cold[in.block] = cold[in.block] && p.endsCold(f.code, i)
		}
	}
	return cold
}

// endsCold reports whether the code before an end is seldom run.
func (p *program) endsCold(code []instr, end int) bool {
	if end == 0 {
		return false
	}
	switch before := &code[end-1]; before.op {
	case opUnreachable:
		return true
	case opCall: // nobody but the meter can name the host's function
		return before.imm == int64(p.imported)-1
	}
	return p.alwaysTaken(code, end-1)
}

// alwaysTaken reports whether an instruction is a br_if on the result of a function that
// never returns zero, and at the end of its arm.
func (p *program) alwaysTaken(code []instr, at int) bool {
	if code[at].op != opBrIf || at+1 == len(code) {
		return false
	}
	if next := code[at+1].op; next != opEnd && next != opElse {
		return false
	}
	i := at - 1
	for i > 1 && code[i].op == opLocalSet && code[i-1].op == opGlobalGet {
		i -= 2
	}
	return i >= 0 && code[i].op == opCall && p.neverZero[code[i].imm]
}

// invert makes the opposite of the condition that code leaves on the stack. Comparisons
// of floats have none that is one instruction: both are false of a NaN.
func invert(code []instr) []instr {
	if len(code) > 0 {
		switch last := &code[len(code)-1]; {
		case last.op == opI32Eqz:
			return code[:len(code)-1]
		case last.op == opI64Eqz:
			last.op, last.imm = opI64Const, 0
			return append(code, instr{op: opI64Ne})
		case last.op == opI32Eq || last.op == opI32Ne:
			last.op ^= opI32Eq ^ opI32Ne
			return code
		case last.op == opI64Eq || last.op == opI64Ne:
			last.op ^= opI64Eq ^ opI64Ne
			return code
		case ordersIntegers(last.op):
			last.op = opposites[last.op]
			return code
		}
	}
	return append(code, instr{op: opI32Eqz})
}

// opposites is indexed by the opcodes of orderings of integers: lt, gt, le, ge, each signed
// and unsigned.
var opposites = func() (t [256]byte) {
	for _, lt := range []byte{opI32LtS, opI64LtS} {
		for i := range byte(8) {
			t[lt+i] = lt + (i ^ 6)
		}
	}
	return t
}()
