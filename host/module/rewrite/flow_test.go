package rewrite

import (
	"bytes"
	"context"
	"fmt"
	"maps"
	"runtime"
	"slices"
	"testing"

	"github.com/tetratelabs/wazero"
)

// A width is i32 or i64, for code that is the same in both.
type width struct {
	name           string
	typ            ValueType
	konst, and     byte
	shl, add, ltS  byte
	local          byte // index of a local of the type that begins as zero
	global, block2 byte // a mutable global; a type index, v -> v
}

var widths = []width{
	{"i32", I32, opI32Const, opI32And, opI32Shl, opI32Add, opI32LtS, 4, 0, 2},
	{"i64", I64, opI64Const, opI64And, opI64Shl, 0x7c, opI64LtS, 5, 1, 3},
}

// x and y are the two parameters of a width, which must not be set.
func (w width) x() []byte { return ops(opLocalGet, w.local-4) }
func (w width) y() []byte { return ops(opLocalGet, w.local-2) }

// through hands the value that code leaves on in some way that is none to the
// compiler. Each of these led to a wrong branch.
var through = map[string]func(w width, code []byte) []byte{
	"": func(w width, code []byte) []byte { return code },
	"local": func(w width, code []byte) []byte {
		return slices.Concat(code, ops(opLocalSet, w.local+2, opLocalGet, w.local+2))
	},
	"tee": func(w width, code []byte) []byte {
		return slices.Concat(code, ops(opLocalTee, w.local+2, opDrop, opLocalGet, w.local+2))
	},
	"drop": func(w width, code []byte) []byte {
		return slices.Concat(code, ops(opLocalGet, 0, opDrop, opNop))
	},
	"block": func(w width, code []byte) []byte {
		return slices.Concat(ops(opBlock, byte(w.typ)), code, ops(opEnd))
	},
	"br": func(w width, code []byte) []byte {
		return slices.Concat(ops(opBlock, byte(w.typ)), code, ops(opBr, 0, opEnd))
	},
	"parameter": func(w width, code []byte) []byte {
		return slices.Concat(code, ops(opBlock, w.block2, opEnd))
	},
	"loop": func(w width, code []byte) []byte {
		return slices.Concat(code, ops(opLocalSet, w.local+2, opLoop, emptyType,
			opLocalGet, 0, opI32Eqz, opBrIf, 0, opEnd, opLocalGet, w.local+2))
	},
	"loop's parameter": func(w width, code []byte) []byte {
		return slices.Concat(code, ops(opLoop, w.block2, opLocalGet, 0, opI32Eqz, opBrIf, 0, opEnd))
	},
	"ways that meet": func(w width, code []byte) []byte {
		return slices.Concat(code, ops(opLocalSet, w.local+2, opLocalGet, 0, opIf, emptyType, opNop,
			opElse, opNop, opEnd, opLocalGet, w.local+2))
	},
	"if without else": func(w width, code []byte) []byte {
		return slices.Concat(code, ops(opLocalGet, 0, opIf, w.block2, opEnd))
	},
	"shift": func(w width, code []byte) []byte {
		return slices.Concat(code, ops(w.konst, 0xc0, 0, w.shl)) // by 64
	},
	"global": func(w width, code []byte) []byte {
		return slices.Concat(code, ops(opGlobalSet, w.global, opGlobalGet, w.global))
	},
	"table": func(w width, code []byte) []byte {
		return slices.Concat(ops(opBlock, byte(w.typ)), code,
			ops(opLocalGet, 0, opBrTable, 1, 0, 0, opEnd))
	},
	"dead code": func(w width, code []byte) []byte {
		return slices.Concat(ops(opBlock, byte(w.typ)), code,
			ops(opBr, 0, opBlock, emptyType, w.konst, 3, opLocalSet, w.local, opEnd,
				opUnreachable, opEnd))
	},
}

