package storage

import (
	"bytes"
	"hash/maphash"
	"slices"

	"github.com/cairn-dev/cairn/abi"
	"github.com/cairn-dev/cairn/host/account"
)

// MaxTxnBytes bounds what one Txn holds: upstream's hard limit of its write
// cache (SEMANTICS 2.5). What was rolled back or written over counts while its
// memory is held.
const MaxTxnBytes = 128 << 20

// opOverheadBytes is what an op costs beside its key and value.
const opOverheadBytes = 96

// keepOps and keepIndex bound what an empty Txn keeps for the next call.
const keepOps, keepIndex = 256, 1024

type opKind uint8

const (
	opPut opKind = iota
	opDelete
	opWipe  // what is before it is gone, in the store as well, but for kept tables
	opAlarm // due and set
)

// op is one change. Ops are kept in the order made; older is the op that this
// one hides, so that undoing the newest op is one step.
type op struct {
	kind  opKind
	set   bool // opAlarm: set to due, or deleted
	keep  bool // opAlarm: it is the alarm that was stored, not a new one
	table Table
	older int32
	hash  uint64
	due   int64
	key   []byte // key and value are in the arena
	value []byte
}

// ref is an index into ops plus one; 0 is none.
type ref = int32

var hashSeed = maphash.MakeSeed()

// writes are the changes that a Txn has not committed: a log of ops, and an
// index of the newest op of each row. A cursor reads the ops that were there
// when it was opened, while the Txn goes on; so ops below frozen are not
// changed, and whoever shortens ops leaves them to the cursors (detach).
type writes struct {
	ops    []op
	index  map[uint64]ref // newest op with this hash of a row
	wiped  ref            // newest opWipe
	alarm  ref            // newest opAlarm
	arena  arena
	sorted []ref // newest op of each row among the first sortedOps, in order
	// sortedOps only grows between undos, so sorting again looks at new ops only.
	sortedOps int

	held account.Hold // of the bytes above, see held.go
	lent account.Hold // of those that only cursors read

	frozen  int // ops that a cursor or a savepoint may come back to
	cursors int // open cursors
}

func (w *writes) empty() bool { return len(w.ops) == 0 }

// hashRow is what the index knows a row by. Rows that differ in the table alone never
// have one hash.
func hashRow(table Table, key []byte) uint64 {
	return maphash.Bytes(hashSeed, key) ^ uint64(table)
}

// compareRow orders an op and a row as the store would: by table, then by key.
func (o *op) compareRow(table Table, key []byte) int {
	if o.table != table {
		return int(o.table) - int(table)
	}
	return bytes.Compare(o.key, key)
}

// find returns the newest op of a row, whatever wiped says; 0 if there is none. Where
// hash and key are equal, so is the table.
func (w *writes) find(hash uint64, key []byte) ref {
	r := w.index[hash]
	for r != 0 && !bytes.Equal(w.ops[r-1].key, key) {
		r = w.ops[r-1].older
	}
	return r
}

// wipedOf returns the newest opWipe that hides what is before it in a table.
func (w *writes) wipedOf(table Table) ref {
	if table.kept() {
		return 0
	}
	return w.wiped
}

// get looks a row up. known is false when the store has to be asked.
func (w *writes) get(table Table, key []byte) (value []byte, found, known bool) {
	if w.empty() {
		return nil, false, false
	}
	wiped := w.wipedOf(table)
	if r := w.find(hashRow(table, key), key); r > wiped {
		o := &w.ops[r-1]
		return o.value[:len(o.value):len(o.value)], o.kind == opPut, true
	}
	return nil, false, wiped != 0
}

// live says whether an op is what its row has in the end.
func (w *writes) live(r ref) bool {
	o := &w.ops[r-1]
	return o.kind <= opDelete && r > w.wipedOf(o.table) && w.find(o.hash, o.key) == r
}

// write records a put or a delete.
func (w *writes) write(kind opKind, table Table, key, value []byte) error {
	hash := hashRow(table, key)
	r := w.find(hash, key)
	if r > w.wipedOf(table) && int(r) > w.frozen && len(value) <= cap(w.ops[r-1].value) {
		o := &w.ops[r-1]
		o.kind, o.value = kind, append(o.value[:0], value...)
		return nil
	}
	if err := w.admit(len(key) + len(value)); err != nil {
		return err
	}
	if w.index == nil {
		w.index = make(map[uint64]ref)
	}
	w.ops = append(w.ops, op{kind: kind, table: table, hash: hash, older: w.index[hash],
		key: w.arena.copy(key), value: w.arena.copy(value)})
	w.index[hash] = ref(len(w.ops))
	return nil
}

