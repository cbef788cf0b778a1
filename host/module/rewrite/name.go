package rewrite

// nameSection rewrites the payload of the "name" section. Names of functions move
// with their indices; names of locals and labels, keyed by function too, are
// dropped: no stack trace shows them. It reports false for a malformed section,
// which a module may have, and which is then dropped.
func (w *writer) nameSection(payload []byte) ([]byte, bool) {
	const module, functions, locals, labels = 0, 1, 2, 3
	r := &reader{b: payload}
	out := appendName(nil, r.name())
	for r.rest() > 0 && r.err == nil {
		id := r.byte()
		sub := r.bytes(r.count(1))
		switch id {
		case module:
			s := reader{b: sub}
			if s.name(); s.err != nil || s.rest() > 0 {
				return nil, false // wazero goes by the name's own length
			}
			out = appendSection(out, id, sub)
		case functions:
			names, ok := w.functionNames(sub)
			if !ok {
				return nil, false
			}
			out = appendSection(out, id, names)
		case locals, labels:
		default:
			out = appendSection(out, id, sub)
		}
	}
	return out, r.err == nil
}

// functionNames rewrites the subsection of function names, and puts the added
// import's in.
func (w *writer) functionNames(sub []byte) ([]byte, bool) {
	r := &reader{b: sub}
	n := r.count(2)
	fuel, done := uint32(w.m.importedFuncs), false
	out := make([]byte, 0, len(sub)+len(sub)/8+64)
	add := func() {
		out = appendName(appendU32(out, fuel), w.o.FuelModule+"."+w.o.FuelName)
		done = true
	}
	for i := 0; i < n && r.err == nil; i++ {
		fn, name := r.u32(), r.name()
		if fn >= fuel && !done {
			add()
		}
		out = appendName(appendU32(out, w.shifted(fn)), name)
	}
	if !done {
		add()
	}
	return append(appendU32(nil, uint32(n)+1), out...), r.err == nil && r.rest() == 0
}
