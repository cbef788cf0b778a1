package module_test

import (
	"bytes"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/cairn-dev/cairn/host/module"
)

// entries are the files of a cache. One that is written anew is another file.
func entries(t *testing.T, dir string) (files []string) {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(dir, "*", "*", "wazero-*", "*"))
	if err != nil {
		t.Fatal(err)
	}
	return files
}

// compileOnce starts an engine on a folder, compiles a module, and runs it. It
// returns what was logged. during is called as the compiler begins.
func compileOnce(t *testing.T, dir string, during func()) string {
	t.Helper()
	var log bytes.Buffer
	e := newEngine(t, module.Options{CacheDir: dir,
		Logger: slog.New(slog.NewTextHandler(&log, nil)),
		After: func(d time.Duration, fn func()) func() bool {
			if d != time.Second {
				t.Errorf("a compilation is slow after %v", d)
			}
			fn()
			if during != nil {
				during()
			}
			return func() bool { return true }
		}})
	v, err := start(e, acrobat(0))
	if err != nil {
		t.Fatalf("%v\n%s", err, &log)
	}
	defer v.Close()
	i := get(t, v)
	if err := enter(t, i, doCount, time.Second); err != nil {
		t.Error(err)
	}
	v.Put(i)
	return log.String()
}

// TestCacheSecondStart wants a second start to compile nothing: what is compiled
// is written, and a file that is written is another one than before.
func TestCacheSecondStart(t *testing.T) {
	dir := t.TempDir()
	log := compileOnce(t, dir, nil)
	if !strings.Contains(log, "compiling module, this is kept for the next start") ||
		strings.Contains(log, "WARN") {
		t.Errorf("log: %s", log)
	}
	files := entries(t, dir)
	if len(files) != 1 {
		t.Fatalf("the cache has %q", files)
	}
	first, err := os.Stat(files[0])
	if err != nil {
		t.Fatal(err)
	}
	compileOnce(t, dir, nil)
	second, err := os.Stat(files[0])
	if err != nil || !os.SameFile(first, second) || len(entries(t, dir)) != 1 {
		t.Errorf("the second start compiled: %v, %q", err, entries(t, dir))
	}
}

// TestCacheTrouble spoils the cache in every way that a disk can. Each start
// runs the module, says what is wrong, and the next one finds a good cache if
// that is possible.
func TestCacheTrouble(t *testing.T) {
	cut := func(at func(size int64) int64) func(*testing.T, string) {
		return func(t *testing.T, file string) {
			info, err := os.Stat(file)
			if err == nil {
				err = os.Truncate(file, at(info.Size()))
			}
			if err != nil {
				t.Error(err)
			}
		}
	}
	flip := func(at func(size int) int) func(*testing.T, string) {
		return func(t *testing.T, file string) {
			b, err := os.ReadFile(file)
			if err == nil {
				b[at(len(b))] ^= 0x10
				err = os.WriteFile(file, b, 0o644)
			}
			if err != nil {
				t.Error(err)
			}
		}
	}
	for _, c := range []struct {
		name  string
		spoil func(t *testing.T, file string)
	}{
		{"empty", cut(func(int64) int64 { return 0 })},
		{"cut in its head", cut(func(int64) int64 { return 9 })},
		{"cut in its code", cut(func(n int64) int64 { return n / 2 })},
		{"another kind of file", flip(func(int) int { return 0 })},
		{"a flipped bit in its code", flip(func(n int) int { return n * 3 / 4 })},
		{"a folder", func(t *testing.T, file string) {
			if err := os.Remove(file); err != nil {
				t.Error(err)
			}
			if err := os.Mkdir(file, 0o755); err != nil {
				t.Error(err)
			}
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			dir := t.TempDir()
			compileOnce(t, dir, nil)
			c.spoil(t, entries(t, dir)[0])
			log := compileOnce(t, dir, nil)
			if !strings.Contains(log, "cache of compiled code is emptied") ||
				!strings.Contains(log, dir) {
				t.Errorf("log: %s", log)
			}
			if log := compileOnce(t, dir, nil); strings.Contains(log, "WARN") ||
				len(entries(t, dir)) != 1 {
				t.Errorf("the start after it: %s%q", log, entries(t, dir))
			}
		})
	}
}

// TestCacheUnwritable has no folder to write to: a file is in its place, or it
// is taken away while the host runs, as a full disk would fail.
func TestCacheUnwritable(t *testing.T) {
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o644); err != nil {
		t.Fatal(err)
	}
	log := compileOnce(t, file, nil)
	if !strings.Contains(log, "compiled code is not kept") || !strings.Contains(log, file) ||
		!strings.Contains(log, "at every start, as it is not kept") {
		t.Errorf("log: %s", log)
	}
	dir := filepath.Join(t.TempDir(), "cache")
	log = compileOnce(t, dir, func() {
		if err := os.RemoveAll(dir); err != nil {
			t.Error(err)
		}
	})
	if !strings.Contains(log, "trouble with the cache of compiled code") ||
		!strings.Contains(log, dir) {
		t.Errorf("log: %s", log)
	}
}
