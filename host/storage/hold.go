package storage

import (
	"errors"
	"fmt"
	"io/fs"
	"sync"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"
)

// holdEvery is how often an idle store looks whether its folder is still there. One at
// work looks before it acknowledges anything, and before it creates or removes a file.
const holdEvery = time.Second

// fileID tells a file from another one that has its name later.
type fileID struct{ device, inode uint64 }

// hold is the grip on a folder. The lock is on a file and not on its name: who moves
// the folder, mounts another over it, or restores a copy in its place gives the name
// to a folder that nobody has locked, where the next host finds its own lock free,
// while pebble, which goes by names, would create and remove its files there.
type hold struct {
	fs    vfs.FS
	path  string // of the lock
	id    fileID
	known bool // else the file system has no such numbers

	once     sync.Once
	replaced chan struct{}
}

// newHold notes the lock file, which has just been locked.
func newHold(under vfs.FS, path string) *hold {
	h := &hold{fs: under, path: path, replaced: make(chan struct{})}
	if info, err := under.Stat(path); err == nil {
		h.id, h.known = identify(info)
	}
	return h
}

// check returns an error that wraps ErrReplaced once the folder is another.
func (h *hold) check() error {
	if h == nil || !h.known {
		return nil
	}
	select {
	case <-h.replaced: // for good: what was missed while it was another is not known
		return h.lost()
	default:
	}
	info, err := h.fs.Stat(h.path)
	if err == nil {
		if id, _ := identify(info); id == h.id {
			return nil
		}
	} else if !errors.Is(err, fs.ErrNotExist) {
		return nil // the file cannot be seen; the disk will say why
	}
	h.once.Do(func() { close(h.replaced) })
	return h.lost()
}

func (h *hold) lost() error {
	return fmt.Errorf("%w: %s is not the file that was locked "+
		"(stop every host before its folder is moved or restored, then start one)",
		ErrReplaced, h.path)
}

// watch looks from time to time until done is closed.
func (f *walFS) watch(done <-chan struct{}) {
	ticker := time.NewTicker(holdEvery)
	defer ticker.Stop()
	for f.moved() == nil {
		select {
		case <-ticker.C:
		case <-done:
			return
		}
	}
}

// moved fails the log if the folder has been replaced, and returns why.
func (f *walFS) moved() error {
	err := f.hold.check()
	if err != nil {
		f.unsure.Store(true)
		f.fail(err)
	}
	return err
}

// Replaced is closed when the store's folder has been replaced: the log has failed,
// and the host has to stop. Err of the log says what happened.
func (s *Store) Replaced() <-chan struct{} { return s.wal.files.hold.replaced }
