package rewrite

import (
	"fmt"
	"slices"
	"testing"

	"github.com/tetratelabs/wazero"
)

// codeOf returns the opcodes and numbers of a function.
func codeOf(f *function) (code []string) {
	for _, in := range f.code {
		s := fmt.Sprintf("%#02x", in.op)
		if in.imm != 0 && in.op != opIf && in.op != opBlock {
			s += fmt.Sprint(" ", in.imm)
		}
		code = append(code, s)
	}
	return code
}

// one is a function that returns 1.
var one = fn(i32(1))

func TestNeverZero(t *testing.T) {
	local := ops(opLocalGet, 0)
	table := ops(opLocalGet, 0, opBrTable, 0, 0)
	for _, c := range []struct {
		name string
		body []byte
		want bool
	}{
		{"constant", fn(i32(1)), true},
		{"negative", fn(i32(-1)), true},
		{"zero", fn(i32(0)), false},
		{"return", fn(i32(5), ops(opReturn)), true},
		{"return of zero", fn(ops(opLocalGet, 0, opIf, emptyType), i32(0),
			ops(opReturn, opEnd), i32(1)), false},
		{"br", fn(ops(opLocalGet, 0, opIf, emptyType), i32(3), ops(opBr, 1, opEnd), i32(1)), true},
		{"br with zero", fn(ops(opLocalGet, 0, opIf, emptyType), i32(0), ops(opBr, 1, opEnd),
			i32(1)), false},
		{"br elsewhere", fn(ops(opBlock, byte(I32)), i32(0), ops(opBr, 0, opEnd, opDrop), i32(1)),
			true},
		{"br_if", fn(i32(0), local, ops(opBrIf, 0, opDrop), i32(1)), false},
		{"br_if elsewhere", fn(ops(opBlock, emptyType), local, ops(opBrIf, 0, opEnd), i32(1)),
			true},
		{"br_table", fn(i32(1), table), false},
		{"br_table elsewhere", fn(ops(opBlock, emptyType), table, ops(opEnd), i32(1)), true},
		{"end without a way to it", fn(ops(opUnreachable)), true},
		{"local", fn(local), false},
		{"block", fn(ops(opBlock, byte(I32)), i32(1), ops(opEnd)), false},
		{"select", fn(i32(1), i32(1), local, ops(opSelect)), false},
		{"something else on top", fn(i32(1), ops(opNop)), false},
		{"call of one", fn(local, ops(opCall, 0)), true},
		{"call of one, then the stack pointer", fn(local, ops(opCall, 0, opGlobalGet, 0,
			opLocalSet, 0, opGlobalGet, 0, opLocalSet, 0, opReturn)), true},
		{"call of one, then another value", fn(local, ops(opCall, 0, opDrop, opGlobalGet, 0)),
			false},
		{"call of one, then half a pair", fn(local, ops(opCall, 0, opLocalSet, 0, opLocalGet, 0)),
			false},
		{"call of one, then zero and the stack pointer", fn(local, ops(opCall, 0, opDrop), i32(0),
			ops(opGlobalGet, 0, opLocalSet, 0)), false},
		{"call of one, then zero and a local", fn(local, ops(opCall, 0, opDrop), i32(0),
			i32(0), ops(opLocalSet, 0)), false},
		{"call of itself", fn(local, ops(opCall, 1)), true},
		{"call of another that may", fn(local, ops(opCall, 2)), false},
		{"call through the other", fn(local, ops(opCall, 3)), true},
		{"call_indirect", fn(local, local, ops(opCallIndirect, 0, 0)), false},
	} {
		wasm := mod(sec(secType, tII), sec(secFunction, ops(0), ops(0), ops(0), ops(0)),
			sec(secTable, ops(byte(FuncRef), 0, 1)),
			sec(secGlobal, slices.Concat(ops(byte(I32), 1), i32(7), ops(opEnd))),
			sec(secCode, one, c.body, fn(i32(0)), fn(local, ops(opCall, 1))))
		m := parse(t, wasm)
		if got := m.neverZero(); !slices.Equal(got, []bool{true, c.want, false, c.want}) {
			t.Errorf("%s: never zero %v, want %v of 1 and 3", c.name, got, c.want)
		}
	}
}

