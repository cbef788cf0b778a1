package rewrite

// A check of the base is a load of the frame's last byte, which wazero drops, and of which
// it keeps the check. It stands behind where the function lowers its stack pointer, and
// before the table.
//
// The table gives way to comparisons. wazero makes a block of each entry of a br_table
// inside of one instruction (lowerBrTable, frontend/lower.go), and what is known at the end of a
// block it notes where an instruction begins in one block and ends in another (lowerBody):
// so nothing is known where a table leads to. Branches hand on what is known. A function
// that is called from its beginning gets there by one of them, which is foreseen.
//
// Two more things make wazero forget. An if without an else has one made for it inside of
// one instruction too (controlFrameKindIfWithoutElse), so each gets an else. And where
// ways meet that have the same value for a local, the first who reads it there gets this
// value, and the second an alias of which nothing is known (findValue, ssa/builder.go); so the
// base is read and set again behind each end, which costs nothing.
//
// # What a program can see
//
// A frame that is not all in memory traps at its check, and not where it is read or written
// outside of memory first, if at all. Go's stacks are in memory with all frames, so no
// program of Go's can tell. A module that only imitates Go can; it must carry Go's mark,
// a custom section go:buildid, to have this done to it.

// begin writes the function up to its table, and returns where the rest begins.
func (w *framer) begin() int {
	code := w.f.code
	first := w.skipMeter(code, 0) + 2
	w.emit(code[:first]...)
	w.setBase()
	w.here = place{reached: true, known: true, d: returnAddress + w.size}
	if w.table == 0 {
		if w.size == 0 {
			w.check()
		}
		return first
	}
	w.emit(code[first:w.goFrame.blocks]...)
	w.around.open(w)
	w.dispatch()
	return w.table + 1
}

// setBase writes what sets the base at the function's beginning.
func (w *framer) setBase() {
	w.emit(get(w.sp), i32Const(returnAddress+w.size), plain(opI32Sub))
	if w.lead > 0 {
		w.emit(get(w.sp), i32Const(returnAddress), plain(opI32Sub))
		w.emit(get(0), i32Const(int64(w.lead)), plain(opI32LtU), plain(opSelect))
	}
	w.emit(set(w.base))
}

// dispatch writes the blocks around the table, and comparisons in the place of the table.
func (w *framer) dispatch() {
	table := w.f.tables[w.f.code[w.table].block]
	w.emit(w.f.code[w.goFrame.blocks : w.table-1]...)
	w.refresh()
	if w.lead > 0 {
		w.emit(get(0), i32Const(int64(w.lead)), plain(opI32LtU))
		w.emit(instr{op: opBrIf, block: table[0]})
		w.to(table[0])
	}
	w.here.d = returnAddress
	w.check()
	ways := w.ways[:0]
	for i, b := range table {
		if i < int(w.lead) {
			continue
		}
		if w.blocks[b].entry == 0 {
			w.blocks[b].entry = int32(i) + 1
			w.to(b)
		}
		if len(ways) == 0 || ways[len(ways)-1].block != b {
			ways = append(ways, way{int64(i), b})
		}
	}
	w.choose(ways)
	w.ways, w.here.reached = ways, false
}

// A way leads from an entry, and those that follow it, to a block.
type way struct {
	entry int64
	block uint32
}

// choose writes a branch to where the table would lead for local 0.
func (w *framer) choose(ways []way) {
	if len(ways) == 1 {
		w.emit(instr{op: opBr, block: ways[0].block})
		return
	}
	half := len(ways) / 2
	w.emit(get(0), i32Const(ways[half].entry), plain(opI32LtU))
	if half == 1 {
		w.emit(instr{op: opBrIf, block: ways[0].block})
		w.choose(ways[1:])
		return
	}
	id := w.f.newBlock()
	w.emit(instr{op: opIf, block: id, imm: noValues})
	w.choose(ways[:half])
	w.emit(instr{op: opElse, block: id})
	w.choose(ways[half:])
	w.emit(instr{op: opEnd, block: id})
}

// check writes a check of the base.
func (w *framer) check() {
	w.emit(get(w.base), instr{op: opLocalTee, imm: int64(w.base)})
	w.checks = append(w.checks, len(w.out))
	w.emit(instr{op: opI32Load8U}, plain(opDrop))
	w.here.checked, w.owed = true, false
}

// refresh gives the base a name of its own where ways have met.
func (w *framer) refresh() { w.emit(get(w.base), set(w.base)) }

// close ends a block.
func (w *framer) close(in instr) {
	b := &w.blocks[in.block]
	w.stack = w.stack[:0]
	if b.entry != 0 {
		w.resume(b)
	}
	if b.bare {
		if w.here.reached || b.other.reached {
			w.emit(instr{op: opElse, block: in.block})
		}
		w.here = w.here.meet(b.other)
	}
	w.here = w.here.meet(b.end)
	w.emit(in)
	if in.block != 0 && w.here.reached {
		w.refresh()
	}
	if w.table != 0 && in.block == w.f.code[w.goFrame.blocks].block {
		w.around.close(w)
	}
}
