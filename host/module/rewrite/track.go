package rewrite

// A framer rewrites one function to use the base of its frame. What it makes it writes
// to out, and the function has it when all is done.
type framer struct {
	*program
	f *function
	goFrame
	base   uint32 // the local
	around around
	out    []instr
	checks []int // the checks in out, which are told the frame's end when it is known
	end    int64 // the largest end of an access through the base
	moved  int   // accesses through the base

	here   place
	owed   bool // a check, behind the next instruction
	stack  []operand
	blocks []frameBlock // by name
	ways   []way        // scratch of dispatch
}

// A place is what is known where the code is read.
type place struct {
	reached bool
	known   bool // S = base + d
	checked bool // base + end is in memory
	d       int64
}

// meet returns what is known where two ways meet.
func (p place) meet(o place) place {
	if !p.reached {
		return o
	}
	if o.reached {
		p.known = p.known && o.known && p.d == o.d
		p.checked = p.checked && o.checked
	}
	return p
}

// A frameBlock is what is known of an open block.
type frameBlock struct {
	end   place // what branches know at its end
	other place // what is known where an if's condition is false
	loop  bool
	bare  bool  // an if of which no else was read
	entry int32 // an entry of the table that leads to the block's end, and 1; 0 is none
}

// An operand is what is known of a value on the stack, and which instructions of
// out made it.
type operand struct {
	kind       operandKind
	start, end int
	v          int64
}

type operandKind uint8

const (
	anyValue     operandKind = iota
	constant                 // v
	basePlus                 // base + v
	wideBasePlus             // an i64, of which the lower half is base + v
)

// maxFrame bounds the accesses through the base: Go's larger frames are few, and where the
// frame is not all in memory, this is how far away the access may be that is meant.
const maxFrame = 64 << 10

// frameBase is the pass.
func (p *program) frameBase(f *function) {
	if !p.fromGo {
		return
	}
	g, ok := p.findFrame(f)
	if !ok {
		return
	}
	w := &p.framer
	*w = framer{program: p, f: f, goFrame: g, base: f.locals, out: w.out[:0],
		checks: w.checks[:0], stack: w.stack[:0], blocks: w.blocks[:0],
		ways: w.ways[:0]}
	w.blocks = append(w.blocks, make([]frameBlock, f.blocks+1)...)
	named := f.blocks
	for at := w.begin(); at < len(f.code); at++ {
		in := f.code[at]
		if w.owed && in.op != opGlobalSet {
			w.check()
		}
		w.step(in, at)
		if w.owed && in.op == opGlobalSet {
			w.check()
		}
	}
	if !w.finish() {
		f.blocks = named
	}
}

func (w *framer) emit(in ...instr) { w.out = append(w.out, in...) }

func get(local uint32) instr { return instr{op: opLocalGet, imm: int64(local)} }
func set(local uint32) instr { return instr{op: opLocalSet, imm: int64(local)} }
func i32Const(v int64) instr { return instr{op: opI32Const, imm: int64(int32(v))} }

func plain(op byte) instr { return instr{op: op} }

// step writes one instruction, which the function has at a place.
func (w *framer) step(in instr, at int) {
	switch in.op {
	case opBlock, opLoop, opIf:
		w.open(in)
	case opElse:
		b := &w.blocks[in.block]
		b.end = b.end.meet(w.here)
		w.here, b.bare = b.other, false
		w.stack = w.stack[:0]
		w.emit(in)
	case opEnd:
		w.close(in)
	case opBr:
		w.jump(in, at)
		w.here.reached = false
	case opBrIf:
		w.pop(1)
		w.to(in.block)
		w.emit(in)
	case opBrTable:
		for _, b := range w.f.tables[in.block] {
			w.to(b)
		}
		w.here.reached = false
		w.emit(in)
	case opReturn, opUnreachable:
		w.here.reached = false
		w.emit(in)
	case opCall:
		w.call(in, w.typeOf(uint32(in.imm)))
	case opCallIndirect:
		w.pop(1)
		w.call(in, &w.types[uint32(in.imm)])
	default:
		if in.access() {
			w.access(in)
		} else if !w.follow(in) {
			w.other(in)
		}
	}
}

// open begins a block. A loop may come back with another stack pointer; what was
// checked stays so, because the base is set before the table alone.
func (w *framer) open(in instr) {
	b := &w.blocks[in.block]
	switch in.op {
	case opLoop:
		b.loop = true
		w.here.known = false
	case opIf:
		b.bare, b.other = true, w.here
	}
	w.stack = w.stack[:0]
	w.emit(in)
}

