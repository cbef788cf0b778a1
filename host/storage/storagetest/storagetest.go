// Package storagetest helps to test what stands on package storage.
//
// Its one type, Log, is a commit log whose durability is a decision of the test:
// batches are applied to the real store at once, and nothing is durable until
// the test says so. Output gates are tested with it.
package storagetest

import (
	"context"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/cockroachdb/pebble/v2/vfs"

	"github.com/cairn-dev/cairn/host/storage"
	"github.com/cairn-dev/cairn/host/storage/internal/watermark"
)

// Log is a storage.Log that a test moves by hand. Make it with NewLog.
type Log struct {
	mark watermark.Mark
	last atomic.Uint64

	mu    sync.Mutex
	under storage.Log
}

// NewLog returns a log at which nothing is durable. Its Wrap goes into
// storage.Options.WrapLog.
func NewLog() *Log { return new(Log) }

// Open opens a store in memory behind a new Log, and closes it with the test.
func Open(t testing.TB) (*storage.Store, *Log) {
	t.Helper()
	l := NewLog()
	s, err := storage.Open("store", storage.Options{FS: vfs.NewMem(), WrapLog: l.Wrap})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return s, l
}

// Wrap puts the log before a store's own.
func (l *Log) Wrap(under storage.Log) storage.Log {
	l.under = under
	return l
}

// Append applies a batch to the store. It is not durable yet.
func (l *Log) Append(b *storage.Batch) (storage.Seq, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if err := l.Err(); err != nil {
		return 0, err
	}
	seq, err := l.under.Append(b)
	l.last.Store(max(l.last.Load(), uint64(seq)))
	return seq, err
}

// Wait waits for Advance or Fail.
func (l *Log) Wait(ctx context.Context, seq storage.Seq) error {
	return l.mark.Wait(ctx, uint64(seq))
}

// Durable returns how far the test has advanced the log.
func (l *Log) Durable() storage.Seq { return storage.Seq(l.mark.Load()) }

// Last returns the newest sequence that was appended.
func (l *Log) Last() storage.Seq { return storage.Seq(l.last.Load()) }

// Err returns what Fail was called with, wrapped.
func (l *Log) Err() error { return l.mark.Err() }

// Advance declares everything up to seq durable.
func (l *Log) Advance(seq storage.Seq) { l.mark.Advance(uint64(seq)) }

// AdvanceAll declares everything durable that was appended.
func (l *Log) AdvanceAll() { l.Advance(l.Last()) }

// Fail makes the log fail: whoever waits for more than what is durable gets an
// error that wraps storage.ErrLogFailed and err, and so does every Append.
func (l *Log) Fail(err error) {
	l.mark.Fail(fmt.Errorf("%w: %w", storage.ErrLogFailed, err))
}

var _ storage.Log = (*Log)(nil)
