package rewrite

// A dispatch is what Go's compiler writes a function as: one loop around a table. The
// loop's body begins with a block for each place to jump to and a br_table on a local,
// and a jump sets the local and branches to the loop. Each turn is an indirect jump
// and a place where all locals meet, which costs more than the code between two
// of them. A jump forward had better go where the table will send it: a tenth of
// a Go Worker's time, see BenchmarkRun.
//
// The dispatch's blocks are the frames behind the loop's.
type dispatch struct {
	loop   int // index of its frame
	blocks int
	local  uint32
	labels []uint32 // as the br_table has them: 0 is the innermost block
}

// A threader finds the jumps through a dispatch. It knows the instructions just
// read; one that does not fit makes it forget them.
type threader struct {
	// head is a dispatch of which the loop and blocks were read, and local.get if
	// got is true.
	head *dispatch
	got  bool

	// steps counts how much of "i32.const constant, local.set local" was read.
	steps    int
	constant uint32
	local    uint32
}

// thread notes the instruction that was just read, which began at the given place,
// with its first immediate if it has one.
func (s *scanner) thread(at int, op byte, imm int64) {
	s.threadHead(op, imm)
	t := &s.threader
	switch {
	case op == opI32Const:
		t.steps, t.constant = 1, uint32(imm)
	case op == opLocalSet && t.steps == 1:
		t.steps, t.local = 2, uint32(imm)
	case op == opBr && t.steps == 2:
		s.threadJump(at+1, uint32(imm))
		t.steps = 0
	default:
		t.steps = 0
	}
}

// threadHead looks for the beginning of a dispatch.
func (s *scanner) threadHead(op byte, imm int64) {
	t, top := &s.threader, len(s.open)-1
	switch {
	case op == opLoop && s.open[top].empty:
		t.head, t.got = &dispatch{loop: top}, false
	case t.head == nil:
	case op == opBlock && !t.got && s.open[top].empty:
		t.head.blocks++
	case op == opLocalGet && !t.got:
		t.head.local, t.got = uint32(imm), true
	case op == opBrTable && t.got:
		t.head.labels = append([]uint32(nil), s.table...)
		for i := t.head.loop; i <= top; i++ {
			s.open[i].dispatch = t.head
		}
		t.head = nil
	default:
		t.head = nil
	}
}

// threadJump gives a branch to a dispatch, which was just read, the label of the
// block that the table sends it to, if that is still open. at is where its label is.
func (s *scanner) threadJump(at int, label uint32) {
	top := len(s.open) - 1
	if uint64(label) > uint64(top) {
		return // left to wazero
	}
	d := s.open[top-int(label)].dispatch
	if d == nil || d.loop != top-int(label) || d.local != s.threader.local {
		return
	}
	out := d.labels[min(uint64(s.threader.constant), uint64(len(d.labels)-1))]
	to := d.loop + d.blocks - int(out)
	if to <= d.loop || to > top || s.open[to].dispatch != d {
		return
	}
	s.edit(edit{at: uint32(at), size: uint8(s.pos - at), value: uint32(top - to), kind: editJump})
}
