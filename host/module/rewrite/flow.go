package rewrite

// wazero 1.12 compiles a comparison of x & y with zero that a branch uses into one
// instruction which sets the flags from x & y (TEST on amd64, ANDS on arm64), and
// then takes the comparison's condition as it stands: tryLowerBandToFlag and
// LowerConditionalBranch in internal/engine/wazevo/backend/isa/amd64/machine.go and
// arm64/lower_instr.go. That drops two things:
//
//   - the order, when the zero is on the left: 0 < v is taken for v < 0;
//   - on arm64 the carry, which ANDS clears and a comparison with zero would set, so
//     that each unsigned condition is the opposite of what it was.
//
// So the branch goes the wrong way for lt, gt, le, ge of a zero and a bitwise and,
// of both signs and widths; but for signed ones with the zero on the right.
//
// What the compiler sees there are the definitions of the operands, behind whatever
// only hands values on. The flow follows the same: through locals, globals, block
// parameters and results that are the same on every way in, and shifts by nothing.
// Where both kinds of operand may meet in such a comparison, the right one gets
// "| 0" before it, which is neither a constant nor an and, and which the compiler does
// not fold. It says "may": it never misses a value, and costs two instructions
// where it is wrong.
//
// The passes may take away one kind of way: that from a br_if to the end of its arm, where
// the branch is always taken (coldArms). So facts must hold with these ways and
// without them, and a place that only they lead to may be none.

// A fact is what a value may be to the compiler.
type fact uint8

const (
	mayZero fact = 1 << iota // the constant zero
	mayBand                  // the result of a bitwise and
	mayBoth      = mayZero | mayBand

	isF32 fact = 1 << (iota - 1)
	isF64
	isV128
	isType = isF32 | isF64 | isV128 // none of them is an integer or a reference
)

// typeFacts returns what is known of a value by its type alone.
func typeFacts(t ValueType) fact {
	switch t {
	case F32:
		return isF32
	case F64:
		return isF64
	case V128:
		return isV128
	}
	return 0
}

// facts are those of the function's variables: its locals, then the module's
// globals. A variable beyond the length has none.
type facts []fact

func (f *facts) set(i int, v fact) {
	if i >= len(*f) {
		if v == 0 {
			return
		}
		*f = append(*f, make(facts, i+1-len(*f))...)
	}
	(*f)[i] = v
}

func (f facts) get(i int) fact {
	if i < len(f) {
		return f[i]
	}
	return 0
}

// meet keeps what both have: a variable that differs between two ways to a place is
// a new value there.
func (f *facts) meet(o facts) {
	*f = (*f)[:min(len(*f), len(o))]
	for i, v := range o[:len(*f)] {
		(*f)[i] &= v
	}
}

// join keeps what either has.
func (f *facts) join(o facts) {
	for i, v := range o {
		f.set(i, f.get(i)|v)
	}
}

// A flow follows the values of one function. Code that is not reached is passed
// over, as the compiler does.
//
// A loop's way back is not looked at: it can only make a variable differ, and one
// that it leaves alone has the facts of the way in.
type flow struct {
	stack   []fact
	vars    facts
	dead    bool
	doubt   bool // this code is reached, if at all, by ways that may be taken away
	atBrIf  bool // the instruction read last is br_if
	checked int  // addresses that the compiler may know to be in bounds; for shape
	params  int  // of the block or call read last
	result  int
	results []ValueType // of the call read last
	uneven  bool        // a block ended with another height than its type says
}

// An edge holds the facts at a block's end, or at the else of an if.
type edge struct {
	reached bool
	doubt   bool // all ways to it may be taken away
	stack   []fact
	vars    facts
	checked int
}

// begin sets the flow up for a function with the given parameters and groups of
// locals, which begin as zero.
func (f *flow) begin(params []ValueType, groups []byte) {
	f.stack, f.vars, f.checked = f.stack[:0], f.vars[:0], 0
	f.dead, f.doubt, f.atBrIf = false, false, false
	for i, t := range params {
		f.vars.set(i, typeFacts(t))
	}
	n := len(params)
	for r := (reader{b: groups}); r.rest() > 0; {
		count := int(r.u32())
		v := mayZero | typeFacts(r.valueType())
		for range count {
			f.vars.set(n, v)
			n++
		}
	}
}

func (f *flow) push(v fact) { f.stack = append(f.stack, v) }

// pop takes a value; what is missing, in code that does not validate, is nothing.
func (f *flow) pop() (v fact) {
	if n := len(f.stack); n > 0 {
		v, f.stack = f.stack[n-1], f.stack[:n-1]
	}
	return v
}

func (f *flow) popN(n int) {
	f.stack = f.stack[:max(0, len(f.stack)-n)]
}

func (f *flow) pushN(n int) {
	for range n {
		f.push(0)
	}
}

// top returns the uppermost n values, or those that there are.
func (f *flow) top(n int) []fact {
	return f.stack[max(0, len(f.stack)-n):]
}

// leads notes that control goes from here to e with n values. A way that may be taken
// away counts where there is no other.
func (f *flow) leads(e *edge, n int, doubt bool) {
	switch {
	case f.dead || e.reached && doubt && !e.doubt:
	case !e.reached || e.doubt && !doubt:
		e.reached, e.doubt = true, doubt
		e.stack = append(e.stack[:0], f.top(n)...)
		e.vars = append(e.vars[:0], f.vars...)
		e.checked = f.checked
	case doubt:
		e.vars.join(f.vars)
		e.checked = max(e.checked, f.checked)
		for i, v := range f.top(len(e.stack)) {
			e.stack[i] |= v
		}
	default:
		e.vars.meet(f.vars)
		e.checked = min(e.checked, f.checked)
		from := f.top(n)
		e.stack = e.stack[:min(len(e.stack), len(from))]
		for i := range e.stack {
			e.stack[i] &= from[i]
		}
	}
}

