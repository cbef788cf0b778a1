package rewrite

// Go's compiler gives each function a result of type i32: 1 if the goroutine's stack is
// to be unwound, to be resumed later, and 0 if the function has ended. Of some it never
// is 0, sigpanic and morestack among them, and a branch on their results is one that
// compiled code always takes.
//
// A function never returns zero if its only result is of type i32, and if each value
// that it returns, by return, by falling off its end or by a br to its own label, is
// a constant other than 0, or what a direct call of another such function has left, but
// for pairs of global.get and local.set behind that. (A br_if or br_table to the
// function's label is no part of this shape, so that such a function is not taken.) The set
// is the largest of which this is true.
//
// That is right: let a function of the set return, and suppose that every one of
// them that had returned before gave no zero. What it returns is a constant other than 0,
// or what one of those gave. So none is the first to return zero. One that traps, is
// ended by the host, or runs on, returns nothing.

// A tail is what the instructions just read say of the value on top of the stack.
type tail uint8

const (
	tailOther    tail = iota
	tailNonzero       // it is a constant other than 0
	tailCall          // it is the result of a direct call
	tailGlobal        // a global.get lies above that
	tailDiverged      // the next instruction is not reached
)

// outcomes is what is known of the results of one function.
type outcomes struct {
	mayBeZero bool
	of        []uint32 // functions whose results it returns
}

// returns notes what the instruction that was just read, with its first immediate, says
// of the function's result.
func (s *scanner) returns(op byte, imm int64) {
	was := s.tail
	s.tail = tailOther
	toCaller := false
	switch op {
	case opI32Const:
		if imm != 0 {
			s.tail = tailNonzero
		}
	case opCall:
		s.tail, s.callee = tailCall, uint32(imm)
	case opGlobalGet:
		if was == tailCall {
			s.tail = tailGlobal
		}
	case opLocalSet:
		if was == tailGlobal {
			s.tail = tailCall
		}
	case opReturn:
		s.tail, toCaller = tailDiverged, true
	case opBr:
		s.tail, toCaller = tailDiverged, imm == int64(len(s.open)-1)
	case opUnreachable:
		s.tail = tailDiverged
	case opEnd:
		toCaller = len(s.open) == 0 && was != tailDiverged
	case opBrIf:
		s.body.mayBeZero = s.body.mayBeZero || imm == int64(len(s.open)-1)
	case opBrTable:
		s.tail = tailDiverged
		for _, l := range s.table {
			s.body.mayBeZero = s.body.mayBeZero || int(l) == len(s.open)-1
		}
	}
	switch {
	case !toCaller || s.body.mayBeZero || was == tailNonzero:
	case was == tailCall:
		s.body.of = append(s.body.of, s.callee)
	default:
		s.body.mayBeZero, s.body.of = true, nil
	}
}

// resultIsI32 reports whether a function has one result, of type i32.
func (m *Module) resultIsI32(fn uint32) bool {
	results := m.types[m.funcs[fn]].Results
	return len(results) == 1 && results[0] == I32
}

// neverZero says of each function, by its index in the guest, whether it never returns
// zero. It begins with all that do not say otherwise themselves, and takes out who returns
// the result of one that is out.
func (m *Module) neverZero() []bool {
	never := make([]bool, len(m.funcs))
	returners := make([][]uint32, len(m.funcs))
	for i := range m.bodies {
		fn := uint32(m.importedFuncs + i)
		never[fn] = !m.bodies[i].mayBeZero && m.resultIsI32(fn)
		if never[fn] {
			for _, callee := range m.bodies[i].of {
				returners[callee] = append(returners[callee], fn)
			}
		}
	}
	var out []uint32
	for fn := range never {
		if !never[fn] {
			out = append(out, uint32(fn))
		}
	}
	for len(out) > 0 {
		fn := out[len(out)-1]
		out = out[:len(out)-1]
		for _, r := range returners[fn] {
			if never[r] {
				never[r] = false
				out = append(out, r)
			}
		}
	}
	return never
}
