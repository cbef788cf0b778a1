package storage

import (
	"errors"
	"io"
	"io/fs"
	"os"
	"slices"
	"strings"

	"github.com/cockroachdb/pebble/v2/vfs"
)

// errReadOnly says that a look at a folder wanted to change it.
var errReadOnly = errors.New("storage: change of a folder that is only looked at")

// readOnlyFS takes no change: pebble looks through it at a folder of which nobody
// knows yet whether it is a store, and whole. It shows no logs, so that pebble does
// not replay them for a look; scanLogs reads them.
type readOnlyFS struct{ vfs.FS }

func (f readOnlyFS) Unwrap() vfs.FS { return f.FS }

// OpenDir and List take a folder for the logs that is not there for an empty one: a
// checkpoint has its logs beside its sstables.
func (f readOnlyFS) OpenDir(name string) (vfs.File, error) {
	file, err := f.FS.OpenDir(name)
	if errors.Is(err, fs.ErrNotExist) && f.FS.PathBase(name) == walFolder {
		return f.FS.OpenDir(f.FS.PathDir(name))
	}
	return file, err
}

func (f readOnlyFS) List(dir string) ([]string, error) {
	names, err := f.FS.List(dir)
	if errors.Is(err, fs.ErrNotExist) && f.FS.PathBase(dir) == walFolder {
		err = nil
	}
	isLog := func(name string) bool { return strings.HasSuffix(name, ".log") }
	return slices.DeleteFunc(names, isLog), err
}

// Lock does nothing: whoever looks has the lock, or there is none yet.
func (f readOnlyFS) Lock(string) (io.Closer, error) { return io.NopCloser(nil), nil }

func (f readOnlyFS) Create(string, vfs.DiskWriteCategory) (vfs.File, error) {
	return nil, errReadOnly
}

func (f readOnlyFS) OpenReadWrite(
	string, vfs.DiskWriteCategory, ...vfs.OpenOption,
) (vfs.File, error) {
	return nil, errReadOnly
}

func (f readOnlyFS) ReuseForWrite(string, string, vfs.DiskWriteCategory) (vfs.File, error) {
	return nil, errReadOnly
}

func (f readOnlyFS) Link(string, string) error          { return errReadOnly }
func (f readOnlyFS) Remove(string) error                { return errReadOnly }
func (f readOnlyFS) RemoveAll(string) error             { return errReadOnly }
func (f readOnlyFS) Rename(string, string) error        { return errReadOnly }
func (f readOnlyFS) MkdirAll(string, os.FileMode) error { return errReadOnly }
