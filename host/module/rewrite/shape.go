package rewrite

import "fmt"

// wazero's compiler takes a time and a memory that grow faster than its input: with
// the square of a function's blocks, with blocks times variables, with calls times
// globals. A module of 16 KB can take minutes and gigabytes. So what compiling
// grows with is counted as the code is read, and a module is refused where it is
// some times what the largest real ones have. Those were Ruby's interpreter, esbuild
// (Go, 14 MB), QuickJS and SQLite; the figures below are theirs, and the costs were
// measured on an EPYC with one bomb for each limit.
const (
	// maxBodyBytes bounds one function, call_indirect counted as indirectBytes: some
	// 900 bytes of memory each, all at once. The largest real one has 200 KB. It
	// also bounds what runs between two tests of the fuel.
	maxBodyBytes  = 384 << 10
	indirectBytes = 16

	// maxBlocks bounds the basic blocks of one function; dominators and loops are
	// found in up to 8 ns times their square. The largest real one has 15,400.
	maxBlocks = 30_000

	// maxLoopDepth bounds loops in loops. Real functions have up to 8.
	maxLoopDepth = 50

	// maxLive bounds the variables and the values on the stack, summed over blocks
	// and calls: each may become a block's parameter, in 0.5 µs and 60 bytes. A
	// parameter that turns out to be redundant is removed in one pass for each loop
	// around it, and loopPasses of them take as long again. The largest real sum is
	// 2.9 million.
	maxLive    = 6_000_000
	loopPasses = 12

	// maxValues bounds what is handed over by calls (parameters, results, and each
	// mutable global, which is read again behind it) and branches, and the addresses
	// that the compiler keeps as checked at the end of a block: 0.7 µs and 300 bytes
	// each. Real functions have up to 125,000.
	maxValues = 1_000_000

	// The sums over all functions bound the time. A small module may have about one
	// function at its limit; a large one has what real ones have per byte and as
	// much again.
	squaresBase, squaresPerByte = 1_000_000_000, 200
	workBase, workPerByte       = 8_000_000, 8

	// functionGlobals is how many globals, declared anew for each function, cost as
	// much as one value.
	functionGlobals = 200
)

// A LimitError says which of a module's functions cannot be compiled in bounded time
// and memory, and why.
type LimitError struct {
	Func int // as the guest counts; -1 if it is all of them together
	Text string
}

// Error implements error.
func (e *LimitError) Error() string {
	if e.Func < 0 {
		return "rewrite: the functions together have " + e.Text
	}
	return fmt.Sprintf("rewrite: function %d has %s", e.Func, e.Text)
}

// A shape is what compiling one function grows with.
type shape struct {
	bytes  int
	blocks int // those of the meter included
	loops  int // loops that are open
	live   int // variables and values in all blocks and at all calls
	values int // handed over
}

// limit compares one count with its bound.
func (s *scanner) limit(n, most int, what string) {
	if n > most && s.err == nil {
		s.failAt(s.pos, "")
		s.err = &LimitError{s.fn, fmt.Sprintf("%d %s, the limit is %d", n, what, most)}
	}
}

// addBlocks counts blocks that begin here, with what is known in each.
func (s *scanner) addBlocks(n int) {
	s.shape.blocks += n
	s.shape.values += n * s.checked
	s.addLive(n)
}

func (s *scanner) addLive(n int) {
	variables := len(s.stack) + int(s.body.nlocals)
	s.shape.live += n * variables * (loopPasses + s.shape.loops) / loopPasses
}

// grow counts what an instruction that was just read adds to the shape.
func (s *scanner) grow(op byte, imm int64) {
	h := &s.shape
	switch op {
	case opBlock:
		s.addBlocks(1)
		h.values += s.params + s.result
	case opLoop: // and a check
		s.addBlocks(4)
		h.values += s.params + s.result
		h.loops++
		s.limit(h.loops, maxLoopDepth, "loops in each other")
	case opIf:
		s.addBlocks(3)
		h.values += 2*s.params + s.result
	case opBr, opBrIf:
		s.addBlocks(1)
		h.values += s.labelArity(uint32(imm))
	case opBrTable:
		s.addBlocks(len(s.table))
		for _, l := range s.table {
			h.values += s.labelArity(l)
		}
	case opReturn:
		s.addBlocks(1)
	case opCall, opCallIndirect:
		h.values += s.params + s.result + s.m.mutableGlobals
		s.addLive(1)
		if op == opCallIndirect {
			h.bytes += indirectBytes
		}
	case opMisc, opMemoryGrow: // memory.fill is a loop; and a check
		s.addBlocks(6)
		h.values += s.m.mutableGlobals
	default:
		return
	}
	s.limit(h.bytes, maxBodyBytes, "bytes of code and indirect calls")
	s.limit(h.blocks, maxBlocks, "basic blocks")
	s.limit(h.live, maxLive, "variables in all blocks")
	s.limit(h.values, maxValues, "values handed over by calls and branches")
}

// labelArity is how many values a branch to a label hands over.
func (s *scanner) labelArity(label uint32) int {
	if uint64(label) >= uint64(len(s.open)) {
		return 0
	}
	f := &s.open[len(s.open)-1-int(label)]
	if f.loop {
		return f.params
	}
	return f.results
}

// sum adds a function that was read to what the module's compilation grows with.
func (m *Module) sum(s *scanner, params, results int) {
	s.limit(len(s.body.raw)+s.shape.bytes, maxBodyBytes, "bytes of code and indirect calls")
	m.squares += s.shape.blocks * s.shape.blocks
	m.work += s.shape.live + s.shape.values + params + results + len(m.globals)/functionGlobals
	all := func(n, most int, what string) {
		if n > most && s.err == nil {
			s.err = &LimitError{-1, fmt.Sprintf("%s, %d; the limit is %d for a module of %d bytes",
				what, n, most, m.size)}
		}
	}
	all(m.squares, squaresBase+squaresPerByte*m.size, "too many basic blocks in large functions")
	all(m.work, workBase+workPerByte*m.size, "too many variables, parameters and globals")
}
