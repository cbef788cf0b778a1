package storage

import (
	"errors"
	"io/fs"

	"github.com/cockroachdb/pebble/v2/vfs"
)

// makeDir makes a folder, and those that it lies in, unless it is there. They are
// durable when it returns: what is synced in a folder that nobody has synced may be
// gone with the folder after a loss of power. Pebble does that for the folders that it
// makes itself.
func makeDir(disk vfs.FS, dir string) error {
	if _, err := disk.Stat(dir); err == nil {
		return nil
	}
	if err := disk.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	for inside := dir; ; {
		around := disk.PathDir(inside)
		if err := syncDir(disk, around); errors.Is(err, fs.ErrPermission) {
			return nil // the folder was there before, or nothing could have been made in it
		} else if err != nil {
			return err
		}
		if around == inside || around == "." {
			return nil
		}
		inside = around
	}
}

func syncDir(disk vfs.FS, dir string) error {
	d, err := disk.OpenDir(dir)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}
