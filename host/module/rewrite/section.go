package rewrite

// maxTable bounds a table's first size, which the host has to allocate: what
// browsers agreed on.
const maxTable = 10_000_000

func (r *reader) valueType() ValueType {
	at := r.pos
	t := ValueType(r.byte())
	switch t {
	case I32, I64, F32, F64, V128, FuncRef, ExternRef:
	default:
		r.failAt(at, "value type %#x is not of WebAssembly 2.0", byte(t))
	}
	return t
}

func (r *reader) refType() ValueType {
	at := r.pos
	t := ValueType(r.byte())
	if t != FuncRef && t != ExternRef {
		r.failAt(at, "reference type %#x is not of WebAssembly 2.0", byte(t))
	}
	return t
}

func (r *reader) valueTypes() []ValueType {
	n := r.count(1)
	if n == 0 {
		return nil
	}
	ts := make([]ValueType, n)
	for i := range ts {
		ts[i] = r.valueType()
	}
	return ts
}

func (m *Module) funcType(r *reader) {
	at := r.pos
	if form := r.byte(); form != 0x60 {
		r.failAt(at, "type form %#x is not of WebAssembly 2.0", form)
		return
	}
	m.types = append(m.types, FuncType{Params: r.valueTypes(), Results: r.valueTypes()})
}

func (r *reader) limits() (low, high uint32, hasMax bool) {
	at := r.pos
	flags := r.byte()
	if flags > 1 {
		r.failAt(at, "limits %#x are not of WebAssembly 2.0 (shared or 64-bit memory)", flags)
		return
	}
	low = r.u32()
	if flags == 1 {
		high, hasMax = r.u32(), true
		if high < low {
			r.failAt(at, "the minimum %d exceeds the maximum %d", low, high)
		}
	}
	return low, high, hasMax
}

func (r *reader) tableType() TableType {
	at := r.pos
	t := TableType{Elem: r.refType()}
	t.Min, t.Max, t.HasMax = r.limits()
	if t.Min > maxTable {
		r.failAt(at, "a table of %d entries exceeds %d", t.Min, maxTable)
	}
	return t
}

func (r *reader) globalType() globalType {
	t := globalType{typ: r.valueType()}
	at := r.pos
	mut := r.byte()
	if mut > 1 {
		r.failAt(at, "mutability %#x is unknown", mut)
	}
	t.mutable = mut == 1
	return t
}

func (m *Module) addGlobal(t globalType) {
	m.globals = append(m.globals, t)
	if t.mutable {
		m.mutableGlobals++
	}
}

func (m *Module) memory(r *reader, imported bool) {
	const maxPages = 1 << 16
	at := r.pos
	low, high, hasMax := r.limits()
	if m.Memory != nil {
		r.failAt(at, "a second memory (multi-memory is not supported)")
	}
	if low > maxPages || high > maxPages {
		r.failAt(at, "a memory of more than %d pages", maxPages)
	}
	m.Memory = &MemoryType{MinPages: low, MaxPages: high, HasMax: hasMax, Imported: imported}
}

func (m *Module) importItem(r *reader) {
	im := Import{Module: r.name(), Name: r.name()}
	at := r.pos
	im.Kind = Kind(r.byte())
	switch im.Kind {
	case KindFunc:
		t := r.index("type", len(m.types))
		if r.err == nil {
			im.Type = m.types[t]
		}
		m.funcs = append(m.funcs, t)
		m.importedFuncs++
	case KindTable:
		t := r.tableType()
		t.Imported = true
		m.Tables = append(m.Tables, t)
	case KindMemory:
		m.memory(r, true)
	case KindGlobal:
		t := r.globalType()
		im.mutable = t.mutable
		m.addGlobal(t)
		m.importedGlobals++
	default:
		r.failAt(at, "import kind %d is not of WebAssembly 2.0", im.Kind)
	}
	m.Imports = append(m.Imports, im)
}

