package rewrite

import (
	"bytes"
	"context"
	"slices"
	"testing"

	"github.com/tetratelabs/wazero"
	"github.com/tetratelabs/wazero/api"
)

// goMark is what the linker of Go puts into a module.
var goMark = custom("go:buildid", []byte("\xff Go build ID"))

// The module of frameModule has functions 0, an import that may move the stack, and 1,
// which takes 8 off the stack, as a function of Go's does; run sets the stack pointer
// and calls function 2, which is what the test gives.
const (
	frameMove = 0
	frameLeaf = 1
	frameSelf = 2
	frameSP   = 0 // global
	frameAt   = 1024
)

func frameModule(function []byte, marks ...[]byte) []byte {
	leaf := fn(ops(opGlobalGet, frameSP), i32(8), ops(opI32Add, opGlobalSet, frameSP), i32(0))
	run := fn(i32(frameAt), ops(opGlobalSet, frameSP, opLocalGet, 0, opCall, frameSelf))
	return append(mod(sec(secType, tII, tVoid),
		sec(secImport, imp("env", "move", KindFunc, 0)),
		sec(secFunction, ops(0), ops(0), ops(0)), memory,
		sec(secGlobal, slices.Concat(ops(byte(I32), 1), i32(0), ops(opEnd))),
		sec(secExport, exp("run", KindFunc, 3), exp("sp", KindGlobal, frameSP),
			exp("memory", KindMemory, 0)),
		sec(secCode, leaf, function, run)), slices.Concat(marks...)...)
}

// goFn is a function as Go writes it, with locals 1 and 2 of type i32, 1 being the stack
// pointer: a loop around a table, which has an entry for each part, and two for the first.
func goFn(parts ...[]byte) []byte {
	out := ops(opGlobalGet, frameSP, opLocalSet, 1, opBlock, emptyType, opLoop, emptyType)
	for range parts {
		out = append(out, opBlock, emptyType)
	}
	out = append(out, opLocalGet, 0, opBrTable, byte(len(parts)), 0)
	for i := range parts {
		out = append(out, byte(i))
	}
	for _, p := range parts {
		out = append(append(out, opEnd), p...)
	}
	return fnLocals(2, out, ops(opEnd, opEnd), i32(1))
}

var (
	lower = slices.Concat(ops(opLocalGet, 1), i32(32),
		ops(opI32Sub, opLocalTee, 1, opGlobalSet, frameSP))
	raise = slices.Concat(ops(opLocalGet, 1), i32(40),
		ops(opI32Add, opLocalTee, 1, opGlobalSet, frameSP), i32(0), ops(opReturn))
	// write writes through the stack pointer, and copies what it wrote as Go does.
	write = slices.Concat(ops(opLocalGet, 1), i64(77), ops(opI64Store, 3, 8),
		ops(opLocalGet, 1, opI64ExtendU), i64(16), ops(0x7c /* i64.add */, opI32WrapI64),
		ops(opLocalGet, 1, 0x29, 3, 8, opI64Store, 3, 0))
	push = slices.Concat(ops(opLocalGet, 1), i32(8),
		ops(opI32Sub, opLocalTee, 1, opGlobalSet, frameSP),
		ops(opLocalGet, 1), i64(5), ops(opI64Store, 3, 0))
	pop = ops(opGlobalGet, frameSP, opLocalSet, 1)
)

// callGo calls a function, in a block that is so many blocks inside of the outermost.
func callGo(f byte, depth byte) []byte {
	return slices.Concat(push, i32(0), ops(opCall, f), pop, ops(opBrIf, depth))
}

// framed counts in function 2 what the pass has made: accesses through the base, checks,
// and comparisons of the stack pointer. The base is the last local.
func framed(t *testing.T, wasm []byte) (moved, checks, comparisons int) {
	t.Helper()
	m := parse(t, instrumentWith(t, wasm, FrameBase).Wasm)
	var f function
	body := m.bodies[frameSelf-frameLeaf]
	if !f.decode(frameSelf+1, &m.types[m.funcs[frameSelf+1]], body.raw) {
		t.Fatal("does not decode")
	}
	if before := parse(t, wasm).bodies[frameSelf-frameLeaf]; before.nlocals == body.nlocals {
		return 0, 0, 0
	}
	base := int64(f.locals - 1)
	var end, checked int64
	for i, in := range f.code {
		if i == 0 || !in.access() && in.op != opI32Ne {
			continue
		}
		switch before := f.code[i-1]; {
		case in.op == opI32Ne:
			comparisons++
		case before.op == opLocalTee && before.imm == base:
			checks, checked = checks+1, in.imm+1
		case usesBase(f.code[:i], base, in.op >= opI32Store):
			moved++
			end = max(end, in.imm+accessSize[in.op-opI32Load])
		}
	}
	if checked != end {
		t.Errorf("the frame is checked up to %d, and read or written up to %d", checked, end)
	}
	return moved, checks, comparisons
}

