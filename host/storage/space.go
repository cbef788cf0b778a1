package storage

import (
	"errors"
	"fmt"
	"log/slog"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"
)

// A disk that fills up fails the log for good: what a failed write left on it nobody
// knows. So a batch is refused before the log is touched when there would not be room
// for what must follow, and batches are taken again as soon as there is.
const (
	// startBytes must be free to open a store, beside what its log holds, which
	// becomes sstables then: a new log, a MANIFEST and the options.
	startBytes = 8 << 20
	// spareBytes must be free to take a batch, beside what is in no sstable yet: for a
	// new log, and for what else is on the disk and grows while nobody looks.
	spareBytes = 16 << 20
	// sampleEvery and sampleBytes are how far the disk is from what was last seen: it is
	// looked at again after so long, or so much.
	sampleEvery = 50 * time.Millisecond
	sampleBytes = 1 << 20
)

// checkStart returns ErrDiskFull if there is no room to open a store.
func checkStart(under vfs.FS, dir string, replay int64) error {
	usage, err := under.GetDiskUsage(dir)
	if err != nil {
		return nil // not every file system says
	}
	if need := uint64(replay) + startBytes; usage.AvailBytes < need {
		return fmt.Errorf("%w: %s are free, a start needs %s (make room, or choose another folder)",
			ErrDiskFull, mebibytes(usage.AvailBytes), mebibytes(need))
	}
	return nil
}

func mebibytes(n uint64) string { return fmt.Sprintf("%.1f MiB", float64(n)/(1<<20)) }

func isFull(err error) bool {
	return errors.Is(err, syscall.ENOSPC) || errors.Is(err, syscall.EDQUOT)
}

// space watches the disk of an open store, under the log's mu.
type space struct {
	fs      vfs.FS
	dir     string
	logger  *slog.Logger
	pending func() uint64 // bytes of the log that are in no sstable yet
	every   time.Duration

	at       time.Time // of the last sample
	room     int64     // what it left for batches
	appended int64     // since then
	full     bool

	// stalled says that a memtable could not be written out for want of space. Pebble
	// tries again until it can; what it holds is in the log.
	stalled atomic.Bool
}

// newSpace returns a watch, or nil where the file system does not say how full it is.
func newSpace(o Options, dir string, pending func() uint64) *space {
	if _, err := o.FS.GetDiskUsage(dir); err != nil {
		return nil
	}
	return &space{fs: o.FS, dir: dir, logger: o.Logger, pending: pending, every: sampleEvery}
}

// admitLocked returns ErrDiskFull if a batch of n bytes must not be taken.
func (s *space) admitLocked(n int) error {
	if s == nil {
		return nil
	}
	now := time.Now()
	if s.at.IsZero() || s.appended > sampleBytes || now.Sub(s.at) >= s.every {
		s.sampleLocked(now)
	}
	// Twice: what is in the log becomes an sstable.
	full := s.stalled.Load() || s.room < s.appended+2*int64(n)
	if full != s.full {
		s.full = full
		if full {
			s.logger.Error("the disk is full: "+
				"writes are refused until there is room again, reads go on", "folder", s.dir,
				"missing", mebibytes(uint64(max(0, s.appended+2*int64(n)-s.room))))
		} else {
			s.logger.Info("there is room on the disk again: writes go on", "folder", s.dir)
		}
	}
	if full {
		return fmt.Errorf("%w: %s", ErrDiskFull, s.dir)
	}
	s.appended += 2 * int64(n)
	return nil
}

func (s *space) sampleLocked(now time.Time) {
	usage, err := s.fs.GetDiskUsage(s.dir)
	if err != nil {
		return
	}
	s.at, s.appended = now, 0
	s.room = int64(usage.AvailBytes) - int64(s.pending()) - spareBytes
}

// stall notes whether a memtable cannot be written out.
func (s *space) stall(is bool) {
	if s != nil {
		s.stalled.Store(is)
	}
}
