package rewrite

// finish gives the function what was written, and reports whether that is of use.
func (w *framer) finish() bool {
	if w.moved == 0 || !w.affordable() {
		return false
	}
	for _, at := range w.checks {
		w.out[at].imm = w.end - 1
	}
	w.around.drop(w.out)
	kept := w.out[:0]
	for _, in := range w.out {
		if in.op != opDropped {
			kept = append(kept, in)
		}
	}
	w.f.code, w.out = kept, w.f.code
	w.f.newLocal(I32)
	return true
}

// A function may have a quarter of what one may have before the pass, and all functions
// together may get a quarter more: so much longer may a module take to compile that only
// looks like Go's. Real functions stay far below: see shape.go for what is counted.
const passShare = 4

// affordable reports whether the function can be compiled in bounded time, and takes what it
// costs more from what is left for the module.
func (w *framer) affordable() bool {
	before, after := blocksIn(w.f.code, w.f.tables), blocksIn(w.out, w.f.tables)
	variables := int(w.f.locals)
	squares := after*after - before*before
	live := after*(variables+1) - before*variables
	if after > maxBlocks/passShare || after*(variables+1) > maxLive/passShare ||
		len(w.out) > maxBodyBytes/passShare || squares > w.squares || live > w.work {
		return false
	}
	w.squares -= squares
	w.work -= live
	return true
}

// blocksIn counts basic blocks.
func blocksIn(code []instr, tables [][]uint32) (n int) {
	for i := range code {
		switch in := &code[i]; in.op {
		case opBlock, opBr, opBrIf, opReturn:
			n++
		case opLoop:
			n += 2
		case opIf:
			n += 3
		case opBrTable:
			n += len(tables[in.block])
		case opMisc, opMemoryGrow:
			n += 6
		}
	}
	return n
}