func (m *Module) exports(n int, r *reader, s *section) {
	seen := map[string]bool{}
	memories := 0
	if m.Memory != nil {
		memories = 1
	}
	spaces := [...]int{len(m.funcs), len(m.Tables), memories, len(m.globals)}
	for i := 0; i < n && r.err == nil; i++ {
		at := r.pos
		e := Export{Name: r.name(), Kind: Kind(r.byte())}
		if int(e.Kind) >= len(spaces) {
			r.failAt(at, "export kind %d is not of WebAssembly 2.0", e.Kind)
			return
		}
		if seen[e.Name] {
			r.failAt(at, "export %q twice", e.Name)
		}
		seen[e.Name] = true
		if e.Kind == KindFunc {
			e.Index = m.funcIndex(r, s)
		} else {
			e.Index = r.index(e.Kind.String(), spaces[e.Kind])
		}
		if e.Kind == KindFunc && r.err == nil {
			e.Type = m.types[m.funcs[e.Index]]
		}
		m.Exports = append(m.Exports, e)
	}
}

// funcIndex reads a function index outside code, and notes it for Instrument.
func (m *Module) funcIndex(r *reader, s *section) uint32 {
	at := r.pos
	i := r.index("function", len(m.funcs))
	s.edits = append(s.edits, edit{at: uint32(at), size: uint8(r.pos - at), value: i})
	return i
}

// constExpr reads a constant expression: in WebAssembly 2.0 it is one instruction.
func (m *Module) constExpr(r *reader, s *section) (op byte, value int64) {
	at := r.pos
	op = r.byte()
	switch op {
	case opI32Const:
		value = r.signed(32)
	case opI64Const:
		value = r.signed(64)
	case opF32Const:
		r.bytes(4)
	case opF64Const:
		r.bytes(8)
	case opVector:
		if r.byte() != vecConst {
			r.failAt(at, "not a constant expression")
		}
		r.bytes(16)
	case opGlobalGet:
		r.index("global", len(m.globals))
	case opRefNull:
		r.refType()
	case opRefFunc:
		m.funcIndex(r, s)
	default:
		r.failAt(at, "opcode %#x in a constant expression is not of WebAssembly 2.0", op)
	}
	at = r.pos
	if end := r.byte(); end != opEnd && r.err == nil {
		r.failAt(at, "a constant expression of more than one instruction is not of WebAssembly 2.0")
	}
	return op, value
}

// element reads one element segment. Its flags' bits: 0 not active, 1 a table index
// (active) or declarative (not active), 2 expressions instead of function indices.
func (m *Module) element(r *reader, s *section) {
	at := r.pos
	flags := r.u32()
	if flags > 7 {
		r.failAt(at, "element segment %#x is not of WebAssembly 2.0", flags)
		return
	}
	active, second, exprs := flags&1 == 0, flags&2 != 0, flags&4 != 0
	if active {
		if second {
			r.index("table", len(m.Tables))
		}
		m.constExpr(r, s)
	}
	if !active || second {
		if exprs {
			r.refType()
		} else if at = r.pos; r.byte() != 0 && r.err == nil {
			r.failAt(at, "element kind is unknown")
		}
	}
	n := r.count(1)
	for m.elementItems += int64(n); n > 0 && r.err == nil; n-- {
		if exprs {
			m.constExpr(r, s)
		} else {
			m.funcIndex(r, s)
		}
	}
}

// dataSegment reads one data segment. Its flags: 0 active, 1 passive, 2 active with
// a memory index.
func (m *Module) dataSegment(r *reader) {
	at := r.pos
	flags := r.u32()
	if flags > 2 {
		r.failAt(at, "data segment %#x is not of WebAssembly 2.0", flags)
		return
	}
	d := dataSegment{active: flags != 1}
	if flags == 2 {
		r.zero()
	}
	if d.active {
		if m.Memory == nil {
			r.failAt(at, "an active segment without a memory")
		}
		var none section // a function index here is a type error, found by Instrument
		op, value := m.constExpr(r, &none)
		d.offset = uint32(value)
		if op != opI32Const {
			d.dynOp = op
		}
	}
	d.bytes = r.bytes(r.count(1))
	m.data = append(m.data, d)
}
