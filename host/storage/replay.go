package storage

import (
	"errors"
	"fmt"
	"io"

	"github.com/cockroachdb/pebble/v2/batchrepr"
	"github.com/cockroachdb/pebble/v2/record"
	"github.com/cockroachdb/pebble/v2/vfs"
	"github.com/cockroachdb/pebble/v2/wal"
)

// logs is what the write-ahead log holds that is not in sstables yet: what a start
// replays.
type logs struct {
	files   []string // their paths, in order
	batches int
	bytes   int64
	last    uint64 // pebble's sequence number of the last write; 0 if there is none
	format  []byte // the value of the format key, if a batch puts it
	numbers []uint64
}

// scanLogs reads the logs from number oldest on. Pebble ends its replay, without a
// word, at the first record of the newest log that it cannot read, and passes over a
// file that is not there. So they are read before it does: a hole in what it would
// replay is an error that wraps ErrCorrupt, and where the newest log ends is known.
func scanLogs(fs vfs.FS, dir string, oldest uint64) (logs, error) {
	var l logs
	folders := []wal.Dir{{FS: fs, Dirname: dir}} // where a checkpoint has them
	if folder := fs.PathJoin(dir, walFolder); exists(fs, folder) {
		folders = append(folders, wal.Dir{FS: fs, Dirname: folder})
	}
	all, err := wal.Scan(folders...)
	if err != nil {
		return l, err
	}
	for len(all) > 0 && uint64(all[0].Num) < oldest {
		all = all[1:]
	}
	for i, file := range all {
		_, path := file.SegmentLocation(0)
		l.files, l.numbers = append(l.files, path), append(l.numbers, uint64(file.Num))
		if err := l.read(file, path, i == len(all)-1); err != nil {
			return l, err
		}
	}
	return l, nil
}

// read reads one log. All but the newest were closed and have a proper end.
func (l *logs) read(file wal.LogicalLog, path string, newest bool) (err error) {
	r := file.OpenForRead()
	defer func() { err = errors.Join(err, r.Close()) }()
	for {
		next, at, err := r.NextRecord()
		var batch []byte
		if err == nil {
			batch, err = io.ReadAll(next)
		}
		switch {
		case errors.Is(err, io.EOF), newest && errors.Is(err, record.ErrUnexpectedEOF):
			return nil
		case isInvalid(err):
			return fmt.Errorf("%w: log %s is damaged at byte %d", ErrCorrupt, path, at.Physical)
		case err != nil:
			return fmt.Errorf("read log %s: %w", path, err)
		}
		if err := l.add(batch); err != nil {
			return fmt.Errorf("%w: log %s: %w at byte %d", ErrCorrupt, path, err, at.Physical)
		}
	}
}

func isInvalid(err error) bool {
	return errors.Is(err, record.ErrUnexpectedEOF) || errors.Is(err, record.ErrInvalidChunk) ||
		errors.Is(err, record.ErrZeroedChunk)
}

func (l *logs) add(batch []byte) error {
	h, ok := batchrepr.ReadHeader(batch)
	if !ok || h.Count == 0 {
		return errors.New("a batch without a header")
	}
	if first := uint64(h.SeqNum); l.last != 0 && first != l.last+1 {
		return fmt.Errorf("the writes from %d to %d are missing", l.last+1, first-1)
	}
	l.last = uint64(h.SeqNum) + uint64(h.Count) - 1
	if l.batches++; l.batches == 1 {
		l.findFormat(batch) // a store's first write says its format
	}
	l.bytes += int64(len(batch))
	return nil
}

// findFormat looks for the format key in a batch.
func (l *logs) findFormat(batch []byte) {
	r := batchrepr.Read(batch)
	for {
		_, key, value, ok, err := r.Next()
		if !ok || err != nil {
			return
		}
		if string(key) == string(formatKey) {
			l.format = append([]byte{}, value...)
		}
	}
}

func exists(fs vfs.FS, path string) bool {
	_, err := fs.Stat(path)
	return err == nil
}
