package storage

import (
	"fmt"
	"io"
	"slices"

	"github.com/cairn-dev/cairn/host/account"
)

// MaxCursors bounds the cursors that a Txn has open: each holds old sstables and
// memtables of the whole store in place.
const MaxCursors = 256

// Txn is what one call does to one object. Reads see its own writes; nothing
// reaches the log before Commit. After Commit or Rollback it is empty and can go
// on. It is used by one goroutine at a time, and Close ends it.
type Txn struct {
	o          *Object
	w          writes
	key        []byte    // scratch: the key that is read or written
	view       io.Closer // holds the value that the last Get returned
	savepoints []savepoint
	cursors    []*Cursor
}

// savepoint is a moment that RollbackTo can go back to.
type savepoint struct {
	ops   int
	arena arenaMark
}

// Begin starts a transaction.
func (o *Object) Begin() *Txn {
	t, _ := o.s.txns.Get().(*Txn)
	if t == nil {
		t = new(Txn)
		t.w.held, t.w.lent = o.s.account.Hold(account.Batches), o.s.account.Hold(account.Batches)
	}
	t.o = o
	return t
}

// Close rolls back what is not committed, closes the cursors and gives the Txn's
// memory to the next one. The Txn must not be used afterwards.
func (t *Txn) Close() {
	for len(t.cursors) > 0 {
		_ = t.cursors[len(t.cursors)-1].Close()
	}
	t.Rollback()
	s := t.o.s
	t.o = nil
	s.txns.Put(t)
}

// DeleteAll empties the object: all keys, but those of tables that are kept, the
// alarm, and the record if nothing is left, together with the rest of the batch.
// What is written after it stays.
func (t *Txn) DeleteAll() error {
	t.releaseView()
	return t.w.wipe()
}

// SetAlarm sets the time at which the object wants to be woken, in place of the
// one before.
func (t *Txn) SetAlarm(unixMS int64) error {
	t.releaseView()
	return t.w.setAlarm(unixMS, true, false)
}

// KeepAlarm takes back that the alarm was set or deleted: it is the one that was
// there before, at the given time. Whoever runs alarms goes on with that one,
// where after SetAlarm to the same time it would begin with another.
func (t *Txn) KeepAlarm(unixMS int64) error {
	t.releaseView()
	return t.w.setAlarm(unixMS, true, true)
}

// DeleteAlarm takes the alarm away if there is one.
func (t *Txn) DeleteAlarm() error {
	t.releaseView()
	return t.w.setAlarm(0, false, false)
}

// Alarm returns the alarm.
func (t *Txn) Alarm() (unixMS int64, set bool, err error) {
	t.releaseView()
	if unixMS, set, known := t.w.pendingAlarm(); known {
		return unixMS, set, nil
	}
	if err := t.o.Lost(); err != nil {
		return 0, false, err
	}
	return t.o.s.alarmOf(&t.o.key)
}

// Savepoint marks a moment to which RollbackTo can go back. Savepoints nest: the
// numbers count from 0 upwards.
func (t *Txn) Savepoint() int {
	t.releaseView()
	t.savepoints = append(t.savepoints, savepoint{ops: len(t.w.ops), arena: t.w.arena.mark()})
	t.freeze()
	return len(t.savepoints) - 1
}

// RollbackTo takes back what was written since a savepoint. The savepoint stays,
// later ones are gone. What a Commit in between has written stays, too.
func (t *Txn) RollbackTo(sp int) {
	t.releaseView()
	t.checkSavepoint(sp)
	t.savepoints = t.savepoints[:sp+1]
	t.w.undo(t.savepoints[sp].ops, t.savepoints[sp].arena)
	t.freeze()
}

// Release forgets a savepoint and later ones; what was written stays.
func (t *Txn) Release(sp int) {
	t.releaseView()
	t.checkSavepoint(sp)
	t.savepoints = t.savepoints[:sp]
	t.freeze()
}

func (t *Txn) checkSavepoint(sp int) {
	if sp < 0 || sp >= len(t.savepoints) {
		panic(fmt.Sprintf("storage: no savepoint %d of %d", sp, len(t.savepoints)))
	}
}

// freeze keeps the ops that a savepoint or a cursor may come back to from being
// written over in place.
func (t *Txn) freeze() {
	t.w.frozen = 0
	if n := len(t.savepoints); n > 0 {
		t.w.frozen = t.savepoints[n-1].ops
	}
	for _, c := range t.cursors {
		t.w.frozen = max(t.w.frozen, min(c.frozen, len(t.w.ops)))
	}
}

// Dirty says whether there is something to commit.
func (t *Txn) Dirty() bool { return !t.w.empty() }

// Rollback forgets all writes and savepoints. Open cursors go on.
func (t *Txn) Rollback() {
	t.clear()
	t.savepoints = t.savepoints[:0]
	t.freeze()
}

// clear drops all writes; what cursors still read is theirs.
func (t *Txn) clear() {
	t.releaseView()
	t.w.reset()
	for _, c := range t.cursors {
		c.frozen = 0
	}
	if cap(t.key) > keepChunk {
		t.key = nil
	}
	t.key = slices.Grow(t.key, prefixBytes)
}

func (t *Txn) releaseView() {
	if t.view != nil {
		_ = t.view.Close() // frees a block of the cache; it has nothing to report
		t.view = nil
	}
}