// orderings is a module with a function for each ordering of a zero and x & y that
// come in the given ways, used by if and by br_if, with the zero on either side.
func orderings(zeroBy, bandBy string) (wasm []byte, names []string) {
	var funcs, exports, bodies [][]byte
	for _, w := range widths {
		zeros := map[string][]byte{"const": ops(w.konst, 0), "unset": ops(opLocalGet, w.local)}
		for _, zero := range slices.Sorted(maps.Keys(zeros)) {
			z := through[zeroBy](w, zeros[zero])
			// The first local is in use by the other operand when both come by one.
			over := w
			over.local += 2
			b := through[bandBy](over, slices.Concat(w.x(), w.y(), ops(w.and)))
			for op := range byte(8) {
				for side, operands := range [][]byte{slices.Concat(z, b), slices.Concat(b, z)} {
					condition := slices.Concat(operands, ops(w.ltS+op))
					for use, code := range [][]byte{
						slices.Concat(condition, ops(opIf, byte(I32)), i32(1), ops(opElse),
							i32(2), ops(opEnd)),
						slices.Concat(ops(opBlock, byte(I32)), i32(1), condition,
							ops(opBrIf, 0, opDrop), i32(2), ops(opEnd)),
					} {
						name := fmt.Sprintf("%s %s ordering %d side %d use %d",
							w.name, zero, op, side, use)
						exports = append(exports, exp(name, KindFunc, uint32(len(names))))
						names = append(names, name)
						funcs = append(funcs, ops(0))
						groups := ops(6)
						for range 3 {
							groups = append(groups, 1, byte(I32), 1, byte(I64))
						}
						body := slices.Concat(groups, code, ops(opEnd))
						bodies = append(bodies, append(appendU32(nil, uint32(len(body))), body...))
					}
				}
			}
		}
	}
	wasm = mod(sec(secType, typ(nums(I32, I64, I32, I64), nums(I32)), tVoid,
		typ(nums(I32), nums(I32)), typ(nums(I64), nums(I64))),
		sec(secFunction, funcs...),
		sec(secGlobal, slices.Concat(ops(byte(I32), 1), i32(1), ops(opEnd)),
			slices.Concat(ops(byte(I64), 1), i64(1), ops(opEnd))),
		sec(secExport, exports...), sec(secCode, bodies...))
	return wasm, names
}

var orderedArgs = [][]uint64{
	{6, 6, 3, 3}, {6, 6, 1, 1},
	{0xffffffff, 1<<64 - 1, 0x80000000, 1 << 63}, {1, 1 << 32, 1, 1 << 32},
}

// TestOrderingOfZeroAndBand runs every ordering of a zero and an and, as branches
// use it, on both engines: they must do the same. The interpreter is right.
func TestOrderingOfZeroAndBand(t *testing.T) {
	for way := range through {
		t.Run("by "+way, func(t *testing.T) {
			errs := compareOrderings(t, way, "") + compareOrderings(t, way, way)
			if errs == 0 && runtime.GOARCH == "amd64" {
				t.Error("the compiler is right by itself: the way is none, or wazero is mended " +
					"and flow.go can go")
			}
		})
	}
}

// compareOrderings returns how often the compiler went wrong with the module as it is.
func compareOrderings(t *testing.T, zeroBy, bandBy string) (errs int) {
	wasm, names := orderings(zeroBy, bandBy)
	for i, b := range parse(t, wasm).bodies {
		if b.uneven {
			t.Fatalf("%s: the flow lost count", names[i])
		}
	}
	right := newPlain(t, wazero.NewRuntimeConfigInterpreter(), wasm, nil)
	plain := newPlain(t, wazero.NewRuntimeConfigCompiler(), wasm, nil)
	mended := newHost(t, wazero.NewRuntimeConfigCompiler(), wasm, nil)
	mended.fuel().Set(1 << 40)
	for _, name := range names {
		for _, args := range orderedArgs {
			want := call(t, right, name, args...)
			if got := call(t, mended.mod, name, args...); got != want {
				t.Errorf("%s of %v = %s, want %s", name, args, got, want)
			}
			if got := call(t, plain, name, args...); got != want {
				errs++
			}
		}
	}
	return errs
}

// TestOrderingCosts counts the comparisons that are changed in a guest from Go's
// compiler, which writes none that would go wrong: few are taken for one.
func TestOrderingCosts(t *testing.T) {
	m := parse(t, buildGoGuest(t))
	changed, orderings := 0, 0
	for _, b := range m.bodies {
		if b.uneven {
			t.Fatal("the flow lost count of a function")
		}
		for _, e := range b.edits {
			if e.kind == editOr {
				changed++
			}
		}
		orderings += bytes.Count(b.raw, ops(opI64LtS)) // about
	}
	t.Logf("%d changed in %d functions, %d orderings", changed, len(m.bodies), orderings)
	if changed*20 > orderings {
		t.Errorf("%d comparisons are changed in a Go guest", changed)
	}
}

