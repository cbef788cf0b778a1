package storage

import (
	"fmt"
	"sync"

	"github.com/cairn-dev/cairn/abi"
)

// unsettled are the batches that were applied and are not known to be durable:
// what is lost if the log fails. Reads of this node see them, and nothing can
// take them out of pebble again, so who wrote them is no longer read then.
type unsettled struct {
	mu    sync.Mutex
	items []applied // in order of seq
}

// applied is a batch, and whose it is; the zero ID stands for the node itself.
type applied struct {
	seq Seq
	id  abi.ID
}

// add notes a batch before it is applied. Whenever there is no room it forgets
// what is durable by now, so that it holds little more than what is under way.
func (u *unsettled) add(seq Seq, id abi.ID, durable func() Seq) {
	u.mu.Lock()
	defer u.mu.Unlock()
	if n := len(u.items); n > 0 && n == cap(u.items) {
		settled, upTo := 0, durable()
		for settled < n && u.items[settled].seq <= upTo {
			settled++
		}
		u.items = append(u.items[:0], u.items[settled:]...)
	}
	u.items = append(u.items, applied{seq, id})
}

// has reports whether a batch of an object, or of any if id is nil, is above
// what is durable.
func (u *unsettled) has(id *abi.ID, durable Seq) bool {
	u.mu.Lock()
	defer u.mu.Unlock()
	for i := len(u.items) - 1; i >= 0 && u.items[i].seq > durable; i-- {
		if id == nil || u.items[i].id == *id {
			return true
		}
	}
	return false
}

// lost returns an error, which wraps ErrLogFailed, if the log has failed and
// took a batch of an object along, or of anyone if id is nil.
func (s *Store) lost(id *abi.ID) error {
	err := s.log.Err()
	if err == nil || !s.wal.unsettled.has(id, s.log.Durable()) {
		return nil
	}
	return fmt.Errorf("what was written last may be lost, "+
		"and is not read before the store is opened again: %w", err)
}

// Lost returns an error, which wraps ErrLogFailed, if the log has failed and a
// batch of this object was applied that is not durable. What it holds is known
// again when the store has been opened anew; until then every read of it fails,
// and whoever remembers it has to forget.
func (o *Object) Lost() error { return o.s.lost(&o.owner.ID) }
