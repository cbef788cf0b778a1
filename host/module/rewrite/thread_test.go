package rewrite

import (
	"bytes"
	"math/rand/v2"
	"slices"
	"testing"
)

// A jump sets the dispatch's local and branches to its loop, which is so many
// labels away.
func jump(to int32, label byte) []byte {
	return slices.Concat(i32(to), ops(opLocalSet, 0, opBr, label))
}

// dispatchOf is a loop with a block for each part and a br_table on local 0 that
// has an entry for each, in the order of the parts; the last part leaves the loop
// if it falls through. The label of the loop is len(parts)-1 in the first part,
// and one less in each that follows.
func dispatchOf(parts ...[]byte) []byte {
	out := ops(opLoop, emptyType)
	for range parts {
		out = append(out, opBlock, emptyType)
	}
	out = append(out, opLocalGet, 0, opBrTable, byte(len(parts)-1))
	for i := range parts {
		out = append(out, byte(i))
	}
	for _, p := range parts {
		out = append(append(out, opEnd), p...)
	}
	return append(out, opEnd)
}

// in0 is a module whose function "run" takes local 0.
func in0(code ...[]byte) []byte {
	return mod(sec(secType, tII), sec(secFunction, ops(0)), sec(secExport, exp("run", KindFunc, 0)),
		sec(secCode, fnLocals(2, code...)))
}

// labelsOf returns the labels of the branches in a module's only function.
func labelsOf(t *testing.T, wasm []byte) (labels []uint32) {
	t.Helper()
	for _, e := range parse(t, wasm).bodies[0].edits {
		if e.kind == editJump {
			labels = append(labels, e.value)
		}
	}
	return labels
}

func TestThreadedJumps(t *testing.T) {
	nop := ops(opNop)
	for _, c := range []struct {
		name string
		code []byte
		want []uint32
	}{
		{"forward", dispatchOf(jump(2, 2), nop, nop), []uint32{1}},
		{"to the next part", dispatchOf(jump(1, 2), nop, nop), []uint32{0}},
		{"beyond the table", dispatchOf(jump(7, 2), nop, nop), []uint32{1}},
		{"negative, which is large", dispatchOf(jump(-1, 2), nop, nop), []uint32{1}},
		{"out of an if", dispatchOf(slices.Concat(ops(opLocalGet, 1, opIf, emptyType), jump(2, 3),
			ops(opEnd)), nop, nop),
			[]uint32{2}},
		{"out of a block that takes a closed one's place", dispatchOf(nop,
			slices.Concat(ops(opBlock, emptyType), jump(0, 2), ops(opEnd)), nop), nil},
		{"back", dispatchOf(nop, jump(0, 1), nop), nil},
		{"to itself", dispatchOf(nop, jump(1, 1), nop), nil},
		{"another local", dispatchOf(slices.Concat(i32(2), ops(opLocalSet, 1, opBr, 2)),
			nop, nop), nil},
		{"something between",
			dispatchOf(slices.Concat(i32(2), ops(opLocalSet, 0, opNop, opBr, 2)), nop, nop), nil},
		{"not a constant", dispatchOf(ops(opLocalGet, 1, opLocalSet, 0, opBr, 2), nop, nop), nil},
		{"another label", dispatchOf(jump(2, 1), nop, nop), nil},
		{"the function's label", dispatchOf(jump(2, 3), nop, nop), nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			code := slices.Concat(c.code, ops(opLocalGet, 1))
			if got := labelsOf(t, in0(code)); !slices.Equal(got, c.want) {
				t.Errorf("labels %v, want %v", got, c.want)
			}
		})
	}
}

// What looks like a dispatch and does something else before its table.
func TestNoDispatch(t *testing.T) {
	table := ops(opBrTable, 1, 0, 1)
	rest := slices.Concat(ops(opEnd), jump(1, 1), ops(opEnd, opEnd, opLocalGet, 1))
	for name, head := range map[string][]byte{
		"work in the head": ops(opLoop, emptyType, opLocalGet, 1, opLocalSet, 1, opBlock, emptyType,
			opBlock, emptyType, opLocalGet, 0),
		"work in a block": ops(opLoop, emptyType, opBlock, emptyType, opNop, opBlock,
			emptyType, opLocalGet, 0),
		"a sum": ops(opLoop, emptyType, opBlock, emptyType, opBlock, emptyType,
			opLocalGet, 0, opI32Eqz),
		"two values": ops(opLoop, emptyType, opBlock, emptyType, opBlock, emptyType,
			opLocalGet, 1, opLocalGet, 0),
	} {
		if got := labelsOf(t, in0(head, table, rest)); got != nil {
			t.Errorf("%s: labels %v, want none", name, got)
		}
	}
}