// TestNeverZeroOfTypes: functions with another result than one i32, and imported ones.
func TestNeverZeroOfTypes(t *testing.T) {
	m := parse(t, mod(sec(secType, tVoid, typ(nil, nums(I64)), typ(nil, nums(I32, I32)), tI),
		sec(secImport, imp("env", "f", KindFunc, 3)),
		sec(secFunction, ops(0), ops(1), ops(2), ops(3), ops(3)),
		sec(secCode, fn(), fn(i64(1)), fn(i32(1), i32(1)), fn(ops(opCall, 0)), fn(i32(1)))))
	want := []bool{false, false, false, false, false, true}
	if got := m.neverZero(); !slices.Equal(got, want) {
		t.Errorf("never zero %v, want %v", got, want)
	}
}

// TestNeverZeroChain has each function return the result of the next: the last decides.
func TestNeverZeroChain(t *testing.T) {
	const n = 300
	for _, last := range []int32{0, 1} {
		var types, bodies [][]byte
		for i := range uint32(n) {
			types = append(types, ops(0))
			bodies = append(bodies, fn(appendU32(ops(opCall), i+1)))
		}
		bodies[n-1] = fn(i32(last))
		m := parse(t, mod(sec(secType, tI), sec(secFunction, types...), sec(secCode, bodies...)))
		if got := m.neverZero(); slices.Contains(got, last == 0) {
			t.Errorf("the last returns %d: never zero %v", last, got)
		}
	}
}

// TestColdArms: the fuel's function is 0, 1 never returns zero, 2 may.
func TestColdArms(t *testing.T) {
	p := &program{imported: 1, neverZero: []bool{false, true, false}}
	x, y := ops(opLocalGet, 0), ops(opLocalGet, 1)
	x64, x32 := ops(opLocalGet, 0, opI64ExtendU), ops(opLocalGet, 0, 0xb2 /* f32.convert_i32_s */)
	not := func(code []byte) []byte { return slices.Concat(code, ops(opI32Eqz)) }
	leaves := slices.Concat(x, ops(opCall, 1, opGlobalGet, 0, opLocalSet, 1, opBrIf, 1))
	left := slices.Concat(x, ops(opCall, 1, opGlobalGet, 0, opLocalSet, 1, opDrop, opBr, 1))
	arm := func(condition []byte, arm ...byte) []byte {
		return slices.Concat(condition, ops(opIf, emptyType), arm, ops(opEnd))
	}
	turned := func(condition []byte, cold ...byte) []byte {
		return arm(condition, append(ops(opElse), cold...)...)
	}
	block := slices.Concat(ops(opBlock, byte(I32)), x, ops(opI32Eqz, opEnd))
	cases := []struct {
		name string
		code []byte
		want []byte // nil: as it is
	}{
		{"eqz", arm(not(x), leaves...), turned(x, left...)},
		{"eqz of i64", arm(slices.Concat(x64, ops(opI64Eqz)), leaves...),
			turned(slices.Concat(x64, i64(0), ops(opI64Ne)), left...)},
		{"a value", arm(x, leaves...), turned(not(x), left...)},
		{"a comparison of floats", arm(slices.Concat(x32, x32, ops(0x5d /* lt */)), leaves...),
			turned(not(slices.Concat(x32, x32, ops(0x5d))), left...)},
		{"a block", arm(block, leaves...), turned(not(block), left...)},
		{"unreachable", arm(x, opUnreachable), turned(not(x), opUnreachable)},
		{"fuel", arm(x, opCall, 0), turned(not(x), opCall, 0)},
		{"with values", slices.Concat(x, ops(opIf, byte(I32), opUnreachable, opElse),
			y, ops(opEnd, opDrop)), nil},
		{"with a type", slices.Concat(y, x, ops(opIf, 0, opUnreachable, opEnd, opDrop)), nil},
		{"with an else", arm(x, opNop, opElse, opUnreachable), nil},
		{"with an empty else", arm(x, opUnreachable, opElse), nil},
		{"a br", arm(x, opBr, 1), nil},
		{"a call", arm(x, slices.Concat(x, ops(opCall, 1, opDrop))...), nil},
		{"a block at the end", arm(x, opBlock, emptyType, opUnreachable, opEnd), nil},
		{"before the end", arm(x, append(leaves, opNop)...), nil},
		{"may be zero", arm(x, slices.Concat(x, ops(opCall, 2, opBrIf, 1))...), nil},
		{"another value", arm(x, slices.Concat(x, ops(opCall, 1, opDrop, opGlobalGet, 0,
			opBrIf, 1))...), nil},
		{"half a pair", arm(x, slices.Concat(x, ops(opCall, 1, opLocalSet, 1, opGlobalGet, 0,
			opBrIf, 1))...), nil},
		{"no pair", arm(x, slices.Concat(x, x, x, ops(opCall, 1, opI32Add, opLocalSet, 1,
			opBrIf, 1))...), nil},
		{"another call", arm(x, opCall, 2), nil},
		{"in an else", arm(x, append(ops(opNop, opElse), leaves...)...),
			arm(x, append(ops(opNop, opElse), left...)...)},
		{"before an else", arm(x, append(slices.Clone(leaves), opElse, opNop)...),
			arm(x, append(slices.Clone(left), opElse, opNop)...)},
		{"outside of an if", leaves, left},
		{"empty", arm(x), nil},
	}
	for _, base := range []byte{opI32Eq, opI64Eq} {
		z := map[byte][]byte{opI32Eq: x, opI64Eq: x64}[base]
		for i, opposite := range []byte{1, 0, 8, 9, 6, 7, 4, 5, 2, 3} {
			cases = append(cases, struct {
				name       string
				code, want []byte
			}{fmt.Sprintf("comparison %#x", base+byte(i)),
				arm(slices.Concat(z, z, ops(base+byte(i))), leaves...),
				turned(slices.Concat(z, z, ops(base+opposite)), left...)})
		}
	}
	for _, c := range cases {
		if c.want == nil {
			c.want = c.code
		}
		wrap := func(code []byte) []byte {
			return fnLocals(1, ops(opBlock, emptyType), code, ops(opEnd), y)
		}
		f := decoded(t, wrap(c.code))
		p.coldArms(f)
		got, want := codeOf(f), codeOf(decoded(t, wrap(c.want)))
		if !slices.Equal(got, want) {
			t.Errorf("%s:\n%q\nwant\n%q", c.name, got, want)
		}
	}
}