// to notes what is known on a way to a block.
func (w *framer) to(block uint32) {
	if b := &w.blocks[block]; w.here.reached && !b.loop {
		b.end = b.end.meet(w.here)
	}
}

func (w *framer) call(in instr, t *FuncType) {
	w.pop(len(t.Params))
	w.emit(in)
	w.push(len(t.Results))
}

// other writes an instruction that has nothing to do with the frame.
func (w *framer) other(in instr) {
	a := plainArity[in.op]
	switch in.op {
	case opMisc:
		a = miscArity[in.sub]
	case opVector:
		a = vectorArity[in.sub]
	}
	w.pop(int(a.pop))
	w.emit(in)
	w.push(int(a.push))
}

// pop takes values off the stack. What lies below what is known of it is not looked at.
func (w *framer) pop(n int) { w.stack = w.stack[:max(len(w.stack)-n, 0)] }

// push puts values on the stack of which nothing is known.
func (w *framer) push(n int) {
	for range n {
		w.stack = append(w.stack, operand{})
	}
}

// top returns a value on the stack, 0 being the one on top.
func (w *framer) top(i int) operand {
	if i >= len(w.stack) {
		return operand{}
	}
	return w.stack[len(w.stack)-1-i]
}

// follow writes an instruction that gives or takes the stack pointer or a sum of it and a
// constant, as a sum with the base. It reports whether in is one.
func (w *framer) follow(in instr) bool {
	here := len(w.out)
	x, y := w.top(1), w.top(0)
	switch in.op {
	case opI32Const, opI64Const:
		w.emit(in)
		w.stack = append(w.stack, operand{constant, here, here + 1, in.imm})
		return true
	case opLocalGet:
		if in.imm != int64(w.sp) || !w.here.reached || !w.here.known {
			return false
		}
		w.sum(here, w.here.d)
		return true
	case opLocalSet, opLocalTee:
		if in.imm == int64(w.sp) {
			w.setPointer(in, y)
			return true
		}
		return false
	case opI32Add, opI32Sub, opI64Add:
		kind := basePlus
		if in.op == opI64Add {
			kind = wideBasePlus
		}
		if x.kind != kind || y.kind != constant || x.end != y.start || y.end != here {
			return false
		}
		v := x.v + y.v
		if in.op == opI32Sub {
			v = x.v - y.v
		}
		w.pop(2)
		if kind == basePlus {
			w.sum(x.start, v)
			return true
		}
		w.emit(in)
		w.stack = append(w.stack, operand{wideBasePlus, x.start, here + 1, int64(int32(v))})
		return true
	case opI64ExtendU:
		if y.kind != basePlus || y.end != here {
			return false
		}
		w.pop(1)
		w.emit(in)
		w.stack = append(w.stack, operand{wideBasePlus, y.start, here + 1, y.v})
		return true
	case opI32WrapI64:
		if y.kind != wideBasePlus || y.end != here {
			return false
		}
		w.pop(1)
		w.sum(y.start, y.v)
		return true
	}
	return false
}

// sum writes base + v in the place of what was written from start on. A sum of 32 bits
// wraps, so that v does not matter beyond them.
func (w *framer) sum(start int, v int64) {
	v = int64(int32(v))
	w.out = append(w.out[:start], get(w.base))
	if v != 0 {
		w.emit(i32Const(v), plain(opI32Add))
	}
	w.stack = append(w.stack, operand{basePlus, start, len(w.out), v})
}

// setPointer writes an instruction that sets the stack pointer.
func (w *framer) setPointer(in instr, v operand) {
	w.pop(1)
	w.emit(in)
	if in.op == opLocalTee {
		w.push(1)
	}
	w.here.known, w.here.d = v.kind == basePlus, v.v
	w.owed = w.here.reached && w.here.known && w.here.d == returnAddress && !w.here.checked
}

// accessSize is how many bytes each load and store reaches, from i32.load on.
var accessSize = [...]int64{4, 8, 4, 8, 1, 1, 2, 2, 1, 1, 2, 2, 4, 4, 4, 8, 4, 8, 1, 2, 1, 2, 4}

// access writes a load or a store, through the base if its address is a sum with it.
func (w *framer) access(in instr) {
	values := 0
	if in.op >= opI32Store {
		values = 1
	}
	if a := w.top(values); a.kind == basePlus && w.here.reached && w.here.checked && a.v >= 0 {
		if end := a.v + in.imm + accessSize[in.op-opI32Load]; end <= w.size+maxFrame {
			in.imm += a.v
			for i := a.start + 1; i < a.end; i++ {
				w.out[i].op = opDropped
			}
			w.end = max(w.end, end)
			w.moved++
		}
	}
	w.pop(1 + values)
	w.emit(in)
	w.push(1 - values)
}
