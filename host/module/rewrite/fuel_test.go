package rewrite

import (
	"bytes"
	"context"
	"errors"
	"slices"
	"testing"

	"github.com/tetratelabs/wazero"
)

// countModule counts a local down to zero in a loop of 6 instructions, between 2
// outside: export "run".
var countModule = mod(sec(secType, tII), sec(secFunction, ops(0)),
	sec(secExport, exp("run", KindFunc, 0)),
	sec(secCode, fn(
		ops(opLoop, emptyType),
		ops(opLocalGet, 0), i32(1), ops(opI32Sub, opLocalTee, 0), i32(0),
		ops(0x47 /* ne */, opBrIf, 0),
		ops(opEnd, opLocalGet, 0), ops(opI32Eqz))))

func TestEndless(t *testing.T) {
	table := func(code []byte) []byte {
		return mod(sec(secType, tVoid), sec(secFunction, ops(0)), sec(secTable, ops(0x70, 0, 1)),
			sec(secExport, exp("run", KindFunc, 0)),
			sec(secElement, ops(0, opI32Const, 0, opEnd, 1, 0)),
			sec(secCode, fn(code)))
	}
	simple := func(bodies ...[]byte) []byte {
		funcs := make([][]byte, len(bodies))
		for i := range funcs {
			funcs[i] = ops(0)
		}
		return mod(sec(secType, tVoid), sec(secFunction, funcs...),
			sec(secExport, exp("run", KindFunc, 0)), sec(secCode, bodies...))
	}
	tests := map[string][]byte{
		"loop": simple(fn(ops(opLoop, emptyType, opBr, 0, opEnd))),
		"nested loop": simple(fn(ops(opLoop, emptyType, opLoop, emptyType, opBr, 1,
			opEnd, opEnd))),
		"recursion":      simple(fn(ops(opCall, 0))),
		"mutual":         simple(fn(ops(opCall, 1)), fn(ops(opCall, 0))),
		"indirect":       table(slices.Concat(i32(0), ops(opCallIndirect, 0, 0))),
		"calls of leafs": simple(fn(ops(opLoop, emptyType, opCall, 1, opBr, 0, opEnd)), fn()),
	}
	for name, wasm := range tests {
		t.Run(name, func(t *testing.T) {
			eachEngine(t, func(t *testing.T, cfg wazero.RuntimeConfig) {
				h := newHost(t, cfg, wasm, nil)
				h.stop, h.refill = 3, 100 // the interpreter allows 2,000 frames
				_, err := h.mod.ExportedFunction("run").Call(context.Background())
				if !errors.Is(err, errSpent) {
					t.Fatalf("error %v, want %v", err, errSpent)
				}
				if h.calls != 3 {
					t.Errorf("fuel function called %d times", h.calls)
				}
			})
		})
	}
}

// TestCost pins what fuel means: operators read it as an amount of work.
func TestCost(t *testing.T) {
	nop := ops(opI32Const, 0, opDrop)
	long := bytes.Repeat(nop, leafMax) // 2*leafMax instructions
	m := mod(sec(secType, tVoid, tII),
		sec(secFunction, ops(0), ops(0), ops(0), ops(0), ops(0), ops(0), ops(0)),
		sec(secTable, ops(0x70, 0, 1)), memory,
		sec(secExport, exp("leaf", KindFunc, 0), exp("long", KindFunc, 1),
			exp("calls", KindFunc, 2),
			exp("loop", KindFunc, 3), exp("indirect", KindFunc, 4), exp("fill", KindFunc, 5),
			exp("locals", KindFunc, 6)),
		sec(secElement, ops(0, opI32Const, 0, opEnd, 1, 0)),
		sec(secCode,
			fn(nop, nop),
			fn(long),
			fn(ops(opCall, 0, opCall, 1)),
			fn(ops(opLoop, emptyType), nop, ops(opCall, 0, opLoop, emptyType), nop, nop,
				ops(opEnd, opEnd), nop),
			fn(i32(0), ops(opCallIndirect, 0, 0)),
			fn(i32(0), i32(1), i32(1600), ops(opMisc, 11, 0)),
			fnLocals(100, ops(opCall, 0))))
	want := map[string]int64{
		"leaf":     0,
		"long":     2 * leafMax,
		"calls":    2 + 4 + 2*leafMax,
		"loop":     2 + (2 + 1 + 4) + 4,
		"indirect": 2 + leafMax,
		"fill":     1600,
		"locals":   100/localsPerCost + 1 + 4,
	}
	eachEngine(t, func(t *testing.T, cfg wazero.RuntimeConfig) {
		h := newHost(t, cfg, m, nil)
		for name, want := range want {
			h.fuel().Set(1_000_000)
			call(t, h.mod, name)
			if used := 1_000_000 - int64(h.fuel().Get()); used != want {
				t.Errorf("%s used %d, want %d", name, used, want)
			}
		}
		if h.calls != 0 {
			t.Errorf("fuel function called %d times", h.calls)
		}
	})
}

// TestImportsCost: a call of an imported function pays for the way there and back.
func TestImportsCost(t *testing.T) {
	wasm := mod(sec(secType, tVoid), sec(secImport, imp("env", "f", KindFunc, 0)),
		sec(secFunction, ops(0)),
		sec(secExport, exp("run", KindFunc, 1)), sec(secCode, fn(ops(opCall, 0, opCall, 0))))
	h := newHost(t, wazero.NewRuntimeConfigCompiler(), wasm, func(rt wazero.Runtime) {
		_, err := rt.NewHostModuleBuilder("env").NewFunctionBuilder().
			WithFunc(func() {}).Export("f").
			Instantiate(context.Background())
		if err != nil {
			t.Fatal(err)
		}
	})
	h.fuel().Set(1 << 20)
	call(t, h.mod, "run")
	if used := 1<<20 - int64(h.fuel().Get()); used != 2+2*importCost {
		t.Errorf("used %d, want %d", used, 2+2*importCost)
	}
}

func TestLoopIsMeteredExactly(t *testing.T) {
	eachEngine(t, func(t *testing.T, cfg wazero.RuntimeConfig) {
		h := newHost(t, cfg, countModule, nil)
		if got := call(t, h.mod, "run", 1000); got != "[1]" {
			t.Fatal(got)
		}
		// The counter began at 0 and each call of the host put 1000 in.
		used := int64(h.calls)*h.refill - int64(h.fuel().Get())
		if want := int64(1000*7 + 2); used != want {
			t.Errorf("used %d, want %d", used, want)
		}
		if h.calls < 7 || h.calls > 8 {
			t.Errorf("fuel function called %d times", h.calls)
		}
	})
}

// TestLeafHasNoCheck reads the bytes: a short leaf is left as it is.
func TestLeafHasNoCheck(t *testing.T) {
	body := fn(ops(opLocalGet, 0, opI32Eqz))
	out := instrument(t, mod(sec(secType, tII), sec(secFunction, ops(0)), sec(secCode, body)))
	m := parse(t, out.Wasm)
	if got, want := string(m.bodies[0].raw), string(body[1:]); got != want {
		t.Errorf("body %x, want %x", got, want)
	}
}
