package storage

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"math/rand/v2"
	"path"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/cockroachdb/pebble/v2"
	"github.com/cockroachdb/pebble/v2/vfs"
	"github.com/cockroachdb/pebble/v2/vfs/errorfs"
)

const damagedKeys = 60

// damageable returns the disk of a node that was killed: sstables in two levels, logs
// that were flushed and used again, and one with acknowledged writes that are in no
// sstable.
func damageable(t *testing.T) *vfs.MemFS {
	t.Helper()
	mem := vfs.NewCrashableMem()
	s, err := Open("store", Options{FS: mem})
	if err != nil {
		t.Fatal(err)
	}
	r := rand.New(rand.NewPCG(1, 2))
	for n := range damagedKeys {
		txn := s.Object(Owner{ID: testID(byte(n % 7))}).Begin()
		value := make([]byte, 1500) // that does not compress
		for i := range value {
			value[i] = byte(r.Uint32())
		}
		mustPut(t, txn, fmt.Sprint("k", n), string(value))
		wait(t, s, commit(t, txn))
		txn.Close()
		if n == 10 || n == 20 || n == 30 {
			if err := s.db.Flush(); err != nil {
				t.Fatal(err)
			}
		}
		if n == 25 {
			err := s.db.Compact(context.Background(), []byte{0}, []byte{0xff, 0xff}, false)
			if err != nil {
				t.Fatal(err)
			}
		}
	}
	// What is durable is noted after it was acknowledged, and before the next is: so one
	// more, which nobody asks for, and all that somebody will is noted.
	txn := s.Object(Owner{ID: testID(200)}).Begin()
	mustPut(t, txn, "last", "")
	wait(t, s, commit(t, txn))
	txn.Close()
	killed := killedFS(mem)
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	return killed
}

// killedFS returns the disk as the end of the process leaves it.
func killedFS(mem *vfs.MemFS) *vfs.MemFS {
	return mem.CrashClone(vfs.CrashCloneCfg{
		UnsyncedDataPercent: 100, RNG: rand.New(rand.NewPCG(1, 2))})
}

