package storage

import (
	"context"
	"fmt"

	"github.com/cockroachdb/pebble/v2"

	"github.com/cairn-dev/cairn/abi"
)

// deleteBatchObjects is how many objects DeleteNamespace deletes at a time: a
// batch of some 30 kB, short enough for other batches to pass between.
const deleteBatchObjects = 256

// Lookup reads the record of an object: its namespace and, if it was ever
// written under a name, its name.
func (s *Store) Lookup(id abi.ID) (owner Owner, found bool, err error) {
	if err := s.lost(&id); err != nil {
		return Owner{}, false, err
	}
	k := makeObjectKey(id)
	return s.lookup(&k)
}

func (s *Store) lookup(k *objectKey) (owner Owner, found bool, err error) {
	var buf [prefixBytes]byte
	view, closer, err := s.get(k.appendKey(buf[:0], tableRecord, nil))
	if closer == nil {
		return Owner{}, false, err
	}
	defer closer.Close()
	owner, err = decodeRecord(k.id(), view)
	return owner, err == nil, err
}

// ObjectsOf lists the objects of a namespace that have a record, in order of
// ID, from the first one above after and at most limit of them. The zero ID
// stands for the beginning. After the log has failed it may not be known which
// there are; then it is an error.
func (s *Store) ObjectsOf(namespace uint32, after abi.ID, limit int) ([]Owner, error) {
	if err := s.lost(nil); err != nil {
		return nil, err
	}
	low := appendDirectoryKey(nil, namespace, after)
	if after != (abi.ID{}) {
		low = append(low, 0)
	}
	high := append(appendDirectoryKey(nil, namespace, abi.ID{}), 0)
	for i := 5; i < directoryKeyBytes; i++ {
		high[i] = 0xff
	}
	it, err := s.iter(low, high)
	if err != nil {
		return nil, err
	}
	defer it.Close()
	var owners []Owner
	for ok := it.First(); ok && len(owners) < limit; ok = it.Next() {
		if len(it.Key()) != directoryKeyBytes || len(it.Value()) == 0 {
			return nil, fmt.Errorf("%w: directory key %x", ErrCorrupt, it.Key())
		}
		o := Owner{Namespace: namespace}
		copy(o.ID[:], it.Key()[5:])
		o.setName(it.Value())
		owners = append(owners, o)
	}
	return owners, it.Error()
}

// DeleteNamespace deletes all objects of a namespace and returns when that is
// durable. It goes in batches; after a crash or an error, calling it again
// finishes the work. No activation of the namespace may be alive: its Object
// would still believe in its record.
func (s *Store) DeleteNamespace(namespace uint32) error {
	var last Seq
	var after abi.ID
	for {
		owners, err := s.ObjectsOf(namespace, after, deleteBatchObjects)
		if err != nil {
			return fmt.Errorf("delete namespace %d: %w", namespace, err)
		}
		if len(owners) == 0 {
			break
		}
		after = owners[len(owners)-1].ID
		b := newBatch(s.db)
		for i := range owners {
			k := makeObjectKey(owners[i].ID)
			if err := s.wipe(b.pb, &k, namespace, tableEnd); err != nil {
				b.release()
				return fmt.Errorf("delete namespace %d: %w", namespace, err)
			}
		}
		if last, err = s.log.Append(b); err != nil {
			return fmt.Errorf("delete namespace %d: %w", namespace, err)
		}
	}
	return s.log.Wait(context.Background(), last)
}

// wipe adds to a batch that an object's tables below end go away, and all that points
// to the object.
func (s *Store) wipe(pb *pebble.Batch, k *objectKey, namespace uint32, end Table) error {
	due, set, err := s.alarmOf(k)
	if err != nil {
		return err
	}
	var low, high [prefixBytes]byte
	first, last := k.appendKey(low[:0], tableRecord, nil), k.appendKey(high[:0], end, nil)
	if err := pb.DeleteRange(first, last, nil); err != nil {
		return err
	}
	var key [alarmKeyBytes]byte
	if set {
		if err := pb.Delete(appendAlarmKey(key[:0], due, k.id()), nil); err != nil {
			return err
		}
	}
	return pb.Delete(appendDirectoryKey(key[:0], namespace, k.id()), nil)
}
