package rewrite

import (
	"slices"

	"github.com/cairn-dev/cairn/host/internal/choices"
)

// A goModule writes a random module in the shape of what Go's compiler writes, with
// stacks that move under running functions, and with what nearly has that shape. What it
// does is decided by choices: the same choices are the same module.
//
// As in Go, a function has the type (i32) -> (i32), its frame lies on a stack in memory
// that global 0 points to, and it returns 1 to unwind: then run calls it again at the
// place that its parameter names, which is in the return address on the stack.
type goModule struct {
	*choices.Choices
	sp    bool  // the stack pointer is exported, for whom it watches
	near  bool  // not all is as Go writes it
	wild  bool  // run may be given a stack that is not in memory
	above int64 // an access is not farther above a stack pointer than this
	below int64 // and a frame's beginning not farther below
	funcs []*goFunc
	goCode
}

// The module's functions. The last ones are goFuncs, behind those that never return zero.
const (
	goEnter   = iota // imported: has the host call run
	goMove           // moves the stack, which lies in one of two places
	goBarrier        // () -> (i64), as gcWriteBarrier
	goEqual          // (i64, i64, i64) -> (i64), as memeqbody
	goRun
	goCold // the first of goColds functions like sigpanic
)

// goColds is how many functions there are that never return zero, or seem to.
const goColds = 4

// Types, by their index.
const (
	goTypeFunc  = iota // (i32) -> (i32)
	goTypeVoid         // () -> ()
	goTypeI64          // () -> (i64)
	goTypeEqual        // (i64, i64, i64) -> (i64)
	goTypeRun          // (i32) -> ()
)

// Globals.
const (
	goSP     = iota // i32, the stack pointer
	goCTX           // i64
	goG             // i64, where the goroutine is: its stack guard lies 16 behind
	goBudget        // i32, what is left until everything gives up
	goBase          // i32, where the stack begins
	goMix           // i64, what values go into
	goOther         // i32, like the stack pointer
	goGlobals
)

// Opcodes.
const (
	goEqz  = 0x50 // i64.eqz
	goNe   = 0x52 // i64.ne
	goAdd  = 0x7c // i64.add
	goWrap = 0xa7 // i32.wrap_i64
)

// Where things lie in memory, which has a page and may grow by one.
const (
	goGuard    = 1024 + 16
	goHeap     = 2048
	goHeapMask = 0xff8
	goStacks   = 16 << 10 // two of this size, behind as much
	goMaxPages = 2
)

// goModuleOf returns the module that choices make, and what wrote it.
func goModuleOf(given []byte, sp bool) (wasm []byte, m *goModule) {
	m = &goModule{Choices: choices.New(given), sp: sp}
	m.near, m.wild = m.N(3) == 0, m.N(8) == 0
	for i := range 2 + m.N(5) {
		f := m.newFunc(uint32(goCold + goColds + i))
		m.funcs, m.below = append(m.funcs, f), max(m.below, f.size+64)
	}
	bodies := [][]byte{m.move(), m.barrier(), m.equal(), m.run()}
	for range goColds {
		bodies = append(bodies, m.cold())
	}
	for _, f := range m.funcs {
		bodies = append(bodies, m.function(f))
	}
	return m.sections(bodies), m
}

func (m *goModule) sections(bodies [][]byte) []byte {
	funcs := [][]byte{ops(goTypeVoid), ops(goTypeI64), ops(goTypeEqual), ops(goTypeRun)}
	elements := appendU32([]byte{0, opI32Const, 0, opEnd}, uint32(goColds+len(m.funcs)+1))
	elements = append(elements, goCold)
	for i := range goColds + len(m.funcs) {
		funcs, elements = append(funcs, ops(goTypeFunc)), append(elements, byte(goCold+i))
	}
	exports := [][]byte{exp("run", KindFunc, goRun), exp("memory", KindMemory, 0)}
	if m.sp {
		exports = append(exports, exp("sp", KindGlobal, goSP))
	}
	var own [][]byte
	if m.N(16) != 0 {
		own = append(own, custom("go:buildid", []byte("\xff Go build ID")))
	}
	if m.N(16) != 0 {
		own = append(own, custom("producers", slices.Concat(ops(1), appendName(nil, "language"),
			ops(1), appendName(nil, "Go"), appendName(nil, "go1.26"))))
	}
	global := func(t ValueType, init []byte) []byte {
		return slices.Concat(ops(byte(t), 1), init, ops(opEnd))
	}
	return mod(slices.Concat(own...),
		sec(secType, tII, tVoid, typ(nil, nums(I64)), typ(nums(I64, I64, I64), nums(I64)),
			typ(nums(I32), nil)),
		sec(secImport, imp("env", "enter", KindFunc, goTypeFunc)),
		sec(secFunction, funcs...), sec(secTable, ops(0x70, 0, byte(len(funcs)))),
		sec(secMemory, ops(1, 1, goMaxPages)),
		sec(secGlobal, global(I32, i32(0)), global(I64, i64(0)), global(I64, i64(1024)),
			global(I32, i32(0)), global(I32, i32(0)), global(I64, i64(0)),
			global(I32, i32(goStacks*5/2))),
		sec(secExport, exports...), sec(secElement, elements), sec(secCode, bodies...))
}