// contents returns every file below a folder, and folders with a slash.
func contents(t *testing.T, f vfs.FS, dir string) map[string]string {
	t.Helper()
	all := map[string]string{}
	names, err := f.List(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range names {
		name = path.Join(dir, name)
		info, err := f.Stat(name)
		if err != nil {
			t.Fatal(err)
		}
		if info.IsDir() {
			all[name+"/"] = ""
			maps.Copy(all, contents(t, f, name))
			continue
		}
		text, err := readFile(f, name)
		if err != nil {
			t.Fatal(err)
		}
		all[name] = string(text)
	}
	return all
}

func writeTo(t *testing.T, f vfs.FS, name string, text []byte) {
	t.Helper()
	file, err := f.Create(name, vfs.WriteCategoryUnspecified)
	if err == nil {
		_, err = file.Write(text)
	}
	if err := errors.Join(err, file.Sync(), file.Close()); err != nil {
		t.Fatal(err)
	}
}

// openDamaged opens what has been damaged: it is refused, in one line, and not a byte
// of the folder has changed; or all that was acknowledged is there; or the log says
// that something is not.
func openDamaged(t *testing.T, disk *vfs.MemFS) (refused error) {
	t.Helper()
	before := contents(t, disk, "store")
	var log bytes.Buffer
	s, err := Open("store", Options{FS: disk, Logger: slog.New(slog.NewTextHandler(&log, nil))})
	if err != nil {
		if now := contents(t, disk, "store"); !maps.Equal(before, now) {
			for name := range now {
				if was, ok := before[name]; !ok || was != now[name] {
					t.Errorf("refused with %v, and %s was changed", err, name)
				}
				delete(before, name)
			}
			t.Errorf("refused with %v, and gone are %v", err, slices.Sorted(maps.Keys(before)))
		}
		if strings.Contains(err.Error(), "\n") {
			t.Errorf("several lines: %v", err)
		}
		return err
	}
	said := strings.Contains(log.String(), "level=ERROR")
	for n := range damagedKeys {
		txn := s.Object(Owner{ID: testID(byte(n % 7))}).Begin()
		value, found, err := txn.Get(fmt.Appendf(nil, "k%d", n))
		if !found || err != nil || len(value) != 1500 {
			if said = said || strings.Contains(log.String(), "level=ERROR"); !said {
				t.Errorf("key %d is lost without a word: %v\n%s", n, err, &log)
			}
		}
		txn.Close()
	}
	if err := s.Close(); err != nil && !said {
		t.Errorf("close: %v", err)
	}
	return nil
}

// TestDamage damages each file of a store in many ways.
func TestDamage(t *testing.T) {
	disk := damageable(t)
	original := contents(t, disk, "store")
	for name, text := range original {
		if strings.HasSuffix(name, "/") {
			continue
		}
		t.Run(name, func(t *testing.T) {
			damage := func(what string, do func(*vfs.MemFS)) {
				disk := killedFS(disk)
				do(disk)
				if err := openDamaged(t, disk); t.Failed() {
					t.Fatalf("%s: %v", what, err)
				}
			}
			damage("removed", func(d *vfs.MemFS) {
				if err := d.Remove(name); err != nil {
					t.Fatal(err)
				}
			})
			garbage := bytes.Repeat([]byte("garbage"), 100)
			damage("more", func(d *vfs.MemFS) { writeTo(t, d, name, []byte(text+"more")) })
			damage("garbage", func(d *vfs.MemFS) { writeTo(t, d, name, garbage) })
			for _, length := range lengths(len(text)) {
				cut := []byte(text[:length])
				damage(fmt.Sprint("cut at ", length), func(d *vfs.MemFS) {
					writeTo(t, d, name, cut)
				})
				damage(fmt.Sprint("zero from ", length), func(d *vfs.MemFS) {
					writeTo(t, d, name, slices.Concat(cut, make([]byte, len(text)-length)))
				})
				damage(fmt.Sprint("flipped at ", length), func(d *vfs.MemFS) {
					wrong := []byte(text)
					for i := length; i < min(length+4, len(wrong)); i++ {
						wrong[i] ^= 0xff
					}
					writeTo(t, d, name, wrong)
				})
			}
			for other, instead := range original {
				isFile := !strings.HasSuffix(other, "/")
				if isFile && other != name && path.Ext(other) == path.Ext(name) {
					damage("swapped with "+other, func(d *vfs.MemFS) {
						writeTo(t, d, name, []byte(instead))
						writeTo(t, d, other, []byte(text))
					})
				}
			}
			damage("renamed", func(d *vfs.MemFS) {
				if err := d.Rename(name, name+"0"); err != nil {
					t.Fatal(err)
				}
			})
		})
	}
}

// lengths are places in a file: both ends, and some between.
func lengths(n int) []int {
	var list []int
	for at := 0; at < n; at += max(1, n/16) {
		list = append(list, at)
	}
	for _, at := range []int{1, 4, 6, n - 60, n - 12, n - 5, n - 1} {
		if at >= 0 && at < n && !slices.Contains(list, at) {
			list = append(list, at)
		}
	}
	return list
}

// TestForeignFolders: what is no store of ours is refused, whatever it is, and stays
// as it is.
func TestForeignFolders(t *testing.T) {
	file := func(name, text string) func(*testing.T, vfs.FS) {
		return func(t *testing.T, f vfs.FS) { writeTo(t, f, "store/"+name, []byte(text)) }
	}
	database := func(o pebble.Options, fill bool) func(*testing.T, vfs.FS) {
		return func(t *testing.T, f vfs.FS) {
			quiet := newWALLog(slog.New(slog.DiscardHandler))
			o.FS, o.Logger = f, engineLogger{quiet.logger, quiet}
			db, err := pebble.Open("store", &o)
			if err == nil && fill {
				err = db.Set([]byte("somebody's"), nil, pebble.Sync)
			}
			if err = errors.Join(err, db.Close()); err != nil {
				t.Fatal(err)
			}
		}
	}
	newest := pebble.Options{FormatMajorVersion: pebble.FormatNewest}
	withLog := pebble.Options{FormatMajorVersion: pebble.FormatNewest, WALDir: "store/wal"}
	for name, c := range map[string]struct {
		make func(*testing.T, vfs.FS)
		want error
	}{
		"a photograph":       {file("photo.jpg", "…"), ErrNotStore},
		"a hidden file":      {file(".profile", ""), ErrNotStore},
		"LevelDB":            {file("CURRENT", "MANIFEST-000001\n"), ErrNotStore},
		"tables alone":       {file("000005.sst", "table"), ErrCorrupt},
		"a log alone":        {file("wal/000005.log", "log"), ErrCorrupt},
		"another's pebble":   {database(newest, true), ErrFormat},
		"another's in a log": {database(withLog, true), ErrFormat},
		"a newer pebble's":   {file("marker.format-version.000001.999", ""), ErrCorrupt},
	} {
		t.Run(name, func(t *testing.T) {
			disk := vfs.NewMem()
			if err := disk.MkdirAll("store/wal", 0o755); err != nil {
				t.Fatal(err)
			}
			c.make(t, disk)
			if err := openDamaged(t, disk); !errors.Is(err, c.want) {
				t.Errorf("got %v, want %v", err, c.want)
			}
		})
	}
	t.Run("a newer engine's", func(t *testing.T) {
		disk := damageable(t)
		names, _ := disk.List("store")
		for _, name := range names {
			if strings.HasPrefix(name, "marker.format-version.") {
				writeTo(t, disk, "store/marker.format-version.999999.999", nil)
			}
		}
		if err := openDamaged(t, disk); !errors.Is(err, ErrFormat) {
			t.Errorf("got %v, want ErrFormat", err)
		}
	})
}

// TestStartCut: a first start that was cut at any moment leaves what the next one can
// begin with; a later start that was cut leaves all data.
func TestStartCut(t *testing.T) {
	killed := damageable(t)
	for _, c := range []struct {
		name string
		disk func() *vfs.MemFS
		keys int
	}{
		{"first", vfs.NewCrashableMem, 0},
		{"later", func() *vfs.MemFS { return killedFS(killed) }, damagedKeys},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := newRand(t)
			for cut := 0; ; cut++ {
				mem, ops := c.disk(), 0
				var crashed *vfs.MemFS
				var mu sync.Mutex // a flush writes on a goroutine of its own
				watched := errorfs.Wrap(mem, errorfs.InjectorFunc(func(op errorfs.Op) error {
					if op.Kind.ReadOrWrite() == errorfs.OpIsWrite {
						mu.Lock()
						defer mu.Unlock()
						if ops == cut {
							// All or nothing: pebble is not made for parts of a folder.
							crashed = mem.CrashClone(vfs.CrashCloneCfg{
								UnsyncedDataPercent: r.IntN(2) * 100, RNG: r})
						}
						ops++
					}
					return nil
				}))
				s, err := Open("store", Options{FS: watched})
				if err == nil {
					err = s.Close()
				}
				if err != nil {
					t.Fatal(err)
				}
				if crashed == nil { // the start ended before
					return
				}
				s, err = Open("store", Options{FS: crashed})
				if err != nil {
					t.Fatalf("cut at write %d: %v", cut, err)
				}
				for n := range c.keys {
					txn := s.Object(Owner{ID: testID(byte(n % 7))}).Begin()
					if _, found, err := txn.Get(fmt.Appendf(nil, "k%d", n)); !found || err != nil {
						t.Errorf("cut at write %d: key %d is lost: %v", cut, n, err)
					}
					txn.Close()
				}
				if err := s.Close(); err != nil {
					t.Fatal(err)
				}
			}
		})
	}
}
