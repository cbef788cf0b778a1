package storage

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"strings"
	"sync/atomic"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"
	"github.com/cockroachdb/pebble/v2/wal"
)

// flushRetryDelay slows down pebble, which tries a failed flush again at once
// and for ever, after the log has failed.
const flushRetryDelay = 100 * time.Millisecond

// walFS watches the folder of the write-ahead log.
//
// Pebble answers an error while it closes, creates or writes that log with a
// panic inside a region whose deferred unlock then ends the process. So pebble
// does not see such errors. The first one goes to fail; from then on the folder
// takes no more writes and every operation on it seems to work. Nobody is misled
// by that: fail returns before pebble learns that a sync is over, and a log that
// has failed acknowledges nothing. What is on disk is the prefix up to the
// failure, whatever the disk would have taken later.
//
// All other folders' errors pass: pebble reports those properly.
type walFS struct {
	vfs.FS
	dir    string
	fail   func(error)
	failed func() bool
	// stalled says that a flush failed for want of space.
	stalled func() bool

	// unsure says that the store's folder could not be synced, or that pebble should have
	// ended: which files a crash leaves or needs is not known, so that none may be removed
	// and no MANIFEST may speak of another.
	unsure atomic.Bool
	hold   *hold         // nil before there is a lock
	newest atomic.Uint64 // the number of the log that batches go to
	mark   *markKeeper   // gets what is durable of the MANIFEST; nil in tests
}

func (f *walFS) Unwrap() vfs.FS { return f.FS }

func (f *walFS) inWAL(name string) bool { return f.FS.PathDir(name) == f.dir }

// hides reports whether pebble does not see the errors of a file: a log, or what
// becomes its OPTIONS. An Open that fails there closes what compactions, which it has
// begun by then, still use, and they panic.
func (f *walFS) hides(name string) bool {
	return f.inWAL(name) || strings.HasPrefix(f.FS.PathBase(name), "temporary.")
}

func (f *walFS) Rename(from, to string) error {
	if err := f.moved(); !f.hides(from) {
		if err != nil {
			return err
		}
		return f.FS.Rename(from, to)
	}
	if !f.failed() {
		if err := f.FS.Rename(from, to); err != nil {
			f.fail(fmt.Errorf("rename %s: %w", from, err))
		}
	}
	return nil
}

func (f *walFS) Create(name string, c vfs.DiskWriteCategory) (vfs.File, error) {
	err := f.moved()
	if !f.hides(name) {
		if err != nil {
			return nil, err
		}
		if f.failed() || f.stalled() {
			time.Sleep(flushRetryDelay)
		}
		file, err := f.FS.Create(name, c)
		if base := f.FS.PathBase(name); err == nil && strings.HasPrefix(base, "MANIFEST-") {
			return &manifestFile{File: file, fs: f, name: base}, nil
		}
		return file, err
	}
	return f.open("create", name, func() (vfs.File, error) { return f.FS.Create(name, c) })
}

func (f *walFS) ReuseForWrite(from, to string, c vfs.DiskWriteCategory) (vfs.File, error) {
	if err := f.moved(); !f.inWAL(to) {
		if err != nil {
			return nil, err
		}
		return f.FS.ReuseForWrite(from, to, c)
	}
	return f.open("reuse", to, func() (vfs.File, error) { return f.FS.ReuseForWrite(from, to, c) })
}

func (f *walFS) OpenDir(name string) (vfs.File, error) {
	file, err := f.FS.OpenDir(name)
	if err != nil {
		return file, err
	}
	if name != f.dir {
		return &folder{File: file, fs: f, name: name}, nil
	}
	return &walFile{File: file, fs: f, name: name}, nil
}

func (f *walFS) open(op, name string, open func() (vfs.File, error)) (vfs.File, error) {
	w := &walFile{fs: f, name: name}
	if number, _, ok := wal.ParseLogFilename(f.FS.PathBase(name)); ok {
		w.number = uint64(number)
		f.newest.Store(w.number)
	}
	if f.failed() {
		return w, nil
	}
	file, err := open()
	if err != nil {
		w.note(op, err)
		return w, nil
	}
	w.File = file
	return w, nil
}

// Lock names the one reason why a lock cannot be had that is not a fault of the
// file system: vfs has no error of its own for it.
func (f *walFS) Lock(name string) (io.Closer, error) {
	c, err := f.FS.Lock(name)
	if _, isFault := errors.AsType[*fs.PathError](err); err == nil || isFault {
		return c, err
	}
	return nil, fmt.Errorf("%w: %s is locked (%w); stop the other process or choose another folder",
		ErrLocked, name, err)
}

