package rewrite

import "slices"

// Go's compiler keeps the variables of its functions on stacks of its own in memory,
// and reads the stack pointer again from a global behind each call. Two thirds of the
// bounds checks that a Go guest runs are of this pointer: each time it is read it is
// another value to the compiler, of which nothing is known (knownSafeBounds and
// memOpSetup in wazero 1.12's internal/engine/wazevo/frontend, frontend.go and lower.go,
// keep what was checked by the value's ID).
//
// This pass gives a function the base of its frame, a local which is set once, and
// makes each access through the stack pointer one through the base. One check at the
// function's beginning and one where it goes through its table are left:
//
//	global.get g
//	local.set S             the stack pointer
//	(the base = S - 8, or S - 8 - the frame's size where the table leads to the beginning)
//	block
//	  loop
//	    (the meter)
//	    block...
//	      local.get 0       where to go on: a function that was interrupted is called again
//	      br_table
//
// What the pass needs of the function is that alone. It follows S = base + d along the code,
// for a number d, with S as any value; where d is not known, the code stays as it is.
// Nothing is believed of what a call does to g. Behind one d is not known until a comparison
// proves it: see resume.go. And an access is moved only where the base was checked on all
// ways, so that it neither wraps nor traps with the one nor with the other: see
// dispatch.go, which also has the one thing that a program can see of all this.
//
// In what Go's compiler writes, the base is where a call puts its return address, and d
// is 8 but around calls.

// A goFrame says which parts a function has.
type goFrame struct {
	sp     uint32 // the local S
	size   int64  // by how much the function lowers S at its beginning
	lead   uint32 // how many entries of the table lead to the beginning
	loop   uint32 // Go's loop around the table, 0 if there is none
	blocks int    // where the blocks around the table begin
	table  int    // and where the br_table is; 0 if there is none
}

// returnAddress is the size of what a call puts on Go's stack.
const returnAddress = 8

// findFrame reports what it found of a function's parts, and whether they are all as they
// must be.
func (p *program) findFrame(f *function) (g goFrame, ok bool) {
	t, code := p.typeOf(f.index), f.code
	if len(t.Params) != 1 || t.Params[0] != I32 || len(t.Results) != 1 || t.Results[0] != I32 {
		return g, false
	}
	at := p.skipMeter(code, 0)
	if !follows(code, at, opGlobalGet, opLocalSet) || code[at+1].imm == 0 ||
		p.globals[code[at].imm].typ != I32 || f.locals+1 > maxLocals {
		return g, false
	}
	first := at + 2
	g.sp, g.blocks = uint32(code[at+1].imm), first
	for at = first; at < len(code); at++ {
		switch in := &code[at]; {
		case in.op == opBlock && in.imm == noValues:
		case in.op == opLoop && in.imm == noValues && g.loop == 0:
			g.loop = in.block
			g.blocks = p.skipMeter(code, at+1)
			at = g.blocks - 1
		case in.op == opLocalGet && in.imm == 0 && follows(code, at+1, opBrTable):
			g.table = at + 1
			return g, at > g.blocks && g.dispatches(f)
		default:
			g.loop, g.blocks, g.size = 0, first, frameSize(code, first, g.sp, nil)
			return g, true
		}
	}
	return g, false
}

// follows reports whether the code goes on with these opcodes.
func follows(code []instr, at int, ops ...byte) bool {
	if len(code) < at+len(ops) {
		return false
	}
	for i, op := range ops {
		if code[at+i].op != op {
			return false
		}
	}
	return true
}

// skipMeter returns the place behind a charge and a test, if they are there. A test has its
// call in either arm; see coldArms.
func (p *program) skipMeter(code []instr, at int) int {
	fuel := func(at int) bool { return code[at].imm == int64(p.fuelGlobal) }
	if follows(code, at, opGlobalGet, opI64Const, opI64Sub, opGlobalSet) && fuel(at) && fuel(at+3) {
		at += 4
	}
	if follows(code, at, opGlobalGet, opI64Const) && fuel(at) {
		switch {
		case follows(code, at+2, opI64LtS, opIf, opCall, opEnd):
			return at + 6
		case follows(code, at+2, opI64GeS, opIf, opElse, opCall, opEnd):
			return at + 7
		}
	}
	return at
}

// dispatches looks at the table. It must be the only one to read what local 0 was set to
// elsewhere, and each way back to the loop must set it to a constant: so nothing is lost
// when somebody else sets it and goes to the table.
func (g *goFrame) dispatches(f *function) bool {
	toLoop := func(b uint32) bool { return g.loop != 0 && b == g.loop }
	set := false // local 0, on the only way here
	for i := g.table; i < len(f.code); i++ {
		switch in := &f.code[i]; in.op {
		case opLoop, opElse, opEnd:
			set = false
		case opLocalGet:
			if in.imm == 0 && !set {
				return false
			}
		case opLocalSet, opLocalTee:
			set = set || in.imm == 0
		case opBr:
			if toLoop(in.block) &&
				!(follows(f.code, i-2, opI32Const, opLocalSet) && f.code[i-1].imm == 0) {
				return false
			}
		case opBrIf:
			if toLoop(in.block) {
				return false
			}
		case opBrTable:
			if slices.ContainsFunc(f.tables[in.block], toLoop) {
				return false
			}
		}
	}
	table := f.tables[f.code[g.table].block]
	for int(g.lead) < len(table) && table[g.lead] == table[0] {
		g.lead++
	}
	if int(g.lead) == len(table) || slices.Contains(table[g.lead:], table[0]) {
		g.lead = 0 // an entry does not say whether it is the beginning
		return true
	}
	g.size = frameSize(f.code, g.table+1, g.sp, table[g.lead:])
	if g.size == 0 {
		g.lead = 0
	}
	return true
}

// frameSize looks for where the function lowers the stack pointer for the first time, up to
// the end of one of the given blocks: what comes behind that can be the beginning of no
// frame. A return address that is put on the stack, before the stack is made larger, is
// passed over. A wrong size costs speed alone.
func frameSize(code []instr, at int, sp uint32, blocks []uint32) int64 {
	for ; at < len(code); at++ {
		in := &code[at]
		if in.op == opEnd && slices.Contains(blocks, in.block) {
			return 0
		}
		if in.op != opLocalGet || in.imm != int64(sp) ||
			!follows(code, at+1, opI32Const, opI32Sub, opLocalTee, opGlobalSet) ||
			code[at+3].imm != int64(sp) {
			continue
		}
		size := code[at+1].imm
		if size == returnAddress && follows(code, at+5, opLocalGet, opI64Const, opI64Store) {
			continue
		}
		if size < 0 || size > maxFrame {
			return 0
		}
		return size
	}
	return 0
}
