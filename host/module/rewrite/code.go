package rewrite

import (
	"fmt"
	"math"
)

// maxLocals bounds the locals of one function, which a few bytes can declare and
// the compiler has to allocate: what browsers agreed on. All functions together may
// declare this much and one for each byte of the module, which real code, needing
// two bytes to use a local once, stays far below.
const maxLocals = 50_000

// A scanner reads the instructions of one function. It notes in body what
// Instrument will change, so that nothing is decoded twice.
type scanner struct {
	*reader
	m    *Module
	body *body
	cost uint32 // instructions since payer was set
	// payer is the index of the edit, a loop's or a region's, that pays for the
	// instructions being read; -1 is the function's entry.
	payer int32
	open  []frame
	table []uint32 // labels of the br_table read last
	threader
	flow
	tail   tail
	callee uint32 // of the call that the tail speaks of
	shape  shape
}

// A frame is an open block.
type frame struct {
	payer  int32 // who paid when the block began, and pays again when it has ended
	target bool  // a br_table jumps to the block's end
	empty  bool  // the block has neither parameters nor results

	dispatch *dispatch // of which it is the loop or one of the blocks

	// For flow: the height of the stack below the block, the number of its values,
	// and what is known where it is left and, until an else was read, where an if's
	// condition is false.
	height, params, results int
	loop, hasOther          bool
	after, other            edge
}

// pays sets who pays from here on.
func (s *scanner) pays(payer int32) {
	if s.payer >= 0 {
		s.body.edits[s.payer].value += s.cost
	} else {
		s.body.cost += s.cost
	}
	s.payer, s.cost = payer, 0
}

// payerHere makes the edit at this place the one that pays from here on.
func (s *scanner) payerHere(kind editKind) {
	s.edit(edit{at: uint32(s.pos), kind: kind})
	s.pays(int32(len(s.body.edits) - 1))
}

// code reads the i-th entry of the code section.
func (m *Module) code(i int, r *reader) {
	fn := m.importedFuncs + i
	if i >= m.declaredFuncs {
		r.failf("more bodies than the function section declares")
		return
	}
	raw := r.bytes(r.count(1))
	b := body{raw: raw}
	in := &reader{b: raw, base: r.base + r.pos - len(raw), section: r.section, fn: fn, err: r.err}
	params := len(m.types[m.funcs[fn]].Params)
	in.locals(&b, params)
	m.locals += uint64(b.nlocals) - uint64(params)
	if m.locals > uint64(m.size)+maxLocals {
		in.failf("%d locals in a module of %d bytes", m.locals, m.size)
	}
	results := len(m.types[m.funcs[fn]].Results)
	s := scanner{reader: in, m: m, body: &b, payer: -1,
		open: []frame{{payer: -1, results: results}}}
	if in.err == nil {
		s.begin(m.types[m.funcs[fn]].Params, raw[b.groups:b.code])
	}
	s.cost = b.nlocals / localsPerCost
	for len(s.open) > 0 && in.err == nil {
		s.instruction()
	}
	if in.err == nil && in.rest() > 0 {
		in.failf("%d bytes behind the end", in.rest())
	}
	m.sum(&s, params, results)
	r.err = in.err
	s.pays(-1)
	b.uneven = s.uneven
	m.bodies = append(m.bodies, b)
}

// locals reads the groups of locals at a body's start.
func (r *reader) locals(b *body, params int) {
	b.ngroups = uint32(r.count(2))
	b.groups = r.pos
	total := uint64(params)
	for i := uint32(0); i < b.ngroups && r.err == nil; i++ {
		total += uint64(r.u32())
		r.valueType()
	}
	if total > maxLocals {
		r.failf("%d locals exceed %d", total, maxLocals)
	}
	b.nlocals, b.code = uint32(min(total, math.MaxUint32)), r.pos
}

