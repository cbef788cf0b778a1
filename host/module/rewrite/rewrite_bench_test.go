package rewrite

import (
	"context"
	"testing"

	"github.com/tetratelabs/wazero"
	"github.com/tetratelabs/wazero/api"
)

func BenchmarkParse(b *testing.B) {
	wasm := buildGoGuest(b)
	b.SetBytes(int64(len(wasm)))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := Parse(wasm); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkInstrument(b *testing.B) {
	wasm := buildGoGuest(b)
	b.SetBytes(int64(len(wasm)))
	b.ReportAllocs()
	size := 0
	for b.Loop() {
		size = len(instrument(b, wasm).Wasm)
	}
	b.ReportMetric(float64(size)/float64(len(wasm)), "size/guest")
}

// BenchmarkRun compares the guest as it is with the instrumented one.
func BenchmarkRun(b *testing.B) {
	run := func(name string, wasm []byte, export string, arg uint64) {
		bench := func(b *testing.B, mod api.Module) {
			if f := mod.ExportedFunction("_initialize"); f != nil {
				call(b, mod, "_initialize")
			}
			f, stack := mod.ExportedFunction(export), make([]uint64, 1)
			for b.Loop() {
				stack[0] = arg
				if err := f.CallWithStack(context.Background(), stack); err != nil {
					b.Fatal(err)
				}
			}
		}
		cfg := wazero.NewRuntimeConfigCompiler
		b.Run(name+"/plain", func(b *testing.B) { bench(b, newPlain(b, cfg(), wasm, withWASI)) })
		b.Run(name+"/fuel", func(b *testing.B) {
			h := newHost(b, cfg(), wasm, withWASI)
			h.refill = 10_000_000
			bench(b, h.mod)
		})
	}
	run("loop", countModule, "run", 1_000_000)
	wasm := buildGoGuest(b)
	for _, c := range goGuestCalls[:5] {
		run(c.name, wasm, c.name, c.n)
	}
}
