package rewrite

import (
	"bytes"
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/tetratelabs/wazero"
	"github.com/tetratelabs/wazero/api"
)

// konst is a function that returns v.
func konst(v int32) []byte { return fn(i32(v)) }

// featureModule has one of everything that Instrument changes. Function 0 is
// imported and adds 1; 1 to 8 return 10*index; 9 calls through table 0; 10 calls
// through table 1; 11 is the start function and sets global 1; 12 traps.
var featureModule = func() []byte {
	bodies := [][]byte{}
	types := [][]byte{}
	for i := range int32(8) {
		bodies = append(bodies, konst(10*(i+1)))
		types = append(types, ops(1))
	}
	bodies = append(bodies,
		fn(ops(opLocalGet, 0, opCallIndirect, 1, 0)),
		fn(ops(opLocalGet, 0, opCallIndirect, 1, 1)),
		fn(i32(41), ops(opCall, 0, opGlobalSet, 1)),
		fn(ops(opCall, 8, 0x00)),
		fn(ops(opGlobalGet, 1)),
		// memory.copy, load
		fnLocals(2, i32(2), i32(4), i32(3), ops(opMisc, 10, 0, 0), i32(0), ops(0x28, 2, 0)),
		fn(ops(opRefFunc, 3, 0xd1)),
	)
	types = append(types, ops(2), ops(2), ops(0), ops(0), ops(1), ops(1), ops(1))
	ref := func(i byte) []byte { return ops(opRefFunc, i, opEnd) }
	at := func(i byte) []byte { return ops(opI32Const, i, opEnd) }
	return mod(
		custom("first", []byte("kept")),
		sec(secType, tVoid, tI, tII),
		sec(secImport, imp("env", "inc", KindFunc, 2),
			imp("env", "base", KindGlobal, byte(I32), 0)),
		sec(secFunction, types...),
		sec(secTable, ops(0x70, 0, 20), ops(0x70, 0, 20)),
		memory,
		sec(secGlobal,
			ops(byte(I32), 1, opI32Const, 7, opEnd), ops(byte(FuncRef), 0, opRefFunc, 2, opEnd),
			ops(byte(I64), 1, opI64Const, 9, opEnd), ops(byte(I32), 0, opI32Const, 7, opEnd),
			slices.Concat(ops(byte(F64), 1, opF64Const), make([]byte, 8), ops(opEnd)),
			ops(byte(F32), 1, opF32Const, 0, 0, 0, 0, opEnd)),
		sec(secExport, exp("inc", KindFunc, 0), exp("t0", KindFunc, 9), exp("t1", KindFunc, 10),
			exp("trap", KindFunc, 12), exp("global", KindFunc, 13), exp("mem", KindFunc, 14),
			exp("isnull", KindFunc, 15), exp("three", KindFunc, 3), exp("memory", KindMemory, 0)),
		appendSection(nil, secStart, ops(11)),
		sec(secElement,
			slices.Concat(ops(0), at(0), ops(2, 1, 2)), // active, indices
			ops(1, 0, 1, 3), // passive, indices
			slices.Concat(ops(2, 1), at(1), ops(0, 2, 3, 4)), // active, table, indices
			ops(3, 0, 1, 3), // declarative, indices
			// active, expressions
			slices.Concat(ops(4), at(4), ops(2), ref(5), ref(6)),
			// passive, expressions
			slices.Concat(ops(5, 0x70, 1), ref(7)),
			// active, table, expressions
			slices.Concat(ops(6, 1), at(6), ops(0x70, 2), ref(7), ref(8)),
			// declarative, expressions
			slices.Concat(ops(7, 0x70, 2), ref(3), ops(opRefNull, 0x70, opEnd))),
		ops(secDataCount, 1, 3),
		sec(secCode, bodies...),
		sec(secData, append(append(ops(0), at(0)...), 3, 1, 2, 3), ops(1, 1, 'p'),
			append(append(ops(2, 0), at(2)...), 4, 9, 8, 7, 6)),
		custom(".debug_info", []byte("dropped")),
		custom("name", slices.Concat(
			appendSection(nil, 0, appendName(nil, "feature")),
			sec(1, appendName(ops(0), "inc"), appendName(ops(8), "eighty"),
				appendName(ops(12), "trapper")),
			sec(2, ops(8, 0)))),
		custom("last", []byte("kept")),
	)
}()

