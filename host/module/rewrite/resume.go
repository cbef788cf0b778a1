package rewrite

// A function of Go's goes on behind a call where the table has an entry for it: the call
// may have been interrupted, and then the function is called anew with this entry. Where it
// was not, the stack pointer is where it was before; but for when the goroutine's
// stack was moved while the call ran code of the host, which called the guest:
//
//	call f
//	global.get g
//	local.set S
//	br_if ...          interrupted
//	(local 0 = an entry that leads here; elsewhere if S is not base + 8)
//	end                an entry of the table leads here
//
// The comparison makes S = base + 8 a fact. Where it fails, the base is set anew, and the code
// goes through the table to this very place, local 0 being an entry that leads here:
//
//	block                out
//	  loop               around
//	    block            elsewhere
//	      (the blocks around the table, and all that is in them)
//	      br out
//	    end
//	    (the base = S - 8)
//	    br around
//	  end
//	end
//
// That is exact for all code, because nobody else reads local 0 (see dispatches): neither
// is the stack pointer assumed to be anything, nor is a local lost. The loop stands behind
// the meter's charge, so no fuel is taken and no test is made; and each turn of it is a way
// that the code had.

// An around is the blocks with the way back to the table.
type around struct {
	out, loop, elsewhere uint32
	begins, ends         int // where they do so, in framer.out
	begun, ended         int // and behind it
	used                 bool
}

// open writes the beginning.
func (a *around) open(w *framer) {
	*a = around{out: w.f.newBlock(), loop: w.f.newBlock(), elsewhere: w.f.newBlock()}
	a.begins = len(w.out)
	w.emit(instr{op: opBlock, block: a.out, imm: noValues})
	w.emit(instr{op: opLoop, block: a.loop, imm: noValues})
	w.emit(instr{op: opBlock, block: a.elsewhere, imm: noValues})
	a.begun = len(w.out)
}

// close writes the end.
func (a *around) close(w *framer) {
	a.ends = len(w.out)
	w.emit(instr{op: opBr, block: a.out}, instr{op: opEnd, block: a.elsewhere})
	w.emit(get(w.sp), i32Const(returnAddress), plain(opI32Sub), set(w.base))
	w.emit(instr{op: opBr, block: a.loop}, instr{op: opEnd, block: a.loop})
	w.emit(instr{op: opEnd, block: a.out})
	if w.here.reached {
		w.refresh()
	}
	a.ended = len(w.out)
}

// drop takes the blocks away, if nobody goes back.
func (a *around) drop(out []instr) {
	if a.used {
		return
	}
	for _, part := range [][]instr{out[a.begins:a.begun], out[a.ends:a.ended]} {
		for i := range part {
			part[i].op = opDropped
		}
	}
}

// resume writes the comparison before a way to the end of a block that the table leads to, if
// nothing is known of the stack pointer.
func (w *framer) resume(b *frameBlock) {
	if !w.here.reached {
		return
	}
	if !w.here.known {
		w.emit(i32Const(int64(b.entry-1)), set(0))
		w.emit(get(w.sp), get(w.base), i32Const(returnAddress), plain(opI32Add), plain(opI32Ne))
		w.emit(instr{op: opBrIf, block: w.around.elsewhere})
		w.here.known, w.here.d = true, returnAddress
		w.around.used = true
	}
	if w.here.d == returnAddress && !w.here.checked {
		w.check()
	}
}

// jump writes a branch. One to Go's loop, which comes through the meter to the table, must
// take a base along that is right for the entry.
func (w *framer) jump(in instr, at int) {
	if w.here.reached && w.loop != 0 && in.block == w.loop {
		d := w.frameFrom(uint32(w.f.code[at-2].imm))
		switch {
		case !w.here.known:
			w.emit(get(w.sp), i32Const(d), plain(opI32Sub), set(w.base))
		case w.here.d != d:
			w.emit(get(w.base), i32Const(w.here.d-d), plain(opI32Add), set(w.base))
		}
	} else if b := &w.blocks[in.block]; b.entry != 0 {
		w.resume(b)
	}
	w.to(in.block)
	w.emit(in)
}

// frameFrom is how far the base is below S where the table is given this entry.
func (w *framer) frameFrom(entry uint32) int64 {
	if entry < w.lead {
		return returnAddress + w.size
	}
	return returnAddress
}