// usesBase reports whether an access has the base for its address: in these tests a value
// that is stored is one instruction, or a load.
func usesBase(code []instr, base int64, store bool) bool {
	at := len(code) - 1
	if store {
		at--
		if code[at+1].access() {
			at--
		}
	}
	return code[at].op == opLocalGet && code[at].imm == base
}

func TestFrameBase(t *testing.T) {
	end, front := slices.Concat(write, raise), slices.Concat(lower, write)
	// again is code that runs once, in an if; back sets local 0 and goes to the loop.
	again := func(code ...[]byte) []byte {
		return slices.Concat(ops(opLocalGet, 2, opI32Eqz, opIf, emptyType), i32(1),
			ops(opLocalSet, 2), slices.Concat(code...), ops(opEnd))
	}
	for _, c := range []struct {
		name                       string
		function                   []byte
		moved, checks, comparisons int
	}{
		{"leaf", fnLocals(2, pop, write, raise), 3, 1, 0},
		{"leaf with a frame", fnLocals(2, pop, lower, write, raise), 3, 1, 0},
		{"one part", goFn(slices.Concat(lower, end)), 0, 0, 0},
		{"two parts", goFn(front, end), 6, 2, 0},
		{"a call", goFn(slices.Concat(lower, write, callGo(frameLeaf, 2)), end), 7, 2, 1},
		{"a call that nobody goes on behind",
			goFn(slices.Concat(lower, write, callGo(frameLeaf, 2), write), end), 7, 2, 1},
		{"without a frame", goFn(write, slices.Concat(write, i32(0), ops(opReturn))), 6, 1, 0},
		{"a jump back", goFn(front,
			slices.Concat(write, again(i32(2), ops(opLocalSet, 0, opBr, 1)), raise)), 6, 2, 0},
		{"a jump back with another stack pointer", goFn(front,
			slices.Concat(write, again(lower, i32(2), ops(opLocalSet, 0, opBr, 1)), raise)),
			6, 2, 0},
		{"a jump back to the beginning", goFn(front,
			slices.Concat(write, again(i32(1), ops(opLocalSet, 0, opBr, 1)), raise)), 6, 2, 0},
		{"a jump back, not by a constant", goFn(front,
			slices.Concat(write, again(ops(opLocalGet, 2, opLocalSet, 0, opBr, 1)), raise)),
			0, 0, 0},
		{"a jump back by a condition", goFn(front,
			slices.Concat(write, again(i32(2), ops(opLocalSet, 0, opLocalGet, 2, opBrIf, 1)),
				raise)), 0, 0, 0},
		{"a table back", goFn(front,
			slices.Concat(write, again(i32(2), ops(opLocalSet, 0, opLocalGet, 2, opBrTable, 0, 1)),
				raise)), 0, 0, 0},
		{"local 0 is read", goFn(front,
			slices.Concat(ops(opLocalGet, 0, opDrop), end)), 0, 0, 0},
		{"local 0 is read where it was set", goFn(front,
			slices.Concat(i32(1), ops(opLocalSet, 0, opLocalGet, 0, opDrop), end)), 6, 2, 0},
		{"local 0 is read where it was set on one way", goFn(front,
			slices.Concat(ops(opLocalGet, 2, opIf, emptyType), i32(1), ops(opLocalSet, 0, opEnd,
				opLocalGet, 0, opDrop), end)), 0, 0, 0},
		{"another stack pointer", goFn(front,
			slices.Concat(ops(opLocalGet, 2, opLocalSet, 1), end)), 3, 2, 0},
		{"another stack pointer on one way", goFn(front,
			slices.Concat(ops(opLocalGet, 2, opIf, emptyType, opLocalGet, 2, opLocalSet, 1, opEnd),
				end)), 3, 2, 0},
		{"a loop", goFn(front,
			slices.Concat(ops(opLoop, emptyType), write, ops(opEnd), end)), 3, 2, 0},
		{"below the base", fnLocals(2, pop, i32(0), ops(opDrop, opLocalGet, 1), i32(16),
			ops(opI32Sub), i64(1), ops(opI64Store, 3, 0), raise), 0, 0, 0},
		{"far above the base", fnLocals(2, pop, ops(opLocalGet, 1), i64(1),
			ops(opI64Store, 3, 0x80, 0x80, 4), raise), 0, 0, 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			wasm := frameModule(c.function, goMark)
			if moved, checks, comparisons := framed(t, wasm); moved != c.moved ||
				checks != c.checks || comparisons != c.comparisons {
				t.Errorf("%d accesses, %d checks, %d comparisons; want %d, %d, %d", moved, checks,
					comparisons, c.moved, c.checks, c.comparisons)
			}
			if moved, _, _ := framed(t, frameModule(c.function)); moved != 0 {
				t.Error("without Go's mark the function is not left alone")
			}
			for pc := range uint64(4) {
				framedRun(t, wasm, pc, 0)
			}
		})
	}
}

