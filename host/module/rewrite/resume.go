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
//	(S = base + 8, or to the table)
//	end                an entry of the table leads here
//
// The comparison makes S = base + 8 a fact. Where it fails, the base is set anew,
// local 0 to an entry that leads to this very place, and the code goes there through the
// table, where the new base is checked. That is exact for all code, because nobody
// else reads local 0 (see dispatches): neither is the stack pointer assumed to be anything,
// nor is a local lost. A loop of ours behind the meter's charge makes that neither
// fuel is taken nor a test made; and each turn of it is a way that the code had.
//
// The failing arm is the else, so that it lies behind the function's code; see coldArms.

// resume writes the comparison before a way to the end of a block that the table leads to, if
// nothing is known of the stack pointer.
func (w *framer) resume(b *frameBlock) {
	if !w.here.reached {
		return
	}
	if !w.here.known {
		w.emit(get(w.sp), get(w.base), i32Const(returnAddress), plain(opI32Add), plain(opI32Eq))
		id := w.f.newBlock()
		w.emit(instr{op: opIf, block: id, imm: noValues}, instr{op: opElse, block: id})
		w.emit(i32Const(int64(b.entry-1)), set(0))
		w.emit(get(w.sp), i32Const(returnAddress), plain(opI32Sub), set(w.base))
		w.emit(instr{op: opBr, block: w.around}, instr{op: opEnd, block: id})
		w.here.known, w.here.d = true, returnAddress
		w.arms++
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
