package rewrite

// A function is one function of the module that the host compiles, decoded for the
// passes. Indices are as that module has them, with the fuel import and the fuel global.
//
// Branches name the block that they lead to, so that a pass can put blocks around code
// without counting labels anew.
type function struct {
	index  uint32
	typ    *FuncType
	groups []ValueType // the type of each group of locals, behind the parameters
	counts []uint32    // and how many it has
	locals uint32      // with the parameters
	code   []instr
	tables [][]uint32 // the blocks of each br_table, the default last
	blocks uint32     // how many blocks have been named; 0 is the function itself
	raw    []byte     // what it was decoded from: verbatim instructions lie there
}

// An instr is one instruction.
type instr struct {
	op    byte
	sub   byte   // the opcode behind 0xfc and 0xfd
	align uint8  // of a load or a store, as an exponent of 2
	block uint32 // what it opens, continues, ends, or leads to; of a br_table, in tables
	// imm is a constant (of a float: its bits), the index of a local, global or function,
	// a type and, above 32 bits, a table (call_indirect), the type of a block as the
	// binary format numbers it, or the offset of a load or store. An instruction that is
	// verbatim has its place in raw here, the length above 32 bits.
	imm int64
}

// verbatim reports whether the passes see of an instruction no more than its opcode.
func (in *instr) verbatim() bool {
	switch immediates[in.op] {
	case immTypes, immZero, immRefType, immTable, immMisc, immVector:
		return true
	}
	return in.op == opRefFunc
}

// access reports whether an instruction is a load or store of a number.
func (in *instr) access() bool { return immediates[in.op] == immMemarg }

// newBlock names a block.
func (f *function) newBlock() uint32 {
	f.blocks++
	return f.blocks
}

// newLocal adds a local, which begins as zero.
func (f *function) newLocal(t ValueType) uint32 {
	if n := len(f.groups); n > 0 && f.groups[n-1] == t {
		f.counts[n-1]++
	} else {
		f.groups, f.counts = append(f.groups, t), append(f.counts, 1)
	}
	f.locals++
	return f.locals - 1
}

// decode reads a body, without its size. It reuses what f had. It reports whether all
// labels are those of open blocks: code that wazero will refuse may have others.
func (f *function) decode(index uint32, typ *FuncType, raw []byte) bool {
	*f = function{index: index, typ: typ, raw: raw, groups: f.groups[:0], counts: f.counts[:0],
		code: f.code[:0], tables: f.tables[:0], locals: uint32(len(typ.Params))}
	r := &reader{b: raw}
	for n := r.count(2); n > 0; n-- {
		f.counts = append(f.counts, r.u32())
		f.groups = append(f.groups, r.valueType())
		f.locals += f.counts[len(f.counts)-1]
	}
	open := append(make([]uint32, 0, 32), 0)
	for len(open) > 0 && r.err == nil {
		f.code = append(f.code, instr{})
		open = f.instruction(r, &f.code[len(f.code)-1], open)
	}
	return r.err == nil && r.rest() == 0
}

// instruction reads one instruction, and returns the blocks that are open behind it.
func (f *function) instruction(r *reader, in *instr, open []uint32) []uint32 {
	at := r.pos
	in.op = r.byte()
	top := len(open) - 1
	switch immediates[in.op] {
	case immNone:
	case immBlock:
		in.imm, in.block = r.signed(33), f.newBlock()
		return append(open, in.block)
	case immElse:
		in.block = open[top]
	case immEnd:
		in.block = open[top]
		return open[:top]
	case immU32:
		in.block = label(r, open)
	case immLabels:
		in.block = uint32(len(f.tables))
		n := r.count(1) + 1
		table := make([]uint32, 0, n)
		for range n {
			table = append(table, label(r, open))
		}
		f.tables = append(f.tables, table)
	case immLocal, immGlobal:
		in.imm = int64(r.u32())
	case immFunc:
		if in.op == opRefFunc {
			f.skip(r, in, at)
		} else {
			in.imm = int64(r.u32())
		}
	case immTyped:
		in.imm = int64(r.u32())
		in.imm |= int64(r.u32()) << 32
	case immMemarg:
		align, offset := r.memarg()
		in.align, in.imm = uint8(align), int64(offset)
	case immI32:
		in.imm = r.signed(32)
	case immI64:
		in.imm = r.signed(64)
	case immBytes4:
		in.imm = littleEndian(r.bytes(4))
	case immBytes8:
		in.imm = littleEndian(r.bytes(8))
	default:
		f.skip(r, in, at)
	}
	return open
}

