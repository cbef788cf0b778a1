package storage

import (
	"context"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"

	"github.com/cockroachdb/pebble/v2"

	"github.com/cairn-dev/cairn/abi"
	"github.com/cairn-dev/cairn/host/account"
	"github.com/cairn-dev/cairn/host/storage/internal/watermark"
)

// Seq is a batch's place in the node's log. It grows with the log's order; 0
// stands for nothing and is always durable.
type Seq uint64

// Log is a node's commit log. On one node it is pebble's write-ahead log.
// All methods may be called by many goroutines at once.
type Log interface {
	// Append takes the batch over, puts it behind all earlier ones and returns
	// when reads of this node see it. It does not wait for the disk. An error
	// wraps ErrLogFailed or ErrDiskFull, or is ErrClosed.
	Append(*Batch) (Seq, error)
	// Wait returns nil once the log is durable up to seq. It returns an error
	// that wraps ErrLogFailed when that will never be known.
	Wait(ctx context.Context, seq Seq) error
	// Durable returns up to where the log is durable.
	Durable() Seq
	// Last returns the newest Seq that reads could have seen. An activation that
	// starts from the store begins with it: what it reads may not be durable yet.
	Last() Seq
	// Err returns nil while the log is healthy.
	Err() error
}

// Batch is a set of changes that are applied together. It is the Log's from
// Append on.
type Batch struct {
	pb   *pebble.Batch
	seq  Seq
	id   abi.ID // whose it is; zero for the node's own
	at   place  // set by Append
	held account.Hold
}

// Repr returns the batch in pebble's batch representation, a view that is valid
// until Append: what a replicated log carries.
func (b *Batch) Repr() []byte { return b.pb.Repr() }

// Len returns the size of Repr in bytes.
func (b *Batch) Len() int { return b.pb.Len() }

var batches = sync.Pool{New: func() any { return new(Batch) }}

func newBatch(db *pebble.DB) *Batch {
	b := batches.Get().(*Batch)
	b.pb, b.seq, b.id, b.at, b.held = db.NewBatch(), 0, abi.ID{}, place{}, account.Hold{}
	return b
}

// release recycles a batch that pebble is done with: one that was never
// applied, or was and is synced.
func (b *Batch) release() {
	b.held.Release()
	_ = b.pb.Close() // closing a batch frees memory and cannot fail
	b.pb = nil
	batches.Put(b)
}

// walLog is the Log on pebble's write-ahead log.
//
// Appending and syncing are two halves. Append holds mu while pebble writes the
// batch to its log's buffer and its memtable, so that Seq order is log order.
// The syncer, one goroutine, takes the applied batches in that order, waits
// until each is synced and moves the mark. Pebble syncs on its own as long as
// something asks for it, all that has gathered at a time.
//
//	Append ──► pebble ──► pending ──► syncer: SyncWait ──► mark ──► Wait
//
// A counter with mu held was preferred to pebble's own sequence numbers, which
// would let appends run side by side: those cannot be read back from a batch
// that is larger than half a memtable.
type walLog struct {
	db     *pebble.DB
	files  *walFS
	space  *space // nil where the disk does not say how full it is; set before start
	opened atomic.Bool
	logger *slog.Logger
	mark   watermark.Mark
	last   atomic.Uint64

	unsettled     unsettled
	unflushed     unflushed
	memTableBytes int64
	durable       func() Seq // of the log that stands before this one, or of this

	mu     sync.Mutex // before queue.mu
	closed bool

	// queue has its own lock: the syncer must get at it while an Append is held
	// up in pebble because memtables wait to be flushed.
	queue struct {
		mu      sync.Mutex
		pending []*Batch
		closed  bool
	}
	wake chan struct{} // room for one: "queue changed"
	done chan struct{} // closed when the syncer has left
}

func newWALLog(logger *slog.Logger) *walLog {
	return &walLog{logger: logger, wake: make(chan struct{}, 1), done: make(chan struct{})}
}

// start begins to take batches.
func (l *walLog) start(db *pebble.DB) {
	l.db = db
	l.opened.Store(true)
	go l.sync()
}

