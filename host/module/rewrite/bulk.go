package rewrite

// growCost is what memory.grow and table.grow cost besides their length: each leaves
// compiled code and asks the host, a microsecond or two, as much as this many plain
// instructions.
const growCost = 20_000

// misc reads an instruction behind 0xfc. Its opcode is one byte: longer forms of
// the number are valid, but decoders differ on them.
func (s *scanner) misc(at int) {
	tables, elems := len(s.m.Tables), s.m.elements
	switch op := s.byte(); op {
	case 0, 1, 2, 3, 4, 5, 6, 7: // conversions that do not trap
	case 8:
		s.dataIndex("memory.init")
		s.zero()
		s.bulk(at)
	case 9:
		s.dataIndex("data.drop")
	case 10:
		s.zero()
		s.zero()
		s.bulk(at)
	case 11:
		s.zero()
		s.bulk(at)
	case 12:
		s.index("element", elems)
		s.index("table", tables)
		s.writesTable("table.init")
		s.bulk(at)
	case 13:
		s.index("element", elems)
		s.writesTable("elem.drop")
	case 14:
		s.index("table", tables)
		s.index("table", tables)
		s.writesTable("table.copy")
		s.bulk(at)
	case 15:
		s.index("table", tables)
		s.writesTable("table.grow")
		s.bulk(at)
		s.edit(edit{at: uint32(at), value: growCost, kind: editTest})
	case 16:
		s.index("table", tables)
	case 17:
		s.index("table", tables)
		s.writesTable("table.fill")
		s.bulk(at)
	default:
		if s.err == nil {
			s.failAt(at, "opcode 0xfc %#x is not of WebAssembly 2.0, or in its long form", op)
		}
	}
}

// bulk notes the instruction at the given place as one that pays for its length: for
// memory by the byte, for tables by the entry. Fresh pages included, a byte takes about
// as long as a plain instruction.
func (s *scanner) bulk(at int) {
	s.body.scratch |= 1 // scratchI32
	s.edit(edit{at: uint32(at), kind: editBulk})
}

func (s *scanner) dataIndex(instr string) {
	at := s.pos
	if s.m.dataCount < 0 {
		s.failAt(at, "%s without a data count section", instr)
	}
	i := s.index("data", s.m.dataCount)
	if _, ok := s.m.dataUse[i]; !ok && s.err == nil {
		s.m.dataUse[i] = dataUse{instr, s.fn}
	}
}

// vector reads an instruction behind 0xfd. wazero takes one byte as its opcode and
// the second of a two-byte number, 0x01, for a nop; so exactly these forms are let
// through, and both readers see the same instructions.
func (s *scanner) vector(at int) {
	op := s.byte()
	if op >= 0x80 && s.byte() != 1 && s.err == nil {
		s.failAt(at, "vector opcode is not of WebAssembly 2.0, or in its long form")
	}
	if !s.vectorImmediates(op) {
		s.failAt(at, "opcode 0xfd %#x is not of WebAssembly 2.0", op)
	}
}