// Lock takes the lock of a folder on the real disk that holds a store, as Open
// does, without opening the store. The error is ErrLocked if the folder is in use.
func Lock(dir string) (io.Closer, error) {
	return (&walFS{FS: vfs.Default}).Lock(vfs.Default.PathJoin(dir, lockFile))
}

// walFile is a file of the write-ahead log, or its folder. File is nil if it
// could not be opened; then the log has failed.
type walFile struct {
	vfs.File
	fs     *walFS
	name   string
	number uint64 // of the log; 0 for the folder
	used   bool   // something was written

	written, taken int64 // bytes of the file, and of the disk for it
}

func (w *walFile) note(op string, err error) {
	if err != nil {
		w.fs.fail(fmt.Errorf("%s %s: %w", op, w.name, err))
	}
}

func (w *walFile) dead() bool { return w.File == nil || w.fs.failed() }

func (w *walFile) Write(p []byte) (int, error) {
	if w.dead() {
		return len(p), nil
	}
	if w.number != 0 && !w.used {
		w.used = true
		w.fs.mark.wrote(w.number)
	}
	if end := w.written + int64(len(p)); w.number != 0 && end > w.taken {
		length := (end - w.taken + logChunk - 1) / logChunk * logChunk
		_ = w.File.Preallocate(w.taken, length) // room only makes writes cheaper
		w.taken += length
	}
	n, err := w.File.Write(p)
	w.written += int64(n)
	if err == nil && n < len(p) {
		err = io.ErrShortWrite
	}
	w.note("write", err)
	return len(p), nil
}

func (w *walFile) Sync() error {
	if !w.dead() {
		w.note("sync", w.File.Sync())
	}
	return nil
}

func (w *walFile) SyncData() error {
	if !w.dead() {
		w.note("sync", w.File.SyncData())
	}
	return nil
}

func (w *walFile) SyncTo(length int64) (fullSync bool, err error) {
	if w.dead() {
		return true, nil
	}
	fullSync, err = w.File.SyncTo(length)
	w.note("sync", err)
	return fullSync || err != nil, nil
}

// Preallocate does nothing: Write takes what it needs, in smaller pieces.
func (w *walFile) Preallocate(offset, length int64) error { return nil }

// Close fails the log only while that is healthy; else it frees what there is.
func (w *walFile) Close() error {
	if w.File == nil {
		return nil
	}
	err := w.File.Close()
	if !w.fs.failed() {
		w.note("close", err)
	}
	return nil
}

func (w *walFile) Stat() (vfs.FileInfo, error) {
	if w.File == nil {
		return noFile{}, nil
	}
	return w.File.Stat()
}

func (w *walFile) Fd() uintptr {
	if w.File == nil {
		return vfs.InvalidFd
	}
	return w.File.Fd()
}

// noFile describes a file that could not be opened.
type noFile struct{}

func (noFile) Name() string           { return "" }
func (noFile) Size() int64            { return 0 }
func (noFile) Mode() os.FileMode      { return 0 }
func (noFile) ModTime() time.Time     { return time.Time{} }
func (noFile) IsDir() bool            { return false }
func (noFile) Sys() any               { return nil }
func (noFile) DeviceID() vfs.DeviceID { return vfs.DeviceID{} }

// manifestFile is a MANIFEST. It notes how much of it is durable.
type manifestFile struct {
	vfs.File
	fs     *walFS
	name   string
	length int64
}

func (m *manifestFile) Write(p []byte) (int, error) {
	if m.fs.unsure.Load() {
		return 0, errUnsure
	}
	n, err := m.File.Write(p)
	m.length += int64(n)
	return n, err
}

func (m *manifestFile) Sync() error {
	err := m.File.Sync()
	if err == nil {
		m.fs.mark.synced(m.name, m.length)
	}
	return err
}

var errUnsure = errors.New("storage: the folder could not be synced")

// folder is the store's own folder. Pebble panics, in a goroutine of its own, when a
// marker that it has moved there cannot be synced, so it does not learn of that.
type folder struct {
	vfs.File
	fs   *walFS
	name string
}

func (d *folder) Sync() error {
	if err := d.File.Sync(); err != nil {
		d.fs.unsure.Store(true)
		d.fs.fail(fmt.Errorf("sync %s: %w", d.name, err))
	}
	return nil
}

// Remove implements vfs.FS.
func (f *walFS) Remove(name string) error {
	if err := f.moved(); err != nil {
		return err
	}
	if f.unsure.Load() {
		return errUnsure
	}
	return f.FS.Remove(name)
}
