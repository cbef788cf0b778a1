package storage

import (
	"fmt"

	"github.com/cockroachdb/pebble/v2"
)

// recordState is what an Object knows of its record.
type recordState uint8

const (
	recordUnknown recordState = iota // nobody looked yet
	recordAbsent
	recordStale // a record is there, without what the handle knows
	recordCurrent
)

// Object is a handle on one object's keys. It is cheap, an activation keeps one.
// Its transactions are used by one goroutine at a time; several may be open, as
// in nested calls, and each sees what the others have committed.
type Object struct {
	s      *Store
	owner  Owner
	key    objectKey
	record recordState

	// witness is the hash of a key that is stored, if one is known: while it is
	// there, the object exists. 0 is none.
	witness uint64
}

// Object returns a handle. It reads nothing; the first commit that writes looks
// at the object's record, and writes it if need be. A name above
// abi.MaxNameBytes is not kept.
func (s *Store) Object(o Owner) *Object {
	return &Object{s: s, owner: o.bounded(), key: makeObjectKey(o.ID)}
}

// Owner returns whose keys these are.
func (o *Object) Owner() Owner { return o.owner }

// loadRecord finds out whether the record is there, once. A handle that was made
// from an ID learns the name here, so that rewriting the record keeps it.
func (o *Object) loadRecord() error {
	if o.record != recordUnknown {
		return nil
	}
	stored, found, err := o.s.lookup(&o.key)
	if err != nil {
		return err
	}
	if !found {
		o.record = recordAbsent
		return nil
	}
	if stored.Namespace != o.owner.Namespace {
		return fmt.Errorf("storage: object %s is of namespace %d, not %d",
			o.owner.ID, stored.Namespace, o.owner.Namespace)
	}
	if !o.owner.Named {
		o.owner = stored
	}
	o.record = recordCurrent
	if stored != o.owner {
		o.record = recordStale
	}
	return nil
}

// putRecord adds the record and its entry in the directory to a batch.
func (o *Object) putRecord(pb *pebble.Batch, scratch []byte) ([]byte, error) {
	scratch = o.key.appendKey(scratch[:0], tableRecord, nil)
	n := len(scratch)
	scratch = o.owner.appendRecord(scratch)
	if err := pb.Set(scratch[:n], scratch[n:], nil); err != nil {
		return scratch, err
	}
	scratch = appendDirectoryKey(scratch[:0], o.owner.Namespace, o.owner.ID)
	n = len(scratch)
	scratch = o.owner.appendName(scratch)
	return scratch, pb.Set(scratch[:n], scratch[n:], nil)
}

// deleteRecord adds to a batch that both go away.
func (o *Object) deleteRecord(pb *pebble.Batch) error {
	if err := pb.Delete(o.key.appendKey(nil, tableRecord, nil), nil); err != nil {
		return err
	}
	return pb.Delete(appendDirectoryKey(nil, o.owner.Namespace, o.owner.ID), nil)
}