// instruction reads one instruction with what follows it.
func (s *scanner) instruction() {
	at := s.pos
	op := s.byte()
	if op != opBlock && op != opLoop && op != opElse && op != opEnd && op != opNop {
		s.cost++
	}
	var imm int64
	switch immediates[op] {
	case immNone:
	case immElse:
		s.pays(s.open[len(s.open)-1].payer)
		s.elseFlow()
	case immBlock:
		s.block(op)
	case immEnd:
		s.end()
	case immLocal:
		imm = int64(s.index("local", int(s.body.nlocals)))
	case immGlobal:
		imm = int64(s.index("global", len(s.m.globals)))
	case immTable:
		s.index("table", len(s.m.Tables))
		if op == opTableSet {
			s.writesTable("table.set")
		}
	case immU32:
		imm = int64(s.u32())
	case immI32:
		imm = s.signed(32)
	case immI64:
		imm = s.signed(64)
	case immMemarg:
		s.memarg()
	case immFunc:
		imm = int64(s.function(op))
	case immTyped:
		s.signature(s.index("type", len(s.m.types)))
		s.index("table", len(s.m.Tables))
		s.cost += leafMax
		s.body.calls = true
	case immMisc:
		s.misc(at)
	case immVector:
		s.vector(at)
	default:
		s.rare(at, op)
	}
	s.thread(at, op, imm)
	s.returns(op, imm)
	if s.err == nil {
		s.grow(op, imm)
	}
	if s.err == nil {
		s.split(at, op)
		s.step(at, op, imm)
	}
}

// signature notes the numbers of values that a type takes and gives.
func (s *scanner) signature(t uint32) {
	if s.err == nil {
		typ := &s.m.types[t]
		s.params, s.result, s.results = len(typ.Params), len(typ.Results), typ.Results
	}
}

// rare reads what follows the opcodes that instruction leaves over.
func (s *scanner) rare(at int, op byte) {
	switch immediates[op] {
	case immLabels:
		s.labels()
	case immTypes:
		if s.byte() != 1 {
			s.failAt(at, "select with other than one type")
		}
		s.valueType()
	case immZero:
		s.zero()
		if op == opMemoryGrow {
			s.edit(edit{at: uint32(at), value: growCost, kind: editTest})
		}
	case immBytes4:
		s.bytes(4)
	case immBytes8:
		s.bytes(8)
	case immRefType:
		s.refType()
	default:
		if s.err == nil {
			s.failAt(at, "opcode %#x is not of WebAssembly 2.0%s", op, outside(op))
		}
	}
}

func (s *scanner) block(op byte) {
	at := s.pos
	empty := false
	s.params, s.result = 0, 1
	switch c := s.byte(); c {
	case emptyType:
		empty, s.result = true, 0
	case byte(I32), byte(I64), byte(F32), byte(F64), byte(V128),
		byte(FuncRef), byte(ExternRef):
	default:
		s.pos = min(at, len(s.b))
		i := s.signed(33)
		if (i < 0 || i >= int64(len(s.m.types))) && s.err == nil {
			s.failAt(at, "block type %d out of range (%d)", i, len(s.m.types))
		}
		s.signature(uint32(i))
	}
	s.open = append(s.open, frame{payer: s.payer, empty: empty})
	s.enter(&s.open[len(s.open)-1], op)
	if op == opLoop {
		s.body.loops = true
		s.payerHere(editLoop)
	}
}

// end closes a block. What follows the target of a br_table is a region: code that
// runs when the table jumps there, or when the code before falls through.
func (s *scanner) end() {
	f := s.open[len(s.open)-1]
	s.open = s.open[:len(s.open)-1]
	s.endFlow(&f)
	if f.loop {
		s.shape.loops--
	}
	s.pays(f.payer)
	if f.target && len(s.open) > 0 {
		s.payerHere(editRegion)
	}
}

// labels reads the labels of a br_table and marks their blocks.
func (s *scanner) labels() {
	s.table = s.table[:0]
	for n := s.count(1); n >= 0 && s.err == nil; n-- {
		// A label that is out of range is left to wazero.
		l := s.u32()
		s.table = append(s.table, l)
		if int(l) < len(s.open) {
			s.open[len(s.open)-1-int(l)].target = true
		}
	}
}

// function reads the index of a function, which is called or taken.
func (s *scanner) function(op byte) uint32 {
	at := s.pos
	i := s.index("function", len(s.m.funcs))
	kind := editRef
	if op == opCall {
		kind = editCall
		s.body.calls = true
		if int(i) < s.m.importedFuncs {
			s.cost += importCost
		}
		if s.err == nil {
			s.signature(s.m.funcs[i])
		}
	}
	s.edit(edit{at: uint32(at), size: uint8(s.pos - at), value: i, kind: kind})
	return i
}

func (s *scanner) edit(e edit) {
	e.payer = s.payer
	s.body.edits = append(s.body.edits, e)
}

func (s *scanner) writesTable(instr string) {
	if s.m.tableWrite == "" {
		s.m.tableWrite = fmt.Sprintf("function %d uses %s", s.fn, instr)
	}
}