// label reads a label.
func label(r *reader, open []uint32) uint32 {
	l := r.u32()
	if uint64(l) >= uint64(len(open)) {
		r.failf("label %d with %d blocks open", l, len(open))
		return 0
	}
	return open[len(open)-1-int(l)]
}

// skip reads the rest of an instruction that is kept as it is.
func (f *function) skip(r *reader, in *instr, at int) {
	if in.op == opMisc || in.op == opVector {
		in.sub = r.byte()
	}
	switch immediates[in.op] {
	case immTypes:
		r.u32()
		r.valueType()
	case immMisc:
		for range miscImmediates[in.sub] {
			r.u32()
		}
	case immVector:
		if in.sub >= 0x80 {
			r.byte()
		}
		r.vectorImmediates(in.sub)
	case immRefType:
		r.byte()
	default: // an index
		r.u32()
	}
	in.imm = int64(at) | int64(r.pos-at)<<32
}

// encode appends the body, without its size. Each block that is named as a target must
// be open where it is.
func (f *function) encode(out []byte) []byte {
	out = appendU32(out, uint32(len(f.groups)))
	for i, t := range f.groups {
		out = append(appendU32(out, f.counts[i]), byte(t))
	}
	// depth is how many blocks are open outside each, and the block itself.
	depth := make([]uint32, f.blocks+1)
	depth[0] = 1
	open := uint32(1)
	for i := range f.code {
		in := &f.code[i]
		if in.verbatim() {
			at, n := uint32(in.imm), uint32(in.imm>>32)
			out = append(out, f.raw[at:at+n]...)
			continue
		}
		out = append(out, in.op)
		switch immediates[in.op] {
		case immBlock:
			open++
			depth[in.block] = open
			out = appendI64(out, in.imm)
		case immEnd:
			open--
		case immU32:
			out = appendU32(out, open-depth[in.block])
		case immLabels:
			table := f.tables[in.block]
			out = appendU32(out, uint32(len(table)-1))
			for _, b := range table {
				out = appendU32(out, open-depth[b])
			}
		case immLocal, immGlobal, immFunc:
			out = appendU32(out, uint32(in.imm))
		case immTyped:
			out = appendU32(appendU32(out, uint32(in.imm)), uint32(in.imm>>32))
		case immMemarg:
			out = appendU32(appendU32(out, uint32(in.align)), uint32(in.imm))
		case immI32, immI64:
			out = appendI64(out, in.imm)
		case immBytes4:
			out = appendLittleEndian(out, in.imm, 4)
		case immBytes8:
			out = appendLittleEndian(out, in.imm, 8)
		}
	}
	return out
}

// miscImmediates is how many indices follow each opcode behind 0xfc.
var miscImmediates = [18]uint8{8: 2, 9: 1, 10: 2, 11: 1, 12: 2, 13: 1, 14: 2, 15: 1, 16: 1, 17: 1}

func littleEndian(b []byte) (v int64) {
	for i, c := range b {
		v |= int64(c) << (8 * i)
	}
	return v
}

func appendLittleEndian(out []byte, v int64, n int) []byte {
	for i := range n {
		out = append(out, byte(v>>(8*i)))
	}
	return out
}
