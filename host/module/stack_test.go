package module

import (
	"testing"

	"github.com/tetratelabs/wazero"
)

// TestStackBytes fails when a new wazero keeps its stacks elsewhere: then grown
// ones would be kept for ever.
func TestStackBytes(t *testing.T) {
	// (module (func (export "f")))
	wasm := []byte("\x00asm\x01\x00\x00\x00\x01\x04\x01\x60\x00\x00" +
		"\x03\x02\x01\x00\x07\x05\x01\x01f\x00\x00\x0a\x04\x01\x02\x00\x0b")
	rt := wazero.NewRuntimeWithConfig(t.Context(), wazero.NewRuntimeConfigCompiler())
	defer rt.Close(t.Context())
	mod, err := rt.Instantiate(t.Context(), wasm)
	if err != nil {
		t.Fatal(err)
	}
	got := newCallable(mod.ExportedFunction("f")).stackBytes()
	if got < 1<<10 || got > keepStackBytes {
		t.Errorf("a new callable's stack has %d bytes, want a few kilobytes", got)
	}
}
