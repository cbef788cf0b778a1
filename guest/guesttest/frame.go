package guesttest

import (
	"maps"
	"time"

	"github.com/cairn-dev/cairn/abi"
)

// frame is one running export.
type frame struct {
	object *object // nil for the Worker, and for the test itself
	input  []byte
	output []byte
	result []byte // for result_read

	// undo takes back what was written since the last commit, the last write
	// last.
	undo      []func()
	bytes     int
	confirmed bool // answers wait for what was written

	transactions []transaction
	lists        []*list
	alarm        *alarmRun   // of this entry, or of the one that it is nested in
	handler      bool        // this entry is the alarm's own
	critical     []time.Time // when the sections that are open have begun
	background   bool
}

// transaction is what a rollback goes back to.
type transaction struct {
	undo, bytes  int
	confirmed    bool
	alarmChanged bool
}

func takeBack(undo []func()) {
	for i := len(undo) - 1; i >= 0; i-- {
		undo[i]()
	}
}

// rollback takes back all but the first n writes.
func (f *frame) rollback(n int) {
	takeBack(f.undo[n:])
	f.undo = f.undo[:n]
}

func (f *frame) endTransaction(commit bool) {
	t := f.transactions[len(f.transactions)-1]
	f.transactions = f.transactions[:len(f.transactions)-1]
	if !commit {
		f.rollback(t.undo)
		f.bytes, f.confirmed = t.bytes, t.confirmed
		f.alarm.changed = t.alarmChanged
	}
}

// commit makes what was written so far last. The test sees no answer before all
// that was confirmed is durable, and with it whatever was written before.
func (h *Host) commit(f *frame) {
	h.unconfirmed = append(h.unconfirmed, f.undo...)
	if f.confirmed {
		h.unconfirmed = nil
	}
	f.undo, f.bytes, f.confirmed = nil, 0, false
	if f.alarm != nil {
		f.alarm.kept = f.alarm.changed
	}
}

// written accounts for a write.
func (f *frame) written(bytes int, flags uint32) error {
	if f.bytes+bytes > abi.MaxBatchBytes {
		return errBatch
	}
	f.bytes += bytes
	f.confirmed = f.confirmed || flags&abi.WriteUnconfirmed == 0
	return nil
}

// put writes or, with a nil value, deletes a key.
func (f *frame) put(key string, value []byte) {
	r := f.object.record
	old, had := r.values[key]
	f.undo = append(f.undo, func() {
		if had {
			r.values[key] = old
		} else {
			delete(r.values, key)
		}
	})
	if value == nil {
		delete(r.values, key)
	} else {
		r.values[key] = value
	}
}

func (f *frame) deleteAll() {
	r := f.object.record
	old := maps.Clone(r.values)
	f.undo = append(f.undo, func() {
		clear(r.values)
		maps.Copy(r.values, old)
	})
	clear(r.values)
	f.setAlarm(0)
}

// setAlarm sets the stored alarm, or deletes it with 0.
func (f *frame) setAlarm(ms int64) {
	r := f.object.record
	old := r.alarm
	f.undo = append(f.undo, func() { r.alarm = old })
	r.alarm = ms
}
