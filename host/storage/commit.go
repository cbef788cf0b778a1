package storage

import (
	"encoding/binary"

	"github.com/cockroachdb/pebble/v2"
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
	record, err := t.fill(b.pb)
	if err != nil || b.pb.Empty() {
		b.release()
		return 0, err
	}
	seq, err := o.s.log.Append(b)
	if err == nil {
		o.record = record
		if due, set, _ := t.w.pendingAlarm(); set {
			o.s.alarms.tell(due) // reads see it already
		}
	}
	return seq, err
}

// fill adds the writes to a batch and returns the state of the record then. An
// object without a record has nothing in the store, so there is nothing to wipe.
func (t *Txn) fill(pb *pebble.Batch) (recordState, error) {
	o := t.o
	wiped := t.w.wiped != 0
	record := o.record
	if wiped && record != recordAbsent {
		if err := o.s.wipe(pb, &o.key, o.owner.Namespace); err != nil {
			return record, err
		}
		record = recordAbsent
	}
	keeps, err := t.fillData(pb, wiped)
	if err != nil {
		return record, err
	}
	if t.w.alarm > t.w.wiped {
		set, err := t.fillAlarm(pb, wiped)
		if err != nil {
			return record, err
		}
		keeps = keeps || set
	}
	if keeps && record != recordCurrent {
		t.key, err = o.putRecord(pb, t.key)
		record = recordCurrent
	}
	return record, err
}

// fillData adds puts and deletes; keeps says whether it put something.
func (t *Txn) fillData(pb *pebble.Batch, wiped bool) (keeps bool, err error) {
	for i := int(t.w.wiped); i < len(t.w.ops); i++ {
		if !t.w.live(ref(i + 1)) {
			continue
		}
		w := &t.w.ops[i]
		t.key = t.o.key.appendKey(t.key[:0], tableData, w.key)
		switch {
		case w.kind == opPut:
			keeps = true
			err = pb.Set(t.key, w.value, nil)
		case !wiped:
			err = pb.Delete(t.key, nil)
		}
		if err != nil {
			return keeps, err
		}
	}
	return keeps, nil
}

// fillAlarm replaces the alarm and its place in the index of times.
func (t *Txn) fillAlarm(pb *pebble.Batch, wiped bool) (set bool, err error) {
	var oldDue int64
	var oldSet bool
	if !wiped && t.o.record != recordAbsent {
		if oldDue, oldSet, err = t.o.s.alarmOf(&t.o.key); err != nil {
			return false, err
		}
	}
	due, set, _ := t.w.pendingAlarm()
	if oldSet && (!set || due != oldDue) {
		t.key = appendAlarmKey(t.key[:0], oldDue, t.o.owner.ID)
		if err := pb.Delete(t.key, nil); err != nil {
			return set, err
		}
	}
	row := t.o.key.appendKey(nil, tableAlarm, nil)
	if !set {
		if oldSet {
			err = pb.Delete(row, nil)
		}
		return set, err
	}
	if err := pb.Set(row, binary.BigEndian.AppendUint64(nil, dueBits(due)), nil); err != nil {
		return set, err
	}
	t.key = appendAlarmKey(t.key[:0], due, t.o.owner.ID)
	return set, pb.Set(t.key, nil, nil)
}
