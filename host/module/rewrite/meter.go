package rewrite

// leafMax is the length, in instructions, of the longest leaf without a check of
// its own. Below it a check would cost a good part of what the function does; above
// it call_indirect, which cannot know its target and pays this much, would be dear.
const leafMax = 32

// regionMin is the cost from which a region pays for itself; below, whoever is around
// it pays. Of the 36,800 regions of a Go guest that cost at least 8, 6,200 cost at least this
// much. With those alone its code is 8 % smaller than with all, and its fuel is 1.2 to 3.8
// times as much, without any 2.3 to 5.4 times: then the host looks at the clock
// that much more often, which takes less time than the charges did.
const regionMin = 40

// body appends a function's body with the meter in it.
func (w *writer) body(out []byte, b *body) []byte {
	out = b.appendLocals(out)
	entry := w.price(b)
	if !b.freeLeaf() {
		out = w.check(out, entry)
	}
	pos := uint32(b.code)
	for i, e := range b.edits {
		out = append(out, b.raw[pos:e.at]...)
		switch e.kind {
		case editRef, editCall:
			out = appendU32(out, w.shifted(e.value))
		case editJump:
			out = appendU32(out, e.value)
		case editLoop:
			out = w.check(out, w.costs[i+1])
		case editRegion:
			if cost := w.costs[i+1]; cost > 0 {
				out = w.charge(out, cost)
			}
		case editOr:
			out = append(out, ors[e.value]...)
		case editSplit:
			out = b.appendTemplate(out, b.templates[e.value])
		case editTest:
			out = w.check(out, uint64(e.value))
		case editBulk:
			out = w.test(w.chargeLength(out, b.local(scratchI32)))
		}
		pos = e.at + uint32(e.size)
	}
	return append(out, b.raw[pos:]...)
}

// importCost is what a call of an imported function costs: leaving compiled code
// for Go and coming back takes as long as some hundred instructions. The host's
// functions count what they do themselves; WASI's smaller ones do not.
const importCost = 500

// localsPerCost is how many locals cost as much as an instruction: an interpreter
// clears them at each entry, and a few bytes declare fifty thousand.
const localsPerCost = 8

// price sets the cost of each loop and region, and returns that of the function's
// entry: the instructions, and the leaves that are called directly. Payers precede
// what they pay for, so the way back sees a region's cost complete.
func (w *writer) price(b *body) uint64 {
	w.costs = append(w.costs[:0], make([]uint64, len(b.edits)+1)...)
	costs := w.costs[1:] // costs[-1], the entry's, is w.costs[0]
	for i := len(b.edits) - 1; i >= 0; i-- {
		switch e := b.edits[i]; e.kind {
		case editLoop:
			costs[i] += uint64(e.value)
		case editRegion:
			costs[i] += uint64(e.value)
			if costs[i] < regionMin {
				w.costs[e.payer+1] += costs[i]
				costs[i] = 0
			}
		case editCall:
			w.costs[e.payer+1] += w.leafCost(e.value)
		}
	}
	return w.costs[0] + uint64(b.cost)
}

func (w *writer) leafCost(fn uint32) uint64 {
	i := int(fn) - w.m.importedFuncs
	if i < 0 || !w.m.bodies[i].freeLeaf() {
		return 0
	}
	return uint64(w.m.bodies[i].cost)
}

// check appends the charge and the test. Keeping the counter in a local instead of
// reading it back, or jumping over the call by br_if, is not faster in wazero's compiler, which
// forwards the stored value along straight code; testing before the charge is slower.
// Leaving out the entry's test where a loop's follows made no difference either.
func (w *writer) check(out []byte, cost uint64) []byte {
	return w.test(w.charge(out, max(cost, 1)))
}

// charge appends the charge alone.
func (w *writer) charge(out []byte, cost uint64) []byte {
	g := uint32(len(w.m.globals))
	out = appendU32(append(out, opGlobalGet), g)
	out = appendI64(append(out, opI64Const), int64(cost))
	return appendU32(append(out, opI64Sub, opGlobalSet), g)
}

// chargeLength appends the charge for a length that lies on the stack, and leaves
// it there.
func (w *writer) chargeLength(out []byte, local uint32) []byte {
	g := uint32(len(w.m.globals))
	out = appendU32(append(out, opLocalTee), local)
	out = appendU32(append(out, opGlobalGet), g)
	out = appendU32(append(out, opLocalGet), local)
	return appendU32(append(out, opI64ExtendU, opI64Sub, opGlobalSet), g)
}

// test appends the call of the host where the counter is below zero.
func (w *writer) test(out []byte) []byte {
	out = appendU32(append(out, opGlobalGet), uint32(len(w.m.globals)))
	out = append(out, opI64Const, 0, opI64LtS, opIf, emptyType, opCall)
	out = appendU32(out, uint32(w.m.importedFuncs))
	return append(out, opEnd)
}
