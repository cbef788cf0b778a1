package rewrite

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"testing"

	"github.com/tetratelabs/wazero"
	"github.com/tetratelabs/wazero/api"
)

var testOptions = Options{Passes: AllPasses,
	FuelModule: "fuel", FuelName: "spent", FuelGlobal: "$fuel", GlobalPrefix: "$g",
	StartName: "$start",
}

var errSpent = errors.New("no fuel left")

// engines are wazero's two, which must agree.
var engines = map[string]func() wazero.RuntimeConfig{
	"compiler":    wazero.NewRuntimeConfigCompiler,
	"interpreter": wazero.NewRuntimeConfigInterpreter,
}

func eachEngine(t *testing.T, f func(t *testing.T, cfg wazero.RuntimeConfig)) {
	for name, cfg := range engines {
		t.Run(name, func(t *testing.T) { f(t, cfg()) })
	}
}

// A host runs an instrumented module: it does by hand what a real one does.
type host struct {
	rt     wazero.Runtime
	mod    api.Module
	out    *Instrumented
	refill int64
	calls  int
	stop   int // panic at this call of the fuel function; 0 never
}

func (h *host) spent(_ context.Context, m api.Module) {
	h.calls++
	if h.calls == h.stop {
		panic(errSpent)
	}
	fuel := m.ExportedGlobal(testOptions.FuelGlobal).(api.MutableGlobal)
	fuel.Set(uint64(int64(fuel.Get()) + h.refill))
}

func (h *host) fuel() api.MutableGlobal {
	return h.mod.ExportedGlobal(testOptions.FuelGlobal).(api.MutableGlobal)
}

func parse(t testing.TB, wasm []byte) *Module {
	t.Helper()
	m, err := Parse(wasm)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func instrument(t testing.TB, wasm []byte) *Instrumented {
	t.Helper()
	return instrumentWith(t, wasm, AllPasses)
}

func instrumentWith(t testing.TB, wasm []byte, set Passes) *Instrumented {
	t.Helper()
	before, o := bytes.Clone(wasm), testOptions
	o.Passes = set
	out, err := parse(t, wasm).Instrument(o)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(before, wasm) {
		t.Fatal("Instrument wrote to the guest's bytes")
	}
	return out
}

// newHost instantiates the instrumented guest. setup may add host modules.
func newHost(t testing.TB, cfg wazero.RuntimeConfig, wasm []byte,
	setup func(wazero.Runtime)) *host {
	t.Helper()
	return newHostOf(t, cfg, instrument(t, wasm), setup)
}

func newHostOf(t testing.TB, cfg wazero.RuntimeConfig, out *Instrumented,
	setup func(wazero.Runtime)) *host {
	t.Helper()
	ctx := context.Background()
	h := &host{rt: wazero.NewRuntimeWithConfig(ctx, cfg), refill: 1000, out: out}
	t.Cleanup(func() { h.rt.Close(ctx) })
	_, err := h.rt.NewHostModuleBuilder(testOptions.FuelModule).NewFunctionBuilder().
		WithFunc(h.spent).Export(testOptions.FuelName).Instantiate(ctx)
	if err != nil {
		t.Fatal(err)
	}
	if setup != nil {
		setup(h.rt)
	}
	conf := wazero.NewModuleConfig().WithStartFunctions()
	if h.mod, err = h.rt.InstantiateWithConfig(ctx, h.out.Wasm, conf); err != nil {
		t.Fatal(err)
	}
	for _, s := range h.out.Data {
		if !h.mod.Memory().Write(s.Offset, s.Bytes) {
			t.Fatalf("data at %d does not fit", s.Offset)
		}
	}
	if h.out.Start != "" {
		if _, err := h.mod.ExportedFunction(h.out.Start).Call(ctx); err != nil {
			t.Fatal(err)
		}
	}
	return h
}

// newPlain instantiates the guest as it is.
func newPlain(t testing.TB, cfg wazero.RuntimeConfig, wasm []byte,
	setup func(wazero.Runtime)) api.Module {
	t.Helper()
	ctx := context.Background()
	rt := wazero.NewRuntimeWithConfig(ctx, cfg)
	t.Cleanup(func() { rt.Close(ctx) })
	if setup != nil {
		setup(rt)
	}
	mod, err := rt.InstantiateWithConfig(ctx, wasm, wazero.NewModuleConfig().WithStartFunctions())
	if err != nil {
		t.Fatal(err)
	}
	return mod
}

func call(t testing.TB, m api.Module, name string, args ...uint64) string {
	t.Helper()
	res, err := m.ExportedFunction(name).Call(context.Background(), args...)
	if err != nil {
		t.Fatalf("%s%v: %v", name, args, err)
	}
	return fmt.Sprint(res)
}

// sameCalls compares results with and without instrumentation.
func sameCalls(t *testing.T, wasm []byte, setup func(wazero.Runtime), calls map[string][]uint64) {
	t.Helper()
	eachEngine(t, func(t *testing.T, cfg wazero.RuntimeConfig) {
		plain, h := newPlain(t, cfg, wasm, setup), newHost(t, cfg, wasm, setup)
		for name, args := range calls {
			want, got := call(t, plain, name, args...), call(t, h.mod, name, args...)
			if want != got {
				t.Errorf("%s%v = %s, plain %s", name, args, got, want)
			}
		}
	})
}