// decoded is a body, with one parameter, as the passes see it.
func decoded(t *testing.T, body []byte) *function {
	t.Helper()
	f, r := &function{}, &reader{b: body}
	if !f.decode(0, &FuncType{Params: nums(I32)}, r.bytes(r.count(1))) {
		t.Fatalf("%x does not decode", body)
	}
	return f
}

// branching is a module that runs each condition, which begins as the local that is
// given, before an arm that leaves and one that traps.
func branching(conditions ...[]byte) (wasm []byte, names []string) {
	types, bodies := [][]byte{ops(0)}, [][]byte{one}
	var exports [][]byte
	leave := slices.Concat(i32(0), ops(opCall, 0, opGlobalGet, 0, opLocalSet, 1, opBrIf, 1))
	for _, c := range conditions {
		names = append(names, fmt.Sprintf("%x", c))
		exports = append(exports, exp(names[len(names)-1], KindFunc, uint32(len(bodies))))
		types = append(types, ops(0))
		bodies = append(bodies, fnLocals(1, ops(opBlock, emptyType), c, ops(opIf, emptyType), leave,
			ops(opEnd), i32(5), ops(opReturn, opEnd, opLocalGet, 1)))
	}
	return mod(sec(secType, tII), sec(secFunction, types...),
		sec(secGlobal, slices.Concat(ops(byte(I32), 1), i32(7), ops(opEnd))),
		sec(secExport, exports...), sec(secCode, bodies...)), names
}

// TestColdArmsRun: an arm that was turned runs when it did before.
func TestColdArmsRun(t *testing.T) {
	x, x64 := ops(opLocalGet, 0), ops(opLocalGet, 0, 0xac /* i64.extend_i32_s */)
	xf := ops(opLocalGet, 0, 0xbe /* f32.reinterpret_i32 */)
	conditions := [][]byte{x, slices.Concat(x, ops(opI32Eqz)), slices.Concat(x64, ops(opI64Eqz))}
	for op := byte(opI32Eq); op <= opI32GeU; op++ {
		conditions = append(conditions, slices.Concat(x, i32(6), ops(op)))
	}
	for op := byte(opI64Eq); op <= opI64GeU; op++ {
		conditions = append(conditions, slices.Concat(x64, i64(6), ops(op)))
	}
	for op := byte(0x5b); op <= 0x60; op++ { // eq, ne, lt, gt, le, ge
		conditions = append(conditions, slices.Concat(xf, i32(6), ops(0xbe), ops(op)))
	}
	wasm, names := branching(conditions...)
	const nan = 0x7fc00000
	eachEngine(t, func(t *testing.T, cfg wazero.RuntimeConfig) {
		plain := newPlain(t, cfg, wasm, nil)
		h := newHostOf(t, cfg, instrumentWith(t, wasm, ColdArms), nil)
		for _, name := range names {
			for _, arg := range []uint64{0, 5, 6, 7, 0x80000000, 0xffffffff, nan} {
				want, got := call(t, plain, name, arg), call(t, h.mod, name, arg)
				if want != got {
					t.Errorf("%s(%#x) = %s, plain %s", name, arg, got, want)
				}
			}
		}
	})
}