func (w *writes) wipe() error {
	if err := w.admit(0); err != nil {
		return err
	}
	w.ops = append(w.ops, op{kind: opWipe, older: w.wiped})
	w.wiped = ref(len(w.ops))
	return nil
}

func (w *writes) setAlarm(due int64, set, keep bool) error {
	if r := w.alarm; r > w.wiped && int(r) > w.frozen {
		o := &w.ops[r-1]
		o.due, o.set, o.keep = due, set, keep
		return nil
	}
	if err := w.admit(0); err != nil {
		return err
	}
	w.ops = append(w.ops, op{kind: opAlarm, due: due, set: set, keep: keep, older: w.alarm})
	w.alarm = ref(len(w.ops))
	return nil
}

// pendingAlarm returns the alarm; known is false when the store has to be asked.
func (w *writes) pendingAlarm() (due int64, set, known bool) {
	if w.alarm > w.wiped {
		o := &w.ops[w.alarm-1]
		return o.due, o.set, true
	}
	return 0, false, w.wiped != 0
}

func (w *writes) admit(n int) error {
	size := w.arena.used + n + (len(w.ops)+1)*opOverheadBytes
	if size > MaxTxnBytes {
		return &SizeError{Err: ErrTxnTooLarge, Size: size, Max: MaxTxnBytes}
	}
	return w.held.To(heldCopies * int64(size))
}

// undo takes the newest ops back until n are left.
func (w *writes) undo(n int, mark arenaMark) {
	for i := len(w.ops) - 1; i >= n; i-- {
		switch o := &w.ops[i]; o.kind {
		case opWipe:
			w.wiped = o.older
		case opAlarm:
			w.alarm = o.older
		default:
			w.index[o.hash] = o.older
		}
	}
	if w.sortedOps > n {
		w.sorted, w.sortedOps = nil, 0
	}
	if w.cursors > 0 {
		w.ops = slices.Clip(w.ops[:n]) // the next op moves to a new array
		return
	}
	clear(w.ops[n:])
	w.ops = w.ops[:n]
	w.arena.truncate(mark)
}

// reset forgets everything and keeps some memory, unless cursors read it.
func (w *writes) reset() {
	w.wiped, w.alarm, w.sorted, w.sortedOps = 0, 0, nil, 0
	if len(w.ops) > keepIndex {
		w.index = nil // clearing a large map costs its size each time
	}
	clear(w.index)
	if w.cursors > 0 || cap(w.ops) > keepOps {
		w.ops = nil
	}
	clear(w.ops)
	w.ops = w.ops[:0]
	if w.cursors > 0 {
		w.arena = arena{}
		w.held.Give(&w.lent)
	}
	w.arena.reset()
	w.held.Release()
}

// order returns the newest op of each row, by table and then by key. The slice is
// never changed afterwards. What is new is sorted, and merged with what was sorted
// before.
func (w *writes) order() []ref {
	if w.sortedOps == len(w.ops) {
		return w.sorted
	}
	var fresh []ref
	for i := w.sortedOps; i < len(w.ops); i++ {
		if w.live(ref(i + 1)) {
			fresh = append(fresh, ref(i+1))
		}
	}
	slices.SortFunc(fresh, func(a, b ref) int {
		return w.ops[a-1].compareRow(w.ops[b-1].table, w.ops[b-1].key)
	})
	merged := make([]ref, 0, len(w.sorted)+len(fresh))
	for _, r := range w.sorted {
		if !w.live(r) {
			continue
		}
		o := &w.ops[r-1]
		for len(fresh) > 0 && w.ops[fresh[0]-1].compareRow(o.table, o.key) < 0 {
			merged, fresh = append(merged, fresh[0]), fresh[1:]
		}
		merged = append(merged, r)
	}
	w.sorted, w.sortedOps = append(merged, fresh...), len(w.ops)
	return w.sorted
}

// checkKey and checkValue enforce the ABI's limits.
func checkKey(key []byte) error {
	if len(key) > abi.MaxKeyBytes {
		return &SizeError{Err: ErrKeyTooLarge, Size: len(key), Max: abi.MaxKeyBytes}
	}
	return nil
}

func checkValue(value []byte) error {
	if len(value) > abi.MaxValueBytes {
		return &SizeError{Err: ErrValueTooLarge, Size: len(value), Max: abi.MaxValueBytes}
	}
	return nil
}
