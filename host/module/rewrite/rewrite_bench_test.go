package rewrite

import (
	"context"
	"testing"
	"time"

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

// BenchmarkPasses says what the passes are worth: how long calls of a Go guest take with
// each set of passes, over what they take without any. Where the compiler keeps the bounds
// that it has checked as well without them, all/none comes near 1, and they had better go.
// Each turn makes a call with each set, so that what else the machine does is of all.
func BenchmarkPasses(b *testing.B) {
	wasm := buildGoGuest(b)
	sets := PassSets()
	var mods []api.Module
	for _, set := range sets {
		out := instrumentWith(b, wasm, set)
		h := newHostOf(b, wazero.NewRuntimeConfigCompiler(), out, withWASI)
		h.refill = 10_000_000
		call(b, h.mod, "_initialize")
		mods = append(mods, h.mod)
	}
	for _, c := range goGuestCalls[:5] {
		b.Run(c.name, func(b *testing.B) {
			took := make([]time.Duration, len(sets))
			for b.Loop() {
				for i, mod := range mods {
					began := time.Now()
					call(b, mod, c.name, c.n)
					took[i] += time.Since(began)
				}
			}
			b.ReportMetric(0, "ns/op") // of all sets
			for i, set := range sets[1:] {
				b.ReportMetric(float64(took[i+1])/float64(took[0]), set.String()+"/none")
			}
		})
	}
}