func withEnv(rt wazero.Runtime) {
	ctx := context.Background()
	_, err := rt.NewHostModuleBuilder("helper").NewFunctionBuilder().
		WithFunc(func(x uint32) uint32 { return x + 1 }).Export("inc").Instantiate(ctx)
	if err != nil {
		panic(err)
	}
	// Host modules cannot export globals, so a small guest stands between.
	env := mod(sec(secType, tII), sec(secImport, imp("helper", "inc", KindFunc, 0)),
		sec(secGlobal, ops(byte(I32), 0, opI32Const, 5, opEnd)),
		sec(secExport, exp("inc", KindFunc, 0), exp("base", KindGlobal, 0)))
	if _, err := rt.InstantiateWithConfig(ctx, env,
		wazero.NewModuleConfig().WithName("env")); err != nil {
		panic(err)
	}
}

func TestFeatures(t *testing.T) {
	sameCalls(t, featureModule, withEnv, map[string][]uint64{
		"inc": {1}, "global": {}, "mem": {}, "isnull": {}, "three": {}})
	eachEngine(t, func(t *testing.T, cfg wazero.RuntimeConfig) {
		h := newHost(t, cfg, featureModule, withEnv)
		for slot, want := range map[string][]int{"t0": {0: 10, 1: 20, 4: 50, 5: 60},
			"t1": {1: 30, 2: 40, 6: 70, 7: 80}} {
			for i, want := range want {
				if want == 0 {
					continue
				}
				if got := call(t, h.mod, slot, uint64(i)); got != fmt.Sprint([]int{want}) {
					t.Errorf("%s[%d] = %s, want %d", slot, i, got, want)
				}
			}
		}
		if got := call(t, h.mod, "global"); got != "[42]" {
			t.Errorf("the start function set %s", got)
		}
		_, err := h.mod.ExportedFunction("trap").Call(context.Background())
		if err == nil || !strings.Contains(err.Error(), "feature.trapper()") {
			t.Errorf("stack trace without names: %v", err)
		}
	})
}

func TestInstrumentedParts(t *testing.T) {
	out := instrument(t, featureModule)
	if out.Start != "$start" || !slices.Equal(out.Globals, []string{"$g1", "$g3", "$g5", "$g6"}) {
		t.Errorf("start %q, globals %q", out.Start, out.Globals)
	}
	if got, want := fmt.Sprint(out.Data), "[{0 [1 2 3]} {2 [9 8 7 6]}]"; got != want {
		t.Errorf("data %s, want %s", got, want)
	}
	m := parse(t, out.Wasm)
	if m.start >= 0 || len(m.data) != 0 || m.dataCount != -1 {
		t.Errorf("start %d, data %v, data count %d", m.start, m.data, m.dataCount)
	}
	var customs []string
	for _, s := range m.sections {
		if s.id == secCustom {
			customs = append(customs, s.name)
		}
	}
	if !slices.Equal(customs, []string{"first", "name", "last"}) {
		t.Errorf("custom sections %q", customs)
	}
	if last := m.Imports[len(m.Imports)-1]; last.Module != "fuel" || last.Name != "spent" {
		t.Errorf("last import %+v", last)
	}
	ctx := context.Background()
	rt := wazero.NewRuntime(ctx)
	defer rt.Close(ctx)
	compiled, err := rt.CompileModule(ctx, out.Wasm)
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range compiled.ImportedFunctions() {
		if mod, name, _ := f.Import(); mod == "fuel" && f.Name() != "fuel."+name {
			t.Errorf("import %s.%s named %q", mod, name, f.Name())
		}
	}
}