// move copies the stack to its other place, and has the stack pointer point there.
func (m *goModule) move() []byte {
	m.begin()
	const delta, end = 1, 2
	m.emit(i32(goStacks), i32(-goStacks), ops(opGlobalGet, goSP), i32(2*goStacks),
		ops(opI32LtU, opSelect, opLocalSet, delta))
	m.emit(i32(2*goStacks), i32(3*goStacks), ops(opGlobalGet, goSP), i32(2*goStacks),
		ops(opI32LtU, opSelect, opLocalSet, end))
	below := slices.Concat(ops(opGlobalGet, goSP), i32(64), ops(opI32Sub))
	m.emit(below, ops(opLocalGet, delta, opI32Add), below, ops(opLocalGet, end), below,
		ops(opI32Sub, opMisc, 10, 0, 0))
	m.emit(ops(opGlobalGet, goSP, opLocalGet, delta, opI32Add, opGlobalSet, goSP))
	m.emit(ops(opGlobalGet, goBase, opLocalGet, delta, opI32Add, opGlobalSet, goBase))
	if m.N(4) == 0 { // what the stack was is no more
		m.emit(ops(opGlobalGet, goSP, opLocalGet, delta, opI32Sub), i32(0x55), i32(64),
			ops(opMisc, 11, 0))
	}
	return goBody([]byte{1, 3, byte(I32)}, m.code)
}

// barrier gives a place in the heap. Some of them have a frame meanwhile, as Go's, and
// where not all is as Go writes it some do not take it away.
func (m *goModule) barrier() []byte {
	m.begin()
	add := func(n int32) {
		m.emit(ops(opGlobalGet, goSP), i32(n), ops(opI32Add, opGlobalSet, goSP))
	}
	switch m.N(4) {
	case 0:
		add(-8)
		m.emit(ops(opGlobalGet, goSP), i64(1<<16), ops(0x37, 3, 0))
		if m.near && m.N(2) == 0 {
			m.emit(ops(opCall, goMove))
		}
		add(8)
	case 1:
		if m.near {
			add(choices.Pick(m.Choices, []int32{8, -8, 16}))
		}
	}
	m.emit(i64(goHeap))
	return goBody(nil, m.code)
}

// equal compares what lies at two places, for as long as its third parameter says.
func (m *goModule) equal() []byte {
	m.begin()
	mask := slices.Concat(ops(goWrap), i32(0xfff), ops(opI32And))
	m.emit(ops(opLoop, emptyType, opLocalGet, 2), i64(7), ops(opI64And, goEqz, opIf, emptyType),
		i64(1), ops(opReturn, opEnd))
	m.emit(ops(opLocalGet, 0), mask, ops(0x31, 0, 0, opLocalGet, 1), mask, ops(0x31, 0, 0,
		goNe, opIf, emptyType), i64(0), ops(opReturn, opEnd))
	for i := range byte(3) {
		m.emit(ops(opLocalGet, i), i64([]int64{1, 1, -1}[i]), ops(goAdd, opLocalSet, i))
	}
	m.emit(ops(opBr, 0, opEnd, opUnreachable))
	return goBody(nil, m.code)
}

// run is what wasm_pc_f_loop is in Go: it begins a stack if its parameter is below 16,
// calls a function, and then what return addresses say, until there is none.
func (m *goModule) run() []byte {
	m.begin()
	bases := []int32{2*goStacks - 64, 2*goStacks - 1024}
	if m.wild {
		bases = append(bases, 0, 8, 40, 100, 1<<16-8, 1<<16-72, 1<<16-200, 1<<16+64, -8, -64, -200)
	}
	m.emit(ops(opLocalGet, 0), i32(16), ops(opI32LtU, opIf, emptyType))
	m.emit(i32(int32(20+m.N(120))), ops(opGlobalSet, goBudget))
	m.emit(i32(choices.Pick(m.Choices, bases)), ops(opGlobalSet, goBase, opGlobalGet, goBase,
		opGlobalSet, goSP))
	m.emit(i32(goGuard), i32(int32(-m.N(2))), ops(0x36, 2, 0, opEnd))
	m.emit(ops(opGlobalGet, goSP, opI32Const, 8, opI32Sub, opGlobalSet, goSP, opGlobalGet, goSP),
		i64(0), ops(0x37, 3, 0), i32(0))
	m.emit(ops(opCall, byte(goCold+goColds+m.N(len(m.funcs))), opDrop))
	m.emit(ops(opBlock, emptyType, opLoop, emptyType))
	address := ops(opGlobalGet, goSP, opI32Const, 8, opI32Sub)
	m.emit(address, ops(0x28, 2, 2, opLocalTee, 1, opI32Eqz, opBrIf, 1))
	m.spend(1)
	m.emit(ops(opBrIf, 1))
	m.emit(address, ops(0x2f, 1, 0, opLocalGet, 1, opCallIndirect, goTypeFunc, 0, opDrop,
		opBr, 0, opEnd, opEnd))
	return goBody([]byte{1, 1, byte(I32)}, m.code)
}

// spend takes of the budget and leaves whether it is gone.
func (m *goCode) spend(n int32) {
	m.emit(ops(opGlobalGet, goBudget), i32(n), ops(opI32Sub, opGlobalSet, goBudget, opGlobalGet,
		goBudget), i32(0), ops(opI32LtS))
}

// goBody is a body with groups of locals, of which there may be none.
func goBody(groups, code []byte) []byte {
	if groups == nil {
		groups = []byte{0}
	}
	b := slices.Concat(groups, code, ops(opEnd))
	return append(appendU32(nil, uint32(len(b))), b...)
}
