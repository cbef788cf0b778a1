package rewrite

// count reads the section's number of items, which Parse has checked.
func (s *section) count() uint32 {
	if len(s.payload) == 0 { // a section that is missing in the guest
		return 0
	}
	r := reader{b: s.payload}
	return r.u32()
}

func (w *writer) typeSection(out []byte, s *section) []byte {
	if int(w.fuelType) < len(w.m.types) {
		return appendSection(out, s.id, s.payload)
	}
	return appendSection(out, s.id, appendU32(nil, s.count()+1), s.items, []byte{0x60, 0, 0})
}

func (w *writer) importSection(out []byte, s *section) []byte {
	add := appendName(appendName(nil, w.o.FuelModule), w.o.FuelName)
	add = appendU32(append(add, byte(KindFunc)), w.fuelType)
	return appendSection(out, s.id, appendU32(nil, s.count()+1), s.items, add)
}

// memorySection takes the memory's maximum away, which is the host's to hold: the host
// shrinks a memory by growing it, and wazero lets nothing grow beyond a maximum.
func (w *writer) memorySection(out []byte, s *section) []byte {
	if s.count() == 0 {
		return appendSection(out, s.id, s.payload)
	}
	return appendSection(out, s.id, appendU32([]byte{1, 0}, w.m.Memory.MinPages))
}

func (w *writer) globalSection(out []byte, s *section) []byte {
	items := w.shift(nil, s.items, s.edits)
	add := []byte{byte(I64), 1, opI64Const, 0, opEnd}
	return appendSection(out, s.id, appendU32(nil, s.count()+1), items, add)
}

func (w *writer) exportSection(out []byte, s *section) []byte {
	n := s.count() + 1
	add := appendName(nil, w.o.FuelGlobal)
	add = appendU32(append(add, byte(KindGlobal)), uint32(len(w.m.globals)))
	names := w.out.Globals
	for i, g := range w.m.globals {
		if i < w.m.importedGlobals || !g.mutable || !numeric(g.typ) {
			continue
		}
		add = appendU32(append(appendName(add, names[0]), byte(KindGlobal)), uint32(i))
		names = names[1:]
		n++
	}
	if w.out.Start != "" {
		add = append(appendName(add, w.out.Start), byte(KindFunc))
		add = appendU32(add, w.shifted(uint32(w.m.start)))
		n++
	}
	return appendSection(out, s.id, appendU32(nil, n), w.shift(nil, s.items, s.edits), add)
}

// dataSection writes active segments as empty passive ones: the indices stay, and
// an active segment is empty for memory.init once the instance runs.
func (w *writer) dataSection(out []byte) []byte {
	p := appendU32(nil, uint32(len(w.m.data)))
	for _, d := range w.m.data {
		p = append(p, 1)
		if d.active {
			p = append(p, 0)
			continue
		}
		p = append(appendU32(p, uint32(len(d.bytes))), d.bytes...)
	}
	return appendSection(out, secData, p)
}

func (w *writer) codeSection(out []byte) []byte {
	size := 0
	for i := range w.m.bodies {
		size += len(w.m.bodies[i].raw)
	}
	p := appendU32(make([]byte, 0, size+size/2), uint32(len(w.m.bodies)))
	program := w.newProgram()
	var f function
	var metered []byte
	for i := range w.m.bodies {
		metered = w.body(metered[:0], &w.m.bodies[i])
		w.code = program.arrange(w.code[:0], &f, program.imported+uint32(i), w.o.Passes, metered)
		p = append(appendU32(p, uint32(len(w.code))), w.code...)
	}
	return appendSection(out, secCode, p)
}