// framedRun runs a module as it is, and as the pass makes it: results, traps, memory and
// stack pointer are the same. The import moves the stack up by so many bytes, with all
// that is on it.
func framedRun(t *testing.T, wasm []byte, pc uint64, by uint32) {
	t.Helper()
	setup := func(rt wazero.Runtime) {
		move := func(_ context.Context, m api.Module, x uint32) uint32 {
			global := m.ExportedGlobal("sp").(api.MutableGlobal)
			sp := uint32(global.Get())
			stack, _ := m.Memory().Read(sp, 256)
			m.Memory().Write(sp+by, slices.Clone(stack))
			global.Set(uint64(sp + by + 8))
			return x
		}
		_, err := rt.NewHostModuleBuilder("env").NewFunctionBuilder().WithFunc(move).Export("move").
			Instantiate(context.Background())
		if err != nil {
			t.Fatal(err)
		}
	}
	eachEngine(t, func(t *testing.T, cfg wazero.RuntimeConfig) {
		type end struct {
			result, sp uint64
			trap       bool
			memory     string
		}
		run := func(m api.Module) (e end) {
			results, err := m.ExportedFunction("run").Call(context.Background(), pc)
			if e.trap = err != nil; !e.trap {
				e.result = results[0]
			}
			e.sp = m.ExportedGlobal("sp").Get()
			memory, _ := m.Memory().Read(0, m.Memory().Size())
			e.memory = string(memory)
			return e
		}
		plain := run(newPlain(t, cfg, wasm, setup))
		var fuel int64
		for _, set := range []Passes{NoPasses, FrameBase} {
			h := newHostOf(t, cfg, instrumentWith(t, wasm, set), setup)
			h.refill = 0
			h.fuel().Set(1 << 40)
			if got := run(h.mod); got != plain {
				t.Errorf("%v: entry %d: %d, stack pointer %d, trap %t; want %d, %d, %t; memory %t",
					set, pc, got.result, got.sp, got.trap, plain.result, plain.sp, plain.trap,
					got.memory == plain.memory)
			}
			if left := int64(h.fuel().Get()); set == NoPasses {
				fuel = left
			} else if left != fuel {
				t.Errorf("entry %d: %d of fuel left, want %d", pc, left, fuel)
			}
		}
	})
}

// TestFrameMoves runs functions while the stack is moved, so that the comparison
// fails: behind a call, and before a jump from where the stack pointer was not known.
func TestFrameMoves(t *testing.T) {
	mark := func(n int64) []byte {
		return slices.Concat(ops(opLocalGet, 1), i64(n), ops(opI64Store, 3, 24))
	}
	wb := slices.Concat(push, i32(0), ops(opCall, frameMove, opDrop), pop)
	for name, function := range map[string][]byte{
		"behind a call": goFn(slices.Concat(lower, write, callGo(frameMove, 3)),
			slices.Concat(write, mark(1), callGo(frameMove, 2)), slices.Concat(mark(2), raise)),
		"in the middle": goFn(slices.Concat(lower, write, wb, mark(3)),
			slices.Concat(write, raise)),
		"before a jump": goFn(slices.Concat(lower, write, wb, i32(3), ops(opLocalSet, 0,
			opBr, 2)), mark(9), slices.Concat(write, raise)),
		"before a jump back": goFn(slices.Concat(lower, write),
			slices.Concat(ops(opLocalGet, 2, opIf, emptyType), mark(4), raise, ops(opEnd),
				i32(1), ops(opLocalSet, 2), wb, i32(2), ops(opLocalSet, 0, opBr, 0))),
	} {
		t.Run(name, func(t *testing.T) {
			wasm := frameModule(function, goMark)
			if moved, _, _ := framed(t, wasm); moved == 0 {
				t.Error("the function was left alone")
			}
			for _, by := range []uint32{0, 8, 512} {
				framedRun(t, wasm, 0, by)
			}
		})
	}
}

// TestFrameLimits leaves a function alone that would take long to compile, and one of many
// that together would.
func TestFrameLimits(t *testing.T) {
	with := func(blocks int) []byte {
		return fnLocals(2, pop, lower, bytes.Repeat(ops(opBlock, emptyType, opEnd), blocks),
			write, raise)
	}
	most := maxBlocks / passShare
	if moved, _, _ := framed(t, frameModule(with(most-10), goMark)); moved == 0 {
		t.Error("a function below the limit is left alone")
	}
	if moved, _, _ := framed(t, frameModule(with(most), goMark)); moved != 0 {
		t.Error("a function above the limit is not left alone")
	}
	m := parse(t, frameModule(with(10), goMark))
	p := (&writer{m: m, o: testOptions}).newProgram()
	p.work = 5
	var f function
	f.decode(frameSelf+1, p.typeOf(frameSelf+1), m.bodies[frameSelf-frameLeaf].raw)
	if p.frameBase(&f); f.locals != m.bodies[frameSelf-frameLeaf].nlocals {
		t.Error("a function that the module cannot afford is not left alone")
	}
}
