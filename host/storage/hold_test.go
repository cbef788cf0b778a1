//go:build unix

package storage

import (
	"errors"
	"maps"
	"os"
	"path/filepath"
	"testing"

	"github.com/cockroachdb/pebble/v2/vfs"
)

// TestFolderReplaced: a store whose folder is moved, or has another in its place,
// acknowledges nothing from then on, and touches no file of the other, which a second
// host may have open.
func TestFolderReplaced(t *testing.T) {
	for name, replace := range map[string]func(t *testing.T, dir string){
		"moved": func(t *testing.T, dir string) {
			if err := os.Rename(dir, dir+".moved"); err != nil {
				t.Fatal(err)
			}
		},
		"lock removed": func(t *testing.T, dir string) {
			if err := os.Remove(filepath.Join(dir, lockFile)); err != nil {
				t.Fatal(err)
			}
		},
		"restored": func(t *testing.T, dir string) {
			if err := os.CopyFS(dir+".copy", os.DirFS(dir)); err != nil {
				t.Fatal(err)
			}
			err := errors.Join(os.Rename(dir, dir+".moved"), os.Rename(dir+".copy", dir))
			if err != nil {
				t.Fatal(err)
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			parent := t.TempDir()
			dir := filepath.Join(parent, "store")
			first, err := Open(dir, Options{})
			if err != nil {
				t.Fatal(err)
			}
			if err := put(first, "before", "1"); err != nil {
				t.Fatal(err)
			}
			replace(t, dir)
			// Within a process a lock is of a name, so the second host has another.
			alias := filepath.Join(t.TempDir(), "alias")
			if err := os.Symlink(parent, alias); err != nil {
				t.Fatal(err)
			}
			second, err := Open(filepath.Join(alias, "store"), Options{})
			if err != nil {
				t.Fatal(err)
			}
			if err := put(second, "its own", "1"); err != nil {
				t.Fatal(err)
			}
			before := contents(t, vfs.Default, dir)
			err = put(first, "after", "1")
			if !errors.Is(err, ErrReplaced) || !errors.Is(err, ErrLogFailed) {
				t.Errorf("got %v, want ErrReplaced", err)
			}
			<-first.Replaced()
			_, _ = first.db.AsyncFlush() // it fails, as does what would follow it
			if err := first.Close(); !errors.Is(err, ErrReplaced) {
				t.Errorf("close: %v", err)
			}
			if now := contents(t, vfs.Default, dir); !maps.Equal(before, now) {
				t.Error("files of the other were changed")
			}
			if err := put(second, "more", "1"); err != nil {
				t.Error(err)
			}
			if err := second.Close(); err != nil {
				t.Error(err)
			}
		})
	}
}
