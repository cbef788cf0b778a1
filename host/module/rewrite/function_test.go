package rewrite

import (
	"slices"
	"testing"
)

// TestDecode encodes each function of a Go guest, and wants the same instructions back.
// The bytes may differ: a linker leaves room in indices.
func TestDecode(t *testing.T) {
	m := parse(t, buildGoGuest(t))
	var f, again function
	for i := range m.bodies {
		fn := uint32(m.importedFuncs + i)
		typ := &m.types[m.funcs[fn]]
		if !f.decode(fn, typ, m.bodies[i].raw) || !again.decode(fn, typ, f.encode(nil)) {
			t.Fatalf("function %d does not decode", fn)
		}
		if again.locals != m.bodies[i].nlocals {
			t.Fatalf("function %d has %d locals, want %d", fn, again.locals, m.bodies[i].nlocals)
		}
		same := func(a, b instr) bool {
			return a == b || a.op == b.op && a.sub == b.sub && a.verbatim()
		}
		if !slices.EqualFunc(again.code, f.code, same) ||
			!slices.EqualFunc(again.tables, f.tables, slices.Equal) {
			t.Fatalf("function %d has other instructions", fn)
		}
	}
}
