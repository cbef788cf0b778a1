package storage

import (
	"fmt"
	"log/slog"
	"runtime"
	"strings"
	"sync"
	"time"

	"github.com/cockroachdb/pebble/v2"
	"github.com/cockroachdb/pebble/v2/bloom"
	"github.com/cockroachdb/pebble/v2/vfs"
	"github.com/cockroachdb/pebble/v2/wal"
)

const (
	// DefaultCacheBytes holds the blocks of a few hundred thousand small objects.
	DefaultCacheBytes = 64 << 20
	// DefaultMemTableBytes bounds what a start has to replay.
	DefaultMemTableBytes = 32 << 20
	// MemTables is how many of them may wait to be flushed before Append waits.
	MemTables = 4
	// maxL0Files is far above what compaction allows, so that a compaction that
	// cannot be done slows reads down and does not stop writes.
	maxL0Files = 1000
	// blockBytes is a compromise of what a Get of one small value reads and of
	// the size of the index.
	blockBytes = 8 << 10
	// logChunk is how much of a log is taken from the disk at a time. Pebble would take
	// 36 MB, more than a memtable.
	logChunk = 4 << 20
	// tellEvery is how often a background error is logged that comes again.
	tellEvery = time.Minute
	// bloomBitsPerKey gives one false "perhaps" in a hundred.
	bloomBitsPerKey = 10

	walFolder = "wal"
	lockFile  = "LOCK"

	// emptyFlush is what pebble reports of a flush that succeeded and wrote no
	// table, since everything in the memtable cancelled out. It exports no error
	// to compare with; TestModel meets the case and fails if the text changes.
	emptyFlush = "pebble: empty table"
)

// engineOptions are pebble's settings. The write-ahead log is on, in a folder of
// its own (walFS), and synced when a batch asks for it: no background syncs and
// no minimum interval, since the syncer groups commits without waiting.
//
// A checkpoint has its logs beside its sstables, hence the recovery folder.
func engineOptions(f *walFS, o Options, l *walLog) *pebble.Options {
	beside := wal.Dir{FS: f, Dirname: pebble.MakeStoreRelativePath(f, "")}
	po := &pebble.Options{
		FS:                          f,
		WALDir:                      pebble.MakeStoreRelativePath(f, walFolder),
		WALRecoveryDirs:             []wal.Dir{beside},
		FormatMajorVersion:          pebble.FormatNewest,
		CacheSize:                   o.CacheBytes,
		MemTableSize:                uint64(o.MemTableBytes),
		MemTableStopWritesThreshold: MemTables,
		L0CompactionThreshold:       2,
		L0StopWritesThreshold:       maxL0Files,
		LBaseMaxBytes:               64 << 20,
		WALMinSyncInterval:          newPacer().interval,
		Logger:                      engineLogger{o.Logger, l},
		EventListener:               engineEvents(o.Logger, l),
	}
	po.CompactionConcurrencyRange = func() (int, int) {
		return 1, min(max(1, runtime.GOMAXPROCS(0)/2), 4)
	}
	for i := range po.Levels {
		po.Levels[i].BlockSize = blockBytes
		po.Levels[i].FilterPolicy = bloom.FilterPolicy(bloomBitsPerKey)
	}
	return po
}

// engineLogger is pebble's Logger. Pebble calls Fatalf where it expects the
// process to end, and goes on when it returns. There are two kinds of callers in
// v2.1.7, told apart by whether they hand over an error:
//
//   - A file operation failed: applyInternal (commit), versionSet.create and
//     UpdateVersionLocked (MANIFEST), ingest, table_stats (a table's size),
//     base.MustExist (a file is gone), event.go (corruption, which our listener
//     takes first). All return the error afterwards, except for applyInternal,
//     for which Append looks at the log's state. The log fails. Pebble goes on as if
//     all were well: a new MANIFEST that could not be made the current one is written
//     to, and what the current one needs is removed. So nothing is removed from then
//     on, and no MANIFEST written.
//   - A check of pebble's own state failed (iterators, levels, file lists): a bug
//     whose results must not be used. It is a panic.
type engineLogger struct {
	logger *slog.Logger
	log    *walLog
}

func (e engineLogger) Infof(format string, args ...any) {
	e.logger.Debug("pebble: " + fmt.Sprintf(format, args...))
}

func (e engineLogger) Errorf(format string, args ...any) {
	e.logger.Error("pebble: " + fmt.Sprintf(format, args...))
}

func (e engineLogger) Fatalf(format string, args ...any) {
	for _, arg := range args {
		if err, ok := arg.(error); ok {
			e.log.files.unsure.Store(true)
			e.log.fail(&engineError{fmt.Sprintf(format, args...), err})
			return
		}
	}
	panic("storage: pebble: " + fmt.Sprintf(format, args...))
}

// engineError is what pebble said and the error that it said it about.
type engineError struct {
	text string
	err  error
}

func (e *engineError) Error() string { return e.text }
func (e *engineError) Unwrap() error { return e.err }

// engineEvents fails the log when a memtable cannot be written out. Pebble would
// try again for ever and let Append wait meanwhile. A compaction that failed is
// tried again and harms nobody, so it is only logged.
func engineEvents(logger *slog.Logger, l *walLog) *pebble.EventListener {
	told := &teller{}
	return &pebble.EventListener{
		BackgroundError: func(err error) {
			if l.Err() == nil && told.again(err) {
				logger.Error("background work of the store failed; it is tried again", "error", err)
			}
		},
		DataCorruption: func(info pebble.DataCorruptionInfo) {
			l.fail(fmt.Errorf("%w: %s", ErrCorrupt, info))
		},
		FlushBegin: func(pebble.FlushInfo) { l.unflushed.flushBegin() },
		FlushEnd: func(info pebble.FlushInfo) {
			l.unflushed.flushEnd()
			failed := info.Err != nil && info.Err.Error() != emptyFlush
			full := failed && isFull(info.Err) && l.opened.Load()
			l.space.stall(full) // what comes next is refused, so that Append does not wait
			if failed && !full {
				l.fail(fmt.Errorf("flush memtable: %w", info.Err))
			}
		},
		WriteStallBegin: func(info pebble.WriteStallBeginInfo) {
			logger.Warn("writes wait for the disk", "reason", info.Reason)
		},
	}
}

// teller keeps what happens again and again from filling the log of the host.
type teller struct {
	mu   sync.Mutex
	text string
	at   time.Time
}

// again reports whether an error is another one than the last, or that is long ago.
func (t *teller) again(err error) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	text, now := err.Error(), time.Now()
	kind, _, _ := strings.Cut(text, ":") // file names and sizes follow
	if kind == t.text && now.Sub(t.at) < tellEvery {
		return false
	}
	t.text, t.at = kind, now
	return true
}

// newWALFS wraps a file system for the store in dir.
func newWALFS(under vfs.FS, dir string, l *walLog) *walFS {
	l.files = &walFS{
		FS:     under,
		dir:    under.PathJoin(dir, walFolder),
		fail:   l.fail,
		failed: func() bool { return l.Err() != nil },
		// space is set before the log has opened.
		stalled: func() bool { return l.opened.Load() && l.space != nil && l.space.stalled.Load() },
	}
	return l.files
}
