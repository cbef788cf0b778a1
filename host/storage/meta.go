package storage

import (
	"maps"
	"slices"
)

// Meta reads one of the node's own small facts, such as versions and migrations.
func (s *Store) Meta(key string) (value []byte, found bool, err error) {
	view, closer, err := s.get(appendMetaKey(nil, key))
	if closer == nil {
		return nil, false, err
	}
	defer closer.Close()
	return slices.Clone(view), true, nil
}

// PutMeta writes one of them.
func (s *Store) PutMeta(key string, value []byte) (Seq, error) {
	b := newBatch(s.db)
	if err := b.pb.Set(appendMetaKey(nil, key), value, nil); err != nil {
		b.release()
		return 0, err
	}
	return s.log.Append(b)
}

// UpdateMeta writes several of them at once; a nil value deletes its key.
func (s *Store) UpdateMeta(values map[string][]byte) (Seq, error) {
	b := newBatch(s.db)
	for _, key := range slices.Sorted(maps.Keys(values)) {
		var err error
		if value := values[key]; value == nil {
			err = b.pb.Delete(appendMetaKey(nil, key), nil)
		} else {
			err = b.pb.Set(appendMetaKey(nil, key), value, nil)
		}
		if err != nil {
			b.release()
			return 0, err
		}
	}
	return s.log.Append(b)
}