// TestColdArmsOfGo: in a Go guest there is something for the pass to do.
func TestColdArmsOfGo(t *testing.T) {
	m := parse(t, buildGoGuest(t))
	var f function
	p := &program{imported: uint32(m.importedFuncs), neverZero: m.neverZero()}
	taken := 0
	for i, b := range m.bodies {
		fn := uint32(m.importedFuncs + i)
		if !f.decode(fn, &m.types[m.funcs[fn]], b.raw) {
			t.Fatalf("function %d does not decode", fn)
		}
		for at := range f.code {
			if p.alwaysTaken(f.code, at) {
				taken++
			}
		}
	}
	t.Logf("%d branches are always taken", taken)
	if taken < 1000 {
		t.Errorf("%d branches are always taken, expected thousands", taken)
	}
}

// TestWaysThatGo has a variable that is zero on one way to a comparison with a bitwise
// and, and something else on the other, which coldArms takes away.
func TestWaysThatGo(t *testing.T) {
	zero, x, y := ops(opLocalGet, 3), ops(opLocalGet, 0), ops(opLocalGet, 1)
	leave := slices.Concat(ops(opLocalGet, 0, opLocalSet, 3, opCall, 0, opBrIf, 1))
	compare := slices.Concat(zero, x, y, ops(opI32And, opI32LtS, opIf, byte(I32)), i32(1),
		ops(opElse), i32(2), ops(opEnd, opReturn))
	for name, ways := range map[string][]byte{
		"an arm": slices.Concat(ops(opLocalGet, 2, opIf, emptyType), leave, ops(opEnd)),
		"an else arm": slices.Concat(ops(opLocalGet, 2, opI32Eqz, opIf, emptyType, opElse), leave,
			ops(opEnd)),
		"an arm before an else": slices.Concat(ops(opLocalGet, 2, opIf, emptyType), leave,
			ops(opElse, opNop, opEnd)),
		// What follows the br_if is not reached, and so is what that leads to.
		"two arms": slices.Concat(ops(opLocalGet, 2, opIf, emptyType, opBlock, emptyType,
			opLocalGet, 0, opLocalSet, 3, opCall, 0, opBrIf, 2, opEnd, opNop, opEnd)),
		"a branch": slices.Concat(ops(opBlock, emptyType, opLocalGet, 2, opIf, emptyType, opBlock,
			emptyType, opCall, 0, opBrIf, 3, opEnd, opLocalGet, 0, opLocalSet, 3, opBr, 1, opEnd,
			opEnd)),
		"a branch behind an if": slices.Concat(ops(opBlock, emptyType, opLocalGet, 2, opIf,
			emptyType, opBlock, emptyType, opCall, 0, opBrIf, 3, opEnd, opLocalGet, 0, opLocalSet,
			3, opLocalGet, 0, opIf, emptyType, opUnreachable, opEnd, opBr, 1, opEnd, opEnd)),
		// Both ways may go, one does.
		"one of two": slices.Concat(ops(opBlock, emptyType, opLocalGet, 2, opIf, emptyType,
			opLocalGet, 0, opLocalSet, 3, opBlock, emptyType, opCall, 0, opBrIf, 3, opEnd,
			opBr, 1, opElse, opBlock, emptyType, opCall, 1, opBrIf, 3, opEnd, opBr, 1, opEnd,
			opEnd)),
	} {
		wasm := mod(sec(secType, tI, typ(nums(I32, I32), nums(I32)), typ(nums(I32, I32, I32),
			nums(I32))), sec(secFunction, ops(0), ops(0), ops(2)),
			sec(secExport, exp("run", KindFunc, 2)),
			sec(secCode, one, fn(i32(0)), fnLocals(1, ops(opBlock, emptyType), ways, compare,
				ops(opEnd), i32(3))))
		t.Run(name, func(t *testing.T) {
			right := newPlain(t, wazero.NewRuntimeConfigInterpreter(), wasm, nil)
			h := newHostOf(t, wazero.NewRuntimeConfigCompiler(),
				instrumentWith(t, wasm, ColdArms), nil)
			for _, args := range [][]uint64{{6, 3, 0}, {6, 3, 1}, {0xffffffff, 0x80000000, 0},
				{0xffffffff, 0x80000000, 1}} {
				want, got := call(t, right, "run", args...), call(t, h.mod, "run", args...)
				if got != want {
					t.Errorf("run%v = %s, want %s", args, got, want)
				}
			}
		})
	}
}