// enter opens a block whose type was just read.
func (s *scanner) enter(f *frame, op byte) {
	f.params, f.results, f.loop = s.params, s.result, op == opLoop
	if op == opIf {
		s.pop()
		s.leads(&f.other, f.params, s.doubt)
		f.hasOther = true
	}
	f.height = max(0, len(s.stack)-f.params)
}

// elseFlow begins the other arm of the innermost if.
func (s *scanner) elseFlow() {
	f := &s.open[len(s.open)-1]
	s.leave(f)
	s.resume(f, &f.other)
	f.hasOther = false
}

// endFlow closes a block.
func (s *scanner) endFlow(f *frame) {
	s.leave(f)
	if f.hasOther { // an if without an else hands its parameters on
		s.resume(f, &f.other)
		s.leave(f)
	}
	s.resume(f, &f.after)
}

// leave notes the way from the end of a block's code to what follows it.
func (s *scanner) leave(f *frame) {
	s.uneven = s.uneven || !s.dead && len(s.stack) != f.height+f.results
	s.leads(&f.after, f.results, s.doubt || s.atBrIf)
}

// resume goes on at e, with the stack that the block began on under its values.
func (s *scanner) resume(f *frame, e *edge) {
	s.dead, s.doubt, s.atBrIf = !e.reached, e.doubt, false
	if s.dead {
		return
	}
	s.stack = append(s.stack[:min(f.height, len(s.stack))], e.stack...)
	s.vars = append(s.vars[:0], e.vars...)
	s.checked = e.checked
}

// branch notes a branch to the block of a label. A way back to a loop is not looked at.
func (s *scanner) branch(label uint32) {
	if uint64(label) >= uint64(len(s.open)) {
		return // left to wazero
	}
	if f := &s.open[len(s.open)-1-int(label)]; !f.loop {
		s.leads(&f.after, f.results, s.doubt)
	}
}

// step does to the values what an instruction does, which is read. imm is its first
// immediate, if that is a number.
func (s *scanner) step(at int, op byte, imm int64) {
	if s.dead {
		return
	}
	s.atBrIf = op == opBrIf
	switch op {
	case opLocalGet:
		s.push(s.vars.get(int(imm)))
	case opLocalSet:
		s.vars.set(int(imm), s.pop())
	case opLocalTee:
		v := s.pop()
		s.vars.set(int(imm), v)
		s.push(v)
	case opGlobalGet:
		s.push(s.vars.get(int(s.body.nlocals)+int(imm)) | typeFacts(s.m.globals[imm].typ))
	case opGlobalSet:
		s.vars.set(int(s.body.nlocals)+int(imm), s.pop())
	case opI32Const, opI64Const:
		if imm == 0 {
			s.push(mayZero)
		} else {
			s.push(0)
		}
	case opI32And, opI64And:
		s.popN(2)
		s.push(mayBand)
	case opI32Shl, opI32ShrS, opI32ShrU, opI64Shl, opI64ShrS, opI64ShrU:
		s.pop() // by a constant multiple of the width, the other value is handed on
	case opSelect, opSelectTyped:
		s.popN(2)
		s.push(s.pop() & isType)
	case opUnreachable, opReturn:
		s.dead = true
	case opBr:
		s.branch(uint32(imm))
		s.dead = true
	case opBrIf:
		s.pop()
		s.branch(uint32(imm))
	case opBrTable:
		s.pop()
		for _, l := range s.table {
			s.branch(l)
		}
		s.dead = true
	case opCall, opCallIndirect:
		if op == opCallIndirect {
			s.pop()
		}
		s.popN(s.params)
		for _, t := range s.results {
			s.push(typeFacts(t))
		}
	case opMisc:
		s.moves(miscArity[s.b[at+1]], 0)
	case opVector:
		s.moves(vectorArity[s.b[at+1]], vectorResults[s.b[at+1]])
	case opBlock, opLoop, opIf, opElse, opEnd:
	default:
		if ordersIntegers(op) {
			s.compare(at, op)
		}
		if immediates[op] == immMemarg {
			s.checked++
		}
		s.moves(plainArity[op], results[op])
	}
}

// moves takes an instruction's operands from the stack and puts its result there.
func (s *scanner) moves(a arity, result fact) {
	s.popN(int(a.pop))
	for range a.push {
		s.push(result)
	}
}

// ordersIntegers reports whether op is lt, gt, le or ge of i32 or i64.
func ordersIntegers(op byte) bool {
	return op >= opI32LtS && op <= opI32GeU || op >= opI64LtS && op <= opI64GeU
}

// ors are the instructions for "| 0", for i32 and i64.
var ors = [2][]byte{{opI32Const, 0, opI32Or}, {opI64Const, 0, opI64Or}}

// compare notes a comparison that the compiler would get wrong.
func (s *scanner) compare(at int, op byte) {
	both := s.top(2)
	if len(both) < 2 {
		return
	}
	signed, or := (op-opI32LtS)%2 == 0, 0
	if op >= opI64LtS {
		signed, or = (op-opI64LtS)%2 == 0, 1
	}
	x, y := both[0], both[1]
	if x&mayZero != 0 && y&mayBand != 0 || !signed && x&mayBand != 0 && y&mayZero != 0 {
		s.edit(edit{at: uint32(at), value: uint32(or), kind: editOr})
	}
}
