package storage

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"strings"
	"sync"
	"time"

	"github.com/cockroachdb/pebble/v2"
	"github.com/cockroachdb/pebble/v2/vfs"

	"github.com/cairn-dev/cairn/host/account"
)

// closeGrace is how long Close waits for pebble after the log has failed: its
// work may be stuck on the disk that failed it.
const closeGrace = 10 * time.Second

// openGrace is how long Open waits for pebble after the log has failed.
const openGrace = time.Second

// Options are the choices of a Store. The zero value is ready for use.
type Options struct {
	// FS holds the files; nil is the real disk.
	FS vfs.FS
	// Logger gets what nobody else can be told; nil discards it.
	Logger *slog.Logger
	// CacheBytes is the memory for blocks of sstables; 0 is DefaultCacheBytes.
	CacheBytes int64
	// MemTableBytes is the memory for what was written last, MemTables times; 0 is
	// DefaultMemTableBytes.
	MemTableBytes int64
	// Account is what writes are taken from that are not applied yet. Default none:
	// each transaction has a bound, and all of them have none.
	Account *account.Account
	// WrapLog replaces the log by one that stands before it; nil keeps it. Tests
	// decide with it when something is durable, see package storagetest.
	WrapLog func(Log) Log
}

func (o Options) withDefaults() Options {
	if o.FS == nil {
		o.FS = vfs.Default
	}
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	if o.CacheBytes <= 0 {
		o.CacheBytes = DefaultCacheBytes
	}
	if o.MemTableBytes <= 0 {
		o.MemTableBytes = DefaultMemTableBytes
	}
	return o
}

// Store is the data of one node in one folder. Its methods may be called by
// many goroutines at once, until Close is called.
type Store struct {
	account *account.Account

	db   *pebble.DB
	lock *pebble.Lock
	wal  *walLog // the log on disk
	log  Log     // what everybody uses: wal, or what WrapLog made of it

	alarms  alarmHint
	txns    sync.Pool // *Txn
	closing sync.Once
	closed  error
}

// Open opens the store in a folder and creates both if there is none. The error
// is ErrLocked if the folder is in use, ErrFormat if it was written in a format that
// is not known, ErrNotStore if it holds something else, and ErrCorrupt if the store
// is damaged. Nothing was changed in the folder then.
func Open(dir string, o Options) (*Store, error) {
	o = o.withDefaults()
	dir = o.FS.PathJoin(dir) // in the form in which pebble names its parts
	s, err := open(dir, o)
	if err == nil {
		return s, nil
	}
	text := "open store %s: %w"
	switch {
	case errors.Is(err, ErrCorrupt):
		text += " (nothing was changed; restore the folder from a copy, or choose another one)"
	case errors.Is(err, ErrNotStore):
		text += " (nothing was changed; choose another folder)"
	}
	return nil, fmt.Errorf(text, dir, oneLine{err})
}

// oneLine is an error whose text is one line: what pebble gathers has several.
type oneLine struct{ error }

func (e oneLine) Error() string { return strings.ReplaceAll(e.error.Error(), "\n", "; ") }
func (e oneLine) Unwrap() error { return e.error }

// open locks the folder, looks at what it holds, and opens it to write.
func open(dir string, o Options) (_ *Store, err error) {
	l := newWALLog(o.Logger)
	files := newWALFS(o.FS, dir, l)
	if _, err := survey(o.FS, dir); err != nil { // before there is a lock: that is a file
		return nil, err
	}
	if err := makeDir(o.FS, dir); err != nil {
		return nil, err
	}
	lock, err := pebble.LockDirectory(dir, files)
	if err != nil {
		return nil, err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, lock.Close())
		}
	}()
	files.hold = newHold(o.FS, o.FS.PathJoin(dir, lockFile))
	f, err := look(o, dir)
	if err != nil {
		return nil, err
	}
	if err := checkStart(o.FS, dir, f.logs.bytes); err != nil {
		return nil, err
	}
	f.report(o, dir)
	if files.mark, err = openMark(o.FS, dir, f.mark); err != nil {
		return nil, err
	}
	po := engineOptions(files, o, l)
	po.Lock = lock
	db, err := openEngine(dir, po, l)
	if err != nil {
		return nil, err
	}
	if err := errors.Join(checkFormat(db, dir), l.Err()); err != nil {
		return nil, errors.Join(err, db.Close())
	}
	l.unflushed.account, l.memTableBytes = o.Account, o.MemTableBytes
	l.space = newSpace(o, dir, func() uint64 { return db.Metrics().WAL.Size })
	l.start(db)
	s := &Store{account: o.Account, db: db, wal: l, log: l, lock: lock}
	if files.hold.known {
		go files.watch(l.done)
	}
	s.alarms.init()
	if o.WrapLog != nil {
		s.log = o.WrapLog(l)
	}
	l.durable = s.log.Durable
	return s, nil
}

