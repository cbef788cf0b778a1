package rewrite

import (
	"fmt"
	"math/rand/v2"
	"runtime"
	"slices"
	"testing"

	"github.com/tetratelabs/wazero"
)

// A trial makes functions with random loops around one instruction.
type trial struct {
	name   string
	seed   uint64    // of functions of which the compiler gets one wrong; 0: none was found
	typ    ValueType // of the locals
	locals int       // few, or more than there are registers
	args   int       // of the instruction
	first  []byte    // makes the first operand of a local, if not empty
	last   []byte    // makes the last operand of a local
	instr  []byte
	behind []byte // makes a local's value of the result
	eq     byte   // of a vector's lanes, if they may be NaN
}

func vec(op byte, imm ...byte) []byte {
	if op >= 0x80 {
		return append([]byte{opVector, op, 1}, imm...)
	}
	return append([]byte{opVector, op}, imm...)
}

const (
	eqF32x4  = 0x41
	eqF64x2  = 0x47
	opI64Mul = 0x7e
)

var trials = []trial{
	{name: "f32.copysign", seed: 1, typ: F32, locals: 5, args: 2, instr: ops(opF32Copysign)},
	{name: "f64.copysign", seed: 2, typ: F64, locals: 18, args: 2, instr: ops(opF64Copysign)},
	{name: "f32.select", seed: 1, typ: F32, locals: 18, args: 3,
		last: ops(opI32ReinterpretF32), instr: ops(opSelect)},
	{name: "f64.select", seed: 1, typ: F64, locals: 18, args: 3,
		last: ops(opI64ReinterpretF64, 0xa7), instr: ops(opSelectTyped, 1, byte(F64))},
	{name: "v128.select", seed: 1, typ: V128, locals: 18, args: 3,
		last: vec(0x1b, 0), instr: ops(opSelect)},
	{name: "f32.convert_i64_u", seed: 2, typ: I64, locals: 18, args: 1,
		instr: ops(opF32ConvertI64U), behind: ops(opI32ReinterpretF32, opI64ExtendU)},
	{name: "f64.convert_i64_u", seed: 2, typ: I64, locals: 18, args: 1,
		instr: ops(opF64ConvertI64U), behind: ops(opI64ReinterpretF64)},
	{name: "v128.bitselect", seed: 1, typ: V128, locals: 18, args: 3, instr: vec(vecBitselect)},
	{name: "f64x2.replace_lane", seed: 1, typ: F64, locals: 18, args: 2,
		first: vec(0x14), instr: vec(vecReplaceF64, 0), behind: vec(0x21, 1)},
	{name: "f64x2.convert_low_i32x4_u", seed: 1, typ: V128, locals: 5, args: 1,
		instr: vec(vecConvertLow)},
	{name: "f32x4.convert_i32x4_u", seed: 0, typ: V128, locals: 18, args: 1,
		instr: vec(vecConvertF32U)},
	{name: "i8x16.popcnt", seed: 1, typ: V128, locals: 18, args: 1, instr: vec(vecPopcnt)},
	{name: "i64x2.mul", seed: 1, typ: V128, locals: 20, args: 2, instr: vec(vecMulI64)},
	{name: "f32x4.min", seed: 1, typ: V128, locals: 20, args: 2,
		instr: vec(vecMinF32), eq: eqF32x4},
	{name: "f32x4.max", seed: 2, typ: V128, locals: 18, args: 2,
		instr: vec(vecMaxF32), eq: eqF32x4},
	{name: "f64x2.min", seed: 1, typ: V128, locals: 20, args: 2,
		instr: vec(vecMinF64), eq: eqF64x2},
	{name: "f64x2.max", seed: 2, typ: V128, locals: 18, args: 2,
		instr: vec(vecMaxF64), eq: eqF64x2},
}

// others are instructions with two operands that the compiler gets right. Floats are
// ordered and negated, so that none becomes NaN.
var others = map[ValueType][][]byte{
	I64:  {ops(0x7c), ops(0x85)},                  // add, xor
	F32:  {ops(0x96), ops(0x97), ops(0x8c, 0x96)}, // min, max, neg and min
	F64:  {ops(0xa4), ops(0xa5), ops(0x9a, 0xa4)},
	V128: {vec(vecXor), vec(vecOr), vec(0x6e)}, // and i8x16.add
}

// withoutNaN makes zero of a value that is NaN, whose bits may differ. s is a local.
func (c *trial) withoutNaN(s byte) []byte {
	get := ops(opLocalGet, s)
	if c.eq != 0 {
		return slices.Concat(ops(opLocalSet, s), get, get, get, vec(c.eq), vec(vecAnd))
	}
	return nil
}

// bits makes an i64 of one lane of a local's value.
func (c *trial) bits(lane byte) []byte {
	switch c.typ {
	case F32:
		return ops(opI32ReinterpretF32, opI64ExtendU)
	case F64:
		return ops(opI64ReinterpretF64)
	case V128:
		return vec(0x1d, lane)
	}
	return nil
}