// TestGlobals saves and sets a guest's globals from outside.
// TestDataKept has code that names a segment, whose index must not change.
func TestDataKept(t *testing.T) {
	m := parse(t, instrument(t, mod(sec(secType, tVoid), sec(secFunction, ops(0)), memory,
		ops(secDataCount, 1, 3),
		sec(secCode, fn(ops(0xfc, 9, 1))), // data.drop 1
		sec(secData, ops(0, opI32Const, 0, opEnd, 1, 'a'), ops(1, 1, 'p'),
			ops(0, opI32Const, 2, opEnd, 1, 'b')))).Wasm)
	if len(m.data) != 3 || m.data[0].active || len(m.data[2].bytes) != 0 ||
		string(m.data[1].bytes) != "p" || m.dataCount != 3 {
		t.Errorf("data %v, data count %d", m.data, m.dataCount)
	}
}

func TestGlobals(t *testing.T) {
	h := newHost(t, wazero.NewRuntimeConfigCompiler(), featureModule, withEnv)
	g := h.mod.ExportedGlobal("$g1").(api.MutableGlobal)
	if g.Get() != 42 {
		t.Errorf("global is %d", g.Get())
	}
	g.Set(77)
	if got := call(t, h.mod, "global"); got != "[77]" {
		t.Errorf("the guest sees %s", got)
	}
	if got := h.mod.ExportedGlobal("$g3").Get(); got != 9 {
		t.Errorf("i64 global is %d", got)
	}
}

func TestEmptyModule(t *testing.T) {
	for name, wasm := range map[string][]byte{
		"no sections": mod(),
		"custom only": mod(custom("x", nil)),
		"types only":  mod(sec(secType, tII)),
		"memory only": mod(custom("x", nil), memory, custom("y", nil)),
	} {
		h := newHost(t, wazero.NewRuntimeConfigInterpreter(), wasm, nil)
		if h.fuel().Get() != 0 {
			t.Errorf("%s: the counter begins at %d", name, h.fuel().Get())
		}
	}
}

func TestInstrumentRefuses(t *testing.T) {
	global := ops(byte(I32), 1, opI32Const, 0, opEnd)
	tests := []struct {
		name, want string
		wasm       []byte
	}{
		{"fuel import", `module name "fuel" is the host's`,
			mod(sec(secType, tVoid), sec(secImport, imp("fuel", "x", KindFunc, 0)))},
		{"counter export", `export "$fuel"`,
			mod(memory, sec(secExport, exp("$fuel", KindMemory, 0)))},
		{"start export", `export "$start"`,
			mod(memory, sec(secExport, exp("$start", KindMemory, 0)))},
		{"global export", `export "$g0"`,
			mod(sec(secGlobal, global), sec(secExport, exp("$g0", KindGlobal, 0)))},
		{"dynamic data", "position-independent",
			mod(sec(secImport, imp("e", "base", KindGlobal, byte(I32), 0)), memory,
				sec(secData, ops(0, opGlobalGet, 0, opEnd, 1, 'x')))},
		{"i64 data", "not i32.const",
			mod(memory, sec(secData, ops(0, opI64Const, 0, opEnd, 1, 'x')))},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, err := parse(t, tt.wasm).Instrument(testOptions)
			if err == nil || !strings.Contains(err.Error(), tt.want) ||
				!strings.HasPrefix(err.Error(), "rewrite: ") {
				t.Errorf("error %v, want …%s…", err, tt.want)
			}
		})
	}
	if _, err := parse(t, mod()).Instrument(Options{}); err == nil {
		t.Error("empty options accepted")
	}
	o := testOptions
	o.StartName = o.FuelGlobal
	if _, err := parse(t, mod()).Instrument(o); err == nil {
		t.Error("equal options accepted")
	}
}

