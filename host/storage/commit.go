package storage

import (
	"encoding/binary"

	"github.com/cockroachdb/pebble/v2"

	"github.com/cairn-dev/cairn/host/account"
)

// Commit appends all writes to the log as one batch. The Txn is empty then, also
// after an error. Seq is 0 if nothing had to be written. Savepoints stay, and
// stand for the moment of the Commit.
func (t *Txn) Commit() (Seq, error) {
	seq, err := t.commit()
	t.clear()
	for i := range t.savepoints {
		t.savepoints[i] = savepoint{arena: t.w.arena.mark()}
	}
	t.freeze()
	return seq, err
}

func (t *Txn) commit() (Seq, error) {
	t.releaseView()
	if t.w.empty() {
		return 0, nil
	}
	o := t.o
	if err := o.loadRecord(); err != nil {
		return 0, err
	}
	b := newBatch(o.s.db)
	b.id = o.owner.ID
	b.held = o.s.account.Hold(account.Batches)
	t.w.held.Split(&b.held)
	f, err := t.fill(b.pb)
	if err != nil || b.pb.Empty() {
		b.release()
		return 0, err
	}
	seq, err := o.s.log.Append(b)
	if err == nil {
		o.record, o.witness = f.record, f.witness
		if due, set, _ := t.w.pendingAlarm(); set { // reads see it already
			if f.sameAlarm {
				o.s.alarms.again(due, o.owner.ID)
			}
			o.s.alarms.tell(due)
		}
	}
	return seq, err
}

// filled is what a batch makes of an object.
type filled struct {
	record    recordState
	witness   uint64
	keeps     bool // the batch puts something
	sameAlarm bool // the batch sets the alarm anew, to the time that it had
}

// fill adds the writes to a batch. An object without a record has nothing in the
// store, so there is nothing to wipe; and one that is left with nothing loses it.
func (t *Txn) fill(pb *pebble.Batch) (f filled, err error) {
	o := t.o
	wiped := t.w.wiped != 0
	f.record, f.witness = o.record, o.witness
	if wiped && f.record != recordAbsent {
		if err := o.s.wipe(pb, &o.key, o.owner.Namespace, firstKept); err != nil {
			return f, err
		}
		f.record, f.witness = recordAbsent, 0
	}
	if err := t.fillRows(pb, &f); err != nil {
		return f, err
	}
	if t.w.alarm > t.w.wiped {
		if err := t.fillAlarm(pb, wiped, &f); err != nil {
			return f, err
		}
	}
	left := f.keeps || f.witness != 0
	if !left && o.record != recordAbsent {
		if left, err = t.findLeft(wiped, &f); err != nil {
			return f, err
		}
	}
	switch {
	case left && f.record == recordAbsent, f.keeps && f.record == recordStale:
		t.key, err = o.putRecord(pb, t.key)
		f.record = recordCurrent
	case !left && f.record != recordAbsent:
		err = o.deleteRecord(pb)
		f.record = recordAbsent
	}
	return f, err
}

// fillRows adds puts and deletes.
func (t *Txn) fillRows(pb *pebble.Batch, f *filled) (err error) {
	for i := range t.w.ops {
		if !t.w.live(ref(i + 1)) {
			continue
		}
		w := &t.w.ops[i]
		t.key = t.o.key.appendKey(t.key[:0], w.table, w.key)
		switch {
		case w.kind == opPut:
			f.keeps, f.witness = true, w.hash
			err = pb.Set(t.key, w.value, nil)
		case t.w.wipedOf(w.table) == 0: // else it is gone already
			if f.witness == w.hash {
				f.witness = 0
			}
			err = pb.Delete(t.key, nil)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// findLeft reports whether a batch that puts nothing leaves something of the object:
// its alarm, or a row. An object without either has ceased to exist. The search goes
// from the first row on; the one that it finds spares the next batches the search.
func (t *Txn) findLeft(wiped bool, f *filled) (left bool, err error) {
	o := t.o
	if _, _, known := t.w.pendingAlarm(); !known {
		if _, set, err := o.s.alarmOf(&o.key); set || err != nil {
			return set, err
		}
	}
	first := Data
	if wiped {
		first = firstKept
	}
	it, err := o.s.iter(o.key.appendKey(nil, first, nil), o.key.appendKey(nil, tableEnd, nil))
	if err != nil {
		return false, err
	}
	defer it.Close()
	for ok := it.First(); ok; ok = it.Next() {
		key := it.Key()[prefixBytes:]
		hash := hashRow(Table(it.Key()[objectBytes]), key)
		if t.w.find(hash, key) == 0 { // else the batch deletes it, since it puts nothing
			f.witness = hash
			return true, nil
		}
	}
	return false, it.Error()
}

// fillAlarm replaces the alarm and its place in the index of times.
func (t *Txn) fillAlarm(pb *pebble.Batch, wiped bool, f *filled) error {
	due, set, _ := t.w.pendingAlarm()
	f.keeps = f.keeps || set
	var oldDue int64
	var oldSet bool
	var err error
	if t.o.record != recordAbsent {
		if oldDue, oldSet, err = t.o.s.alarmOf(&t.o.key); err != nil {
			return err
		}
	}
	f.sameAlarm = set && oldSet && due == oldDue && !t.w.ops[t.w.alarm-1].keep
	oldSet = oldSet && !wiped // else it is gone already
	if oldSet && (!set || due != oldDue) {
		t.key = appendAlarmKey(t.key[:0], oldDue, t.o.owner.ID)
		if err := pb.Delete(t.key, nil); err != nil {
			return err
		}
	}
	row := t.o.key.appendKey(nil, tableAlarm, nil)
	if !set {
		if oldSet {
			err = pb.Delete(row, nil)
		}
		return err
	}
	if err := pb.Set(row, binary.BigEndian.AppendUint64(nil, dueBits(due)), nil); err != nil {
		return err
	}
	t.key = appendAlarmKey(t.key[:0], due, t.o.owner.ID)
	return pb.Set(t.key, nil, nil)
}
