package rewrite

import (
	"bytes"
	"errors"
	"slices"
	"strings"
	"testing"
)

// Code of n parts of one kind, for the tests of limits.
var (
	someIfs   = ops(opI32Const, 0, opIf, emptyType, opEnd)
	someLoops = ops(opLoop, emptyType, opI32Const, 0, opBrIf, 0, opEnd)
	aLoad     = ops(opI32Const, 0, 0x28, 2, 0)
)

// shaped is a module with one function, and locals and mutable globals of type i32.
func shaped(locals, globals int, code ...[]byte) []byte {
	c := slices.Concat(append(append(appendU32(ops(1), uint32(locals)), byte(I32)),
		slices.Concat(code...)...), ops(opEnd))
	gs := slices.Repeat([][]byte{{byte(I32), 1, opI32Const, 0, opEnd}}, globals)
	wide := typ(slices.Repeat(nums(I32), 1000), slices.Repeat(nums(I32), 1000))
	return mod(sec(secType, tVoid, wide), sec(secFunction, ops(0)),
		sec(secTable, ops(byte(FuncRef), 0, 1)), memory,
		sec(secGlobal, gs...), sec(secCode, append(appendU32(nil, uint32(len(c))), c...)))
}

// TestShapes: each shape that made wazero's compiler take minutes or gigabytes for
// some ten kilobytes is refused with the count and the limit, and half of it is not.
func TestShapes(t *testing.T) {
	n := func(code []byte, n int) []byte { return bytes.Repeat(code, n) }
	wide := n(ops(opI32Const, 0), 1000)
	for _, tt := range []struct {
		name, want string
		most       int // the largest count that is let through, about
		make       func(n int) []byte
	}{
		{"ifs in a row", "basic blocks", 10_000, func(k int) []byte {
			return shaped(0, 0, n(someIfs, k))
		}},
		{"loops in a row", "basic blocks", 6_000, func(k int) []byte {
			return shaped(0, 0, n(someLoops, k))
		}},
		{"returns", "basic blocks", 7_500, func(k int) []byte {
			return shaped(0, 0, n(ops(opI32Const, 0, opIf, emptyType, opReturn, opEnd), k))
		}},
		{"a table", "basic blocks", 30_000, func(k int) []byte {
			return shaped(0, 0, ops(opBlock, emptyType, opI32Const, 0, opBrTable),
				appendU32(nil, uint32(k-1)), n(ops(0), k), ops(opEnd))
		}},
		{"fills", "basic blocks", 5_000, func(k int) []byte {
			return shaped(0, 0, n(slices.Concat(i32(0), i32(0), i32(0), ops(opMisc, 11, 0)), k))
		}},
		{"loops in loops", "loops in each other", 50, func(k int) []byte {
			return shaped(0, 0, n(ops(opLoop, emptyType), k), n(ops(opEnd), k))
		}},
		{"locals and ifs", "variables in all blocks", 6_000_000 / 3 / 5_000, func(k int) []byte {
			return shaped(5_000, 0, n(someIfs, k))
		}},
		{"values and ifs", "variables in all blocks", 6_000_000 / 3 / 5_000, func(k int) []byte {
			return shaped(0, 0, n(ops(opI32Const, 0), 5_000), n(someIfs, k), n(ops(opDrop), 5_000))
		}},
		{"loops and locals", "variables in all blocks", 6_000_000 / 5_000 / 9, func(k int) []byte {
			return shaped(5_000, 0, n(ops(opLoop, emptyType), 12), n(someIfs, k*3/2),
				n(ops(opEnd), 12))
		}},
		{"globals and calls", "values handed over", 1_000, func(k int) []byte {
			return shaped(0, 1_000, n(ops(opCall, 0), k))
		}},
		{"wide blocks", "values handed over", 500, func(k int) []byte {
			return shaped(0, 0, wide, n(ops(opBlock, 1, opEnd), k), n(ops(opDrop), 1000))
		}},
		{"wide branches", "values handed over", 1_000, func(k int) []byte {
			return shaped(0, 0, wide, ops(opBlock, 1), n(ops(opI32Const, 0, opBrIf, 0), k),
				ops(opEnd), n(ops(opDrop), 1000))
		}},
		{"checked addresses", "values handed over", 1_400, func(k int) []byte {
			return shaped(0, 0, ops(opBlock, emptyType),
				n(slices.Concat(aLoad, ops(opBrIf, 0)), k), ops(opEnd))
		}},
		{"a long function", "bytes of code", maxBodyBytes / 3, func(k int) []byte {
			return shaped(0, 0, n(ops(opI32Const, 0, opDrop), k))
		}},
		{"indirect calls", "bytes of code", maxBodyBytes / 21, func(k int) []byte {
			return shaped(0, 0, n(ops(opI32Const, 0, opCallIndirect, 0, 0), k))
		}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if _, err := Parse(tt.make(tt.most * 8 / 10)); err != nil {
				t.Errorf("%d: %v", tt.most*8/10, err)
			}
			_, err := Parse(tt.make(tt.most * 12 / 10))
			var limit *LimitError
			if !errors.As(err, &limit) || limit.Func != 0 ||
				!strings.Contains(err.Error(), tt.want) {
				t.Errorf("%d: error %v, want one of function 0 about …%s…",
					tt.most*12/10, err, tt.want)
			}
		})
	}
}

// TestShapesTogether: functions below their limits are refused where they are many.
func TestShapesTogether(t *testing.T) {
	many := func(count int, params int, code []byte, globals int) []byte {
		body := append(appendU32(nil, uint32(len(code)+2)),
			append(append(ops(0), code...), opEnd)...)
		gs := slices.Repeat([][]byte{{byte(I32), 0, opI32Const, 0, opEnd}}, globals)
		return mod(sec(secType, typ(slices.Repeat(nums(I32), params), nil)),
			sec(secFunction, slices.Repeat([][]byte{{0}}, count)...), sec(secGlobal, gs...),
			sec(secCode, slices.Repeat([][]byte{body}, count)...))
	}
	for name, wasm := range map[string][]byte{
		"blocks":     many(3, 0, bytes.Repeat(someIfs, 9_000), 0),
		"parameters": many(1_000, 10_000, nil, 0),
		"globals":    many(40_000, 0, nil, 100_000),
	} {
		_, err := Parse(wasm)
		var limit *LimitError
		if !errors.As(err, &limit) || limit.Func != -1 {
			t.Errorf("%s: error %v", name, err)
		}
	}
}
