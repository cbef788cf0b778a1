package main

import (
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// openToOthers returns what in a tree others may use, by its path.
func openToOthers(t *testing.T, dir string) (found []string) {
	t.Helper()
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		info, err := d.Info()
		if err == nil && info.Mode().Perm()&0o077 != 0 {
			found = append(found, info.Mode().String()+" "+path)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return found
}

// TestDataPrivate serves, with a folder that is new and with one that an older host
// left open: nobody else may read it, and git leaves it out.
func TestDataPrivate(t *testing.T) {
	data := filepath.Join(t.TempDir(), "deep", "data")
	const created = `{"tag": "v1", "new_sqlite_classes": ["Counter"]}`
	const bound = `{"name": "COUNTERS", "class_name": "Counter"}`
	p := startServe(t, nil, "--data", data, watConfig(t, t.TempDir(), created, bound))
	check := func(when string) {
		t.Helper()
		p.get("/increment?name=A")
		if found := openToOthers(t, data); len(found) > 0 {
			t.Errorf("%s: others can use\n%s", when, strings.Join(found, "\n"))
		}
		if text, err := os.ReadFile(filepath.Join(data, ".gitignore")); string(text) != "*\n" ||
			err != nil {
			t.Errorf("%s: .gitignore %q, %v", when, text, err)
		}
	}
	check("a new folder")
	p.stop()
	if err := filepath.WalkDir(data, func(path string, _ fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		return os.Chmod(path, 0o777)
	}); err != nil {
		t.Fatal(err)
	}
	p = startServe(t, nil, "--data", data, watConfig(t, t.TempDir(), created, bound))
	check("an old folder")
	p.stop()
}

// TestDataShared leaves a folder as it is that holds more than a host's data.
func TestDataShared(t *testing.T) {
	dir := t.TempDir()
	for _, path := range []string{dir, filepath.Join(dir, "store"), filepath.Join(dir, "src")} {
		if err := os.MkdirAll(path, 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.Chmod(path, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	if err := prepareData(dir, slog.New(slog.DiscardHandler)); err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]fs.FileMode{".": 0o755, "src": 0o755, "store": 0o700} {
		info, err := os.Stat(filepath.Join(dir, name))
		if err != nil || info.Mode().Perm() != want {
			t.Errorf("%s has the mode %v, want %v; %v", name, info.Mode(), want, err)
		}
	}
	if _, err := os.Lstat(filepath.Join(dir, ".gitignore")); !os.IsNotExist(err) {
		t.Errorf("git leaves out a folder that is not ours: %v", err)
	}
}