// TestMalformedNames: a name section that cannot be read is no reason to refuse a
// guest, and must not reach wazero, which would.
func TestMalformedNames(t *testing.T) {
	for _, p := range [][]byte{{1, 9}, {1, 2, 5, 0}, {1, 3, 1, 0, 9}, {0xff}, {0, 1, 1, 'x'},
		{1, 5, 0xff, 0xff, 0xff, 0xff, 0x0f}} {
		newHost(t, wazero.NewRuntimeConfigInterpreter(), mod(custom("name", p)), nil)
	}
}

// TestBulkPays: each instruction that moves much is paid by its length and followed
// by a test, also in a leaf and where no loop is around it.
func TestBulkPays(t *testing.T) {
	const length, times = 1 << 12, 5
	lengths := func(n int32, op ...byte) []byte {
		return slices.Concat(i32(0), i32(0), i32(n), ops(opMisc), op)
	}
	null := ops(opRefNull, byte(FuncRef))
	for name, instr := range map[string][]byte{
		"memory.fill":   lengths(length, 11, 0),
		"memory.copy":   lengths(length, 10, 0, 0),
		"memory.init":   lengths(length, 8, 0, 0),
		"memory.grow":   slices.Concat(i32(0), ops(opMemoryGrow, 0, opDrop)),
		"failing grow":  slices.Concat(i32(-1), ops(opMemoryGrow, 0, opDrop)),
		"table.init":    lengths(length, 12, 0, 0),
		"table.copy":    lengths(length, 14, 0, 0),
		"table.fill":    slices.Concat(i32(0), null, i32(length), ops(opMisc, 17, 0)),
		"table.grow":    slices.Concat(null, i32(length), ops(opMisc, 15, 0, opDrop)),
		"table.grow, 0": slices.Concat(null, i32(0), ops(opMisc, 15, 0, opDrop)),
	} {
		t.Run(name, func(t *testing.T) {
			wasm := mod(sec(secType, tVoid), sec(secFunction, ops(0)),
				sec(secTable, appendU32(ops(byte(FuncRef), 0), length)), memory,
				sec(secExport, exp("run", KindFunc, 0)),
				sec(secElement, append(appendU32(ops(1, 0), length), make([]byte, length)...)),
				appendSection(nil, secDataCount, ops(1)),
				sec(secCode, fn(bytes.Repeat(instr, times))),
				sec(secData, append(appendU32(ops(1), length), make([]byte, length)...)))
			eachEngine(t, func(t *testing.T, cfg wazero.RuntimeConfig) {
				h := newHost(t, cfg, wasm, nil)
				h.refill = length / 2
				call(t, h.mod, "run")
				if h.calls < times {
					t.Errorf("the fuel function was called %d times for %d instructions",
						h.calls, times)
				}
			})
		})
	}
}

// TestRegions: a loop around a br_table pays for the region that runs, not for all.
func TestRegions(t *testing.T) {
	work := slices.Repeat(ops(opI32Const, 0, opDrop), 50) // 100 instructions
	body := fn(ops(opLoop, emptyType, opBlock, emptyType, opBlock, emptyType, opLocalGet, 0, 0x0e,
		2, 0, 1, 1, opEnd),
		work, ops(opLocalGet, 0, opReturn, opEnd), work, work, ops(opEnd, opLocalGet, 0))
	wasm := mod(sec(secType, tII), sec(secFunction, ops(0)),
		sec(secExport, exp("run", KindFunc, 0)), sec(secCode, body))
	sameCalls(t, wasm, nil, map[string][]uint64{"run": {1}})
	h := newHost(t, wazero.NewRuntimeConfigCompiler(), wasm, nil)
	for arg, want := range []int64{1 + 2 + 102, 1 + 2 + 200} {
		h.fuel().Set(1 << 20)
		call(t, h.mod, "run", uint64(arg))
		if used := 1<<20 - int64(h.fuel().Get()); used != want {
			t.Errorf("region %d used %d, want %d", arg, used, want)
		}
	}
}