// TestArities has wazero's validation say that an instruction takes and gives what
// the tables have, and gives a float or a vector where they say so.
func TestArities(t *testing.T) {
	ctx := context.Background()
	rt := wazero.NewRuntimeWithConfig(ctx, wazero.NewRuntimeConfigInterpreter())
	defer rt.Close(ctx)
	table, elem := sec(secTable, ops(byte(FuncRef), 0, 1)), sec(secElement, ops(1, 0, 0))
	validates := func(types [][]byte, instr []byte, a arity, use ...byte) bool {
		var code []byte
		for _, typ := range types {
			code = append(code, typ...)
		}
		code = append(append(append(code, instr...), use...),
			bytes.Repeat(ops(opDrop), int(a.push))...)
		wasm := mod(sec(secType, tVoid), sec(secFunction, ops(0)), table, memory,
			sec(secGlobal, slices.Concat(ops(byte(I32), 1), i32(0), ops(opEnd))),
			sec(secExport, exp("f", KindFunc, 0)), elem, appendSection(nil, secDataCount, ops(1)),
			sec(secCode, fnLocals(1, code)), sec(secData, ops(1, 0)))
		m, err := rt.CompileModule(ctx, wasm)
		if err == nil {
			m.Close(ctx)
		}
		return err == nil
	}
	values := [][]byte{i32(0), i64(0), append(ops(opF32Const), make([]byte, 4)...),
		append(ops(opF64Const), make([]byte, 8)...),
		append(ops(opVector, vecConst), make([]byte, 16)...),
		ops(opRefNull, byte(FuncRef))}
	uses := map[fact][]byte{isF32: ops(0x8c), isF64: ops(0x9a), isV128: vec(0x4d)} // neg, neg, not
	var fits func(types [][]byte, instr []byte, a arity, result fact) bool
	fits = func(types [][]byte, instr []byte, a arity, result fact) bool {
		if len(types) == int(a.pop) {
			if !validates(types, instr, a) {
				return false
			}
			for f, use := range uses {
				if a.push == 1 && validates(types, instr, a, use...) != (f == result) {
					t.Errorf("% x: result %d, want %d", instr, f, result)
				}
			}
			return true
		}
		for _, v := range values {
			if fits(append(types, v), instr, a, result) {
				return true
			}
		}
		return false
	}
	immediate := func(k imm) []byte {
		switch k {
		case immLocal, immGlobal, immTable, immZero, immFunc, immI32, immI64, immLane:
			return ops(0)
		case immTypes:
			return ops(1, byte(I32))
		case immMemarg:
			return ops(0, 0)
		case immMemargLane:
			return ops(0, 0, 0)
		case immBytes4:
			return make([]byte, 4)
		case immBytes8:
			return make([]byte, 8)
		case immBytes16:
			return make([]byte, 16)
		case immRefType:
			return ops(byte(FuncRef))
		}
		return nil
	}
	for op := range 256 {
		switch k := immediates[op]; k {
		case immIllegal, immBlock, immElse, immEnd, immU32, immLabels, immTyped, immMisc, immVector:
			continue
		default:
			if op == opUnreachable || op == opReturn || op == opCall {
				continue
			}
			if !fits(nil, append(ops(byte(op)), immediate(k)...), plainArity[op], results[op]) {
				t.Errorf("opcode %#x does not have the arity %v", op, plainArity[op])
			}
		}
	}
	misc := [][]byte{8: ops(0, 0), 9: ops(0), 10: ops(0, 0), 11: ops(0), 12: ops(0, 0), 13: ops(0),
		14: ops(0, 0), 15: ops(0), 16: ops(0), 17: ops(0)}
	for op, imm := range misc {
		if !fits(nil, append(ops(opMisc, byte(op)), imm...), miscArity[op], 0) {
			t.Errorf("opcode 0xfc %#x does not have the arity %v", op, miscArity[op])
		}
	}
	for op := range 256 {
		if vectors[op] == immIllegal {
			continue
		}
		instr := ops(opVector, byte(op))
		if op >= 0x80 {
			instr = append(instr, 1)
		}
		if !fits(nil, append(instr, immediate(vectors[op])...), vectorArity[op],
			vectorResults[op]) {
			t.Errorf("opcode 0xfd %#x does not have the arity %v", op, vectorArity[op])
		}
	}
}