func (l *walLog) Durable() Seq { return Seq(l.mark.Load()) }
func (l *walLog) Last() Seq    { return Seq(l.last.Load()) }
func (l *walLog) Err() error   { return l.mark.Err() }

func (l *walLog) Wait(ctx context.Context, seq Seq) error {
	return l.mark.Wait(ctx, uint64(seq))
}

func (l *walLog) Append(b *Batch) (Seq, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.closed {
		b.release()
		return 0, ErrClosed
	}
	if err := l.Err(); err != nil {
		b.release()
		return 0, err
	}
	if err := l.space.admitLocked(b.pb.Len()); err != nil {
		b.release()
		return 0, err
	}
	// The number is taken first: once pebble has the batch, reads see it.
	b.seq = Seq(l.last.Add(1))
	l.unsettled.add(b.seq, b.id, l.durable)
	if l.largeBatch(b) {
		l.unflushed.add(&b.held)
	}
	low, count := l.files.newest.Load(), uint64(b.pb.Count())
	if err := l.db.ApplyNoSyncWait(b.pb, pebble.Sync); err != nil {
		l.fail(fmt.Errorf("apply batch: %w", err))
	}
	// Pebble reports a failed commit to its Logger and returns nil. From here
	// the batch may sit in pebble's queues, so it is left to the collector.
	if err := l.Err(); err != nil {
		return 0, err
	}
	if first := uint64(b.pb.SeqNum()); first != 0 { // a large one has lost its memory to pebble
		b.at = place{first + count - 1, low, l.files.newest.Load()}
	}
	seq := b.seq // the batch is the syncer's from here on
	l.push(b)
	return seq, nil
}

func (l *walLog) push(b *Batch) {
	l.queue.mu.Lock()
	first := len(l.queue.pending) == 0
	l.queue.pending = append(l.queue.pending, b)
	l.queue.mu.Unlock()
	if first {
		l.signal()
	}
}

func (l *walLog) signal() {
	select {
	case l.wake <- struct{}{}:
	default:
	}
}

// sync is the syncer. It ends when the log is closed and nothing is pending.
func (l *walLog) sync() {
	defer close(l.done)
	var taken []*Batch
	for range l.wake {
		l.queue.mu.Lock()
		taken, l.queue.pending = l.queue.pending, taken[:0]
		closed := l.queue.closed
		l.queue.mu.Unlock()
		_ = l.files.moved() // then the log has failed, and acknowledges none of them
		var newest place
		for i, b := range taken {
			if at := b.at; l.settle(b) && at != (place{}) {
				newest = at
			}
			taken[i] = nil
		}
		if newest != (place{}) {
			l.files.mark.settled(newest)
		}
		// Nothing is pushed after closed, and it was read with the queue.
		if closed {
			return
		}
	}
}

// settle waits until a batch is synced and reports whether it is. A failure of the
// write-ahead log is in mark before pebble tells of the sync (see walFS), and a failed
// mark does not move.
func (l *walLog) settle(b *Batch) bool {
	if err := b.pb.SyncWait(); err != nil {
		l.fail(fmt.Errorf("sync write-ahead log: %w", err))
		return false
	}
	l.mark.Advance(uint64(b.seq))
	b.release()
	return l.Err() == nil
}

// fail stops the log for good. It takes no lock but the mark's: pebble calls it
// with any of its own held, and inside Append.
func (l *walLog) fail(cause error) {
	if l.mark.Fail(fmt.Errorf("%w: %w", ErrLogFailed, cause)) {
		l.logger.Error("log failed: the node takes no more writes; check the disk and restart",
			"error", cause, "durable", l.mark.Load())
	}
}

// close refuses further batches and waits until the syncer has settled all that
// were appended.
func (l *walLog) close() {
	l.mu.Lock()
	l.closed = true
	l.mu.Unlock()
	l.queue.mu.Lock()
	l.queue.closed = true
	l.queue.mu.Unlock()
	l.signal()
	<-l.done
}