// start makes a local's first value of the parameter.
func (c *trial) start(r *rand.Rand) []byte {
	v := slices.Concat(ops(opLocalGet, 0), i64(r.Int64()), ops(opI64Mul))
	switch c.typ {
	case F32:
		return append(v, 0xb4) // convert_i64_s
	case F64:
		return append(v, 0xb9)
	case V128:
		return append(v, vec(0x12)...) // i64x2.splat
	}
	return v
}

// statement sets a local: by a call, by an if, by another instruction, or by the one
// on trial.
func (c *trial) statement(r *rand.Rand) []byte {
	local := func(op byte) []byte { return ops(op, byte(2+r.IntN(c.locals))) }
	get := func() []byte { return local(opLocalGet) }
	other := func() []byte { return others[c.typ][r.IntN(len(others[c.typ]))] }
	switch r.IntN(6) {
	case 0:
		return ops(opCall, 0)
	case 1:
		return slices.Concat(get(), ops(opLocalGet, 1, opI32Const, 1, opI32And, opIf, byte(c.typ)),
			get(), ops(opElse), get(), ops(opEnd), other(), local(opLocalSet))
	case 2:
		return slices.Concat(get(), get(), other(), local(opLocalSet))
	}
	var code []byte
	for i := range c.args {
		code = append(code, get()...)
		if i == 0 && c.first != nil {
			code = append(code, c.first...)
		} else if r.IntN(3) == 0 {
			code = slices.Concat(code, get(), other())
		}
	}
	return slices.Concat(code, c.last, c.instr, c.behind, c.withoutNaN(byte(2+c.locals)),
		local(opLocalSet))
}

// function is a body i64 -> i64: four turns of a loop that ends with the way back,
// then all locals in one number.
func (c *trial) function(r *rand.Rand) []byte {
	code := ops(2, 1, byte(I32), byte(c.locals+1), byte(c.typ))
	for i := range c.locals {
		code = slices.Concat(code, c.start(r), ops(opLocalSet, byte(2+i)))
	}
	code = slices.Concat(code, i32(4), ops(opLocalSet, 1, opBlock, emptyType, opLoop, emptyType,
		opLocalGet, 1, opI32Eqz, opBrIf, 1, opLocalGet, 1, opI32Const, 1, opI32Sub, opLocalSet, 1))
	for range 2 + r.IntN(8) {
		code = append(code, c.statement(r)...)
	}
	code = slices.Concat(code, ops(opBr, 0, opEnd, opEnd), i64(0))
	for i := range c.locals {
		for lane := range byte(2) {
			code = slices.Concat(code, i64(31), ops(opI64Mul, opLocalGet, byte(2+i)),
				c.bits(lane), ops(0x85))
		}
	}
	code = append(code, opEnd)
	return append(appendU32(nil, uint32(len(code))), code...)
}

// functions is how many a module has.
const functions = 100

// TestSplit runs each instruction that is replaced on both engines: they must do the
// same. The interpreter is right.
func TestSplit(t *testing.T) {
	for _, c := range trials {
		t.Run(c.name, func(t *testing.T) {
			r := rand.New(rand.NewPCG(c.seed, 0))
			funcs, bodies := [][]byte{ops(0)}, [][]byte{fn(ops(opLoop, emptyType, opEnd))}
			var exports [][]byte
			for i := range functions {
				funcs = append(funcs, ops(1))
				exports = append(exports, exp(fmt.Sprint(i), KindFunc, uint32(i+1)))
				bodies = append(bodies, c.function(r))
			}
			wasm := mod(sec(secType, tVoid, typ(nums(I64), nums(I64))), sec(secFunction, funcs...),
				sec(secExport, exports...), sec(secCode, bodies...))
			if m := parse(t, wasm); !slices.ContainsFunc(m.bodies, func(b body) bool {
				return b.templates != nil
			}) {
				t.Error("nothing is replaced")
			}
			if errs := compare(t, wasm, 3, 1<<62); errs == 0 && c.seed > 0 &&
				runtime.GOARCH == "amd64" {
				t.Error("the compiler is right by itself: the loops are none, or wazero is " +
					"mended and split.go can go")
			}
		})
	}
}

// compare calls the functions of a module on the interpreter and, with the meter,
// on the compiler. It returns how often the compiler goes wrong without it.
func compare(t *testing.T, wasm []byte, args ...uint64) (errs int) {
	right := newPlain(t, wazero.NewRuntimeConfigInterpreter(), wasm, nil)
	plain := newPlain(t, wazero.NewRuntimeConfigCompiler(), wasm, nil)
	mended := newHost(t, wazero.NewRuntimeConfigCompiler(), wasm, nil)
	mended.fuel().Set(1 << 40)
	for i := range functions {
		for _, arg := range args {
			want := call(t, right, fmt.Sprint(i), arg)
			if got := call(t, mended.mod, fmt.Sprint(i), arg); got != want {
				t.Errorf("function %d of %d = %s, want %s", i, arg, got, want)
			}
			if got := call(t, plain, fmt.Sprint(i), arg); got != want {
				errs++
			}
		}
	}
	return errs
}
