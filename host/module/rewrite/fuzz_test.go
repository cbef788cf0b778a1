package rewrite

import (
	"context"
	"testing"

	"github.com/tetratelabs/wazero"
)

// FuzzParse: Parse and Instrument do not panic; what Parse accepts and wazero
// compiles, wazero compiles with the meter in it too; and Parse accepts it again.
func FuzzParse(f *testing.F) {
	for _, wasm := range [][]byte{mod(), countModule, featureModule,
		in(opVector, 0x80, 1), in(opMisc, 11, 0), in(0x0e, 1, 0, 0), in(opLoop, 0, opEnd),
		in0(dispatchOf(jump(2, 2), jump(2, 1), jump(0, 0)))} {
		f.Add(wasm)
	}
	ctx := context.Background()
	f.Fuzz(func(t *testing.T, wasm []byte) {
		m, err := Parse(wasm)
		if err != nil {
			return
		}
		m.ImageBlocker()
		out, err := m.Instrument(testOptions)
		if err != nil {
			return
		}
		if _, err := Parse(out.Wasm); err != nil {
			t.Fatalf("Parse of the result: %v", err)
		}
		for _, s := range m.sections {
			if s.name != "name" {
				continue
			}
			// wazero 1.12 allocates what a name section's count says, gigabytes, before it
			// reads on. Our result does not have such a section, so wazero never sees it.
			if _, ok := (&writer{m: m, o: testOptions}).nameSection(s.payload); !ok {
				return
			}
			if hasLocalNames(s.payload) {
				return
			}
		}
		rt := wazero.NewRuntimeWithConfig(ctx, wazero.NewRuntimeConfigInterpreter())
		defer rt.Close(ctx)
		if _, err := rt.CompileModule(ctx, wasm); err != nil {
			return
		}
		if _, err := rt.CompileModule(ctx, out.Wasm); err != nil {
			t.Fatalf("wazero compiles the guest, but not the result: %v", err)
		}
	})
}

// hasLocalNames reports whether a name section has the parts that Instrument drops
// unread, and that wazero reads.
func hasLocalNames(payload []byte) bool {
	r := &reader{b: payload}
	r.name()
	for r.rest() > 0 && r.err == nil {
		if r.byte() == 2 {
			return true
		}
		r.bytes(r.count(1))
	}
	return false
}
