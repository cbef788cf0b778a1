package storage

import (
	"sync/atomic"

	"github.com/cairn-dev/cairn/host/account"
)

// heldCopies is how often writes are counted: a batch with the same bytes is made of
// them. What they take is held by whoever has the bytes, and goes along with them:
//
//	writes.held ──Commit──► Batch.held ──Append──► the store's memtables,
//	    │                       │                  which have a bound
//	    │                       └─ a large one ──► unflushed ──FlushEnd──► nobody
//	    └─ cursors that still read ──► writes.lent ──the last one──► nobody
const heldCopies = 2

// largeBatch says whether pebble keeps a batch by itself, beside its memtables,
// until it is flushed. The threshold is pebble's, a little below it.
func (l *walLog) largeBatch(b *Batch) bool {
	return int64(b.Len()) >= l.memTableBytes/2-(64<<10)
}

// unflushed are the bytes of large batches that pebble holds. They are counted before
// pebble has them, and each makes it flush: so the flush that takes one begins after
// it was counted, and what was counted when a flush began is gone when it has ended.
type unflushed struct {
	account *account.Account
	bytes   atomic.Int64
	flushes atomic.Int64 // of bytes, what the flush that is under way takes
}

func (u *unflushed) add(h *account.Hold) {
	u.bytes.Add(h.Bytes())
	h.Leave()
}

func (u *unflushed) flushBegin() { u.flushes.Store(u.bytes.Load()) }

func (u *unflushed) flushEnd() {
	n := u.flushes.Swap(0)
	u.bytes.Add(-n)
	u.account.Release(account.Batches, n)
}