// A label may be written with more bytes than it needs; none of them stays.
func TestThreadLongLabel(t *testing.T) {
	nop := ops(opNop)
	long := slices.Concat(i32(2), ops(opLocalSet, 0, opBr, 0x82, 0))
	got := instrument(t, in0(dispatchOf(long, nop, nop), ops(opLocalGet, 1))).Wasm
	want := instrument(t, in0(dispatchOf(jump(2, 2), nop, nop), ops(opLocalGet, 1))).Wasm
	if !bytes.Equal(got, want) {
		t.Errorf("module %x, with a short label %x", got, want)
	}
}

// TestThreadRandom compares random functions of the shape that Go's compiler
// writes with themselves, run as they are.
func TestThreadRandom(t *testing.T) {
	seed := rand.Uint64()
	rng := rand.New(rand.NewPCG(seed, 0))
	threaded := 0
	for range 60 {
		wasm := in0(randomDispatch(rng), ops(opLocalGet, 1))
		threaded += len(labelsOf(t, wasm))
		for pc := range uint64(8) {
			sameCalls(t, wasm, nil, map[string][]uint64{"run": {pc}})
		}
		if t.Failed() {
			t.Fatalf("seed %d, module %x", seed, wasm)
		}
	}
	if threaded < 100 {
		t.Errorf("seed %d: %d jumps threaded, expected hundreds", seed, threaded)
	}
}

// randomDispatch mixes what each part does into local 1, and counts its steps in
// local 2 to come to an end.
func randomDispatch(rng *rand.Rand) []byte {
	n := 2 + rng.IntN(6)
	parts := make([][]byte, n)
	for i := range parts {
		label := byte(n - 1 - i)
		mix := slices.Concat(ops(opLocalGet, 1), i32(31), ops(0x6c /* mul */), i32(int32(i)),
			ops(opI32Add, opLocalSet, 1))
		step := slices.Concat(ops(opLocalGet, 2), i32(1), ops(opI32Add, opLocalTee, 2),
			i32(50), ops(opI32LtU))
		to := func() int32 { return rng.Int32N(int32(n)+2) - 1 }
		var out []byte
		kinds := 4
		if i == n-1 {
			kinds = 2 // it ends once the steps are spent
		}
		switch rng.IntN(kinds) {
		case 0: // falls through
		case 1:
			out = slices.Concat(step, ops(opIf, emptyType), jump(to(), label+1), ops(opEnd))
		case 2:
			out = slices.Concat(step, ops(opIf, emptyType), jump(to(), label+1), ops(opElse),
				jump(int32(n-1), label+1), ops(opEnd))
		default:
			out = slices.Concat(ops(opBlock, emptyType, opLocalGet, 1), i32(3),
				ops(0x71 /* and */, opBrIf, 0),
				step, ops(opIf, emptyType), jump(to(), label+2), ops(opEnd, opEnd))
		}
		parts[i] = slices.Concat(mix, out)
	}
	return dispatchOf(parts...)
}

// A turn through the table is paid for once, as the jump that goes around it.
func TestThreadedJumpIsPaid(t *testing.T) {
	work := bytes.Repeat(ops(opI32Const, 0, opDrop), regionMin/2)
	wasm := in0(dispatchOf(slices.Concat(work, jump(2, 2)), work, work), ops(opLocalGet, 1))
	h := newHost(t, engines["interpreter"](), wasm, nil)
	h.fuel().Set(1000)
	call(t, h.mod, "run", 0)
	// The table, the first part, the jump, the last part, and the result.
	const ran = 2 + regionMin + 3 + regionMin + 1
	if used := 1000 - int64(h.fuel().Get()); used != ran {
		t.Errorf("used %d, want %d", used, ran)
	}
}