// openEngine is pebble.Open on a disk that may fail meanwhile. Pebble would try for
// ever to write the sstables of what it has replayed, so it is left to that: should the
// disk mend, it is closed again.
func openEngine(dir string, po *pebble.Options, l *walLog) (*pebble.DB, error) {
	type result struct {
		db  *pebble.DB
		err error
	}
	done := make(chan result, 1)
	go func() {
		defer func() {
			if p := recover(); p != nil {
				done <- result{nil, fmt.Errorf("pebble: %v", p)}
			}
		}()
		db, err := pebble.Open(dir, po)
		done <- result{db, err}
	}()
	select {
	case r := <-done:
		return r.db, errors.Join(r.err, l.Err())
	case <-l.mark.Failed():
	}
	select {
	case r := <-done:
		if r.db != nil {
			r.err = errors.Join(r.err, r.db.Close())
		}
		return nil, errors.Join(l.Err(), r.err)
	case <-time.After(openGrace):
		go func() {
			if r := <-done; r.db != nil {
				_ = r.db.Close() // nobody is left to be told
			}
		}()
		return nil, l.Err()
	}
}

// Close waits until everything that was appended is durable, and frees the
// folder. Transactions and cursors must have ended. If the log has failed, Close
// says so; it does not wait for a disk that no longer answers.
func (s *Store) Close() error {
	s.closing.Do(func() { s.closed = s.close() })
	return s.closed
}

func (s *Store) close() error {
	done := make(chan error, 1)
	go func() {
		s.wal.close()
		err := s.db.Close()
		s.wal.files.mark.close()
		done <- errors.Join(err, s.lock.Close())
	}()
	var err error
	select {
	case err = <-done:
	case <-s.wal.mark.Failed():
		select {
		case err = <-done:
		case <-time.After(closeGrace):
			err = fmt.Errorf("the disk did not answer for %v", closeGrace)
		}
	}
	if err = errors.Join(s.wal.Err(), err); err != nil {
		return fmt.Errorf("close store: %w", err)
	}
	return nil
}

// Log returns the node's commit log.
func (s *Store) Log() Log { return s.log }

// Wait is Log().Wait.
func (s *Store) Wait(ctx context.Context, seq Seq) error { return s.log.Wait(ctx, seq) }

// Durable is Log().Durable.
func (s *Store) Durable() Seq { return s.log.Durable() }

// Last is Log().Last.
func (s *Store) Last() Seq { return s.log.Last() }

// Checkpoint writes a copy of the store, as it is now, into a folder that must
// not exist. Its sstables are linked, not copied, where the file system can. The copy
// is durable, and Open opens it.
func (s *Store) Checkpoint(dir string) error {
	if err := s.wal.Err(); err != nil {
		return fmt.Errorf("checkpoint to %s: %w", dir, err)
	}
	err := s.db.Checkpoint(dir, pebble.WithFlushedWAL())
	if err = errors.Join(err, s.wal.Err()); err != nil {
		return fmt.Errorf("checkpoint to %s: %w", dir, err)
	}
	return nil
}

// get reads one key. The value is a view until closer is closed; closer is nil
// where there is no such key.
func (s *Store) get(key []byte) (value []byte, closer io.Closer, err error) {
	value, closer, err = s.db.Get(key)
	if errors.Is(err, pebble.ErrNotFound) {
		return nil, nil, nil
	}
	if err != nil {
		return nil, nil, fmt.Errorf("storage: read: %w", err)
	}
	return value, closer, nil
}

// iter reads the keys from low up to but without high.
func (s *Store) iter(low, high []byte) (*pebble.Iterator, error) {
	it, err := s.db.NewIter(&pebble.IterOptions{LowerBound: low, UpperBound: high})
	if err != nil {
		return nil, fmt.Errorf("storage: read: %w", err)
	}
	return it, nil
}
