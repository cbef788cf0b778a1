package storage

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"

	"github.com/cockroachdb/pebble/v2/vfs"
	"github.com/cockroachdb/pebble/v2/vfs/errorfs"
)

// put writes one key in a batch of its own and waits until it is durable.
func put(s *Store, key, value string) error {
	txn := s.Object(Owner{ID: testID(1)}).Begin()
	defer txn.Close()
	if err := txn.Put([]byte(key), []byte(value)); err != nil {
		return err
	}
	seq, err := txn.Commit()
	if err != nil {
		return err
	}
	return s.Wait(context.Background(), seq)
}

// TestDiskFull: a full disk is met before the log meets it: writes are refused, reads
// go on, it is said once, and writes go on as soon as there is room, without a
// restart.
func TestDiskFull(t *testing.T) {
	mem := vfs.NewCrashableMem()
	free := func(n uint64) {
		mem.TestingSetDiskUsage(vfs.DiskUsage{AvailBytes: n, TotalBytes: 1 << 40})
	}
	free(1 << 30)
	var log bytes.Buffer
	s, err := Open("store", Options{FS: mem, Logger: slog.New(slog.NewTextHandler(&log, nil))})
	if err != nil {
		t.Fatal(err)
	}
	s.wal.space.every = 0
	if err := put(s, "before", "1"); err != nil {
		t.Fatal(err)
	}
	for round := range 3 {
		for _, n := range []uint64{0, 1, spareBytes} {
			free(n)
			if err := put(s, "refused", "1"); !errors.Is(err, ErrDiskFull) {
				t.Fatalf("with %d bytes: %v, want ErrDiskFull", n, err)
			}
			if _, err := s.PutMeta("refused", nil); !errors.Is(err, ErrDiskFull) {
				t.Fatalf("with %d bytes: %v, want ErrDiskFull", n, err)
			}
		}
		txn := s.Object(Owner{ID: testID(1)}).Begin()
		if _, found, err := txn.Get(b("before")); !found || err != nil {
			t.Errorf("read: %v %v", found, err)
		}
		if _, found, err := txn.Get(b("refused")); found || err != nil {
			t.Errorf("refused and there: %v", err)
		}
		txn.Close()
		if err := s.Log().Err(); err != nil {
			t.Fatalf("the log has failed: %v", err)
		}
		free(1 << 30)
		if err := put(s, fmt.Sprint("after", round), "1"); err != nil {
			t.Fatal(err)
		}
	}
	full := strings.Count(log.String(), "disk is full")
	if again := strings.Count(log.String(), "room on the disk again"); full != 3 || again != 3 {
		t.Errorf("said %d and %d times, want 3:\n%s", full, again, &log)
	}
	// What the memtables hold has to fit as well.
	big := strings.Repeat("x", 100<<10)
	free(spareBytes + 1<<20)
	for n := 0; ; n++ {
		if err := put(s, fmt.Sprint("big", n), big); errors.Is(err, ErrDiskFull) {
			break
		} else if err != nil || n > 20 {
			t.Fatalf("%d batches of 100 KiB fit twice into 1 MiB: %v", n, err)
		}
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
}

// TestFlushFindsNoRoom: a flush that finds no room is tried again; until it has
// succeeded writes are refused, and nothing is lost.
func TestFlushFindsNoRoom(t *testing.T) {
	mem := vfs.NewCrashableMem()
	mem.TestingSetDiskUsage(vfs.DiskUsage{AvailBytes: 1 << 30, TotalBytes: 1 << 40})
	var full atomic.Bool
	tried := make(chan struct{}, 1000)
	fs := errorfs.Wrap(mem, errorfs.InjectorFunc(func(op errorfs.Op) error {
		if full.Load() && strings.HasSuffix(op.Path, ".sst") && op.Kind == errorfs.OpFileWrite {
			tried <- struct{}{}
			return syscall.ENOSPC
		}
		return nil
	}))
	s, err := Open("store", Options{FS: fs})
	if err != nil {
		t.Fatal(err)
	}
	if err := put(s, "before", "1"); err != nil {
		t.Fatal(err)
	}
	full.Store(true)
	flushed, err := s.db.AsyncFlush()
	if err != nil {
		t.Fatal(err)
	}
	<-tried
	<-tried // the first has been reported
	if err := put(s, "refused", "1"); !errors.Is(err, ErrDiskFull) {
		t.Errorf("got %v, want ErrDiskFull", err)
	}
	full.Store(false)
	<-flushed
	if err := put(s, "after", "1"); err != nil {
		t.Error(err)
	}
	if err := s.Close(); err != nil {
		t.Error(err)
	}
}

// TestStartOnFullDisk: a start without room says so, changes nothing, and comes back
// whatever the disk does meanwhile.
func TestStartOnFullDisk(t *testing.T) {
	disk := damageable(t)
	disk.TestingSetDiskUsage(vfs.DiskUsage{AvailBytes: 1 << 20, TotalBytes: 64 << 20})
	if err := openDamaged(t, disk); !errors.Is(err, ErrDiskFull) {
		t.Errorf("got %v, want ErrDiskFull", err)
	}
	// A disk that does not say how full it is.
	for _, where := range []string{
		".sst", "MANIFEST", "wal/", "marker", "OPTIONS", "temporary", "durable", "LOCK",
	} {
		disk := damageable(t)
		fs := errorfs.Wrap(disk, errorfs.InjectorFunc(func(op errorfs.Op) error {
			if op.Kind.ReadOrWrite() == errorfs.OpIsWrite && strings.Contains(op.Path, where) {
				return syscall.ENOSPC
			}
			return nil
		}))
		if s, err := Open("store", Options{FS: fs}); err == nil {
			_ = s.Close()
		} else if strings.Contains(err.Error(), "\n") {
			t.Errorf("%s: several lines: %v", where, err)
		}
		// The killed start has cost nothing. The disk is another: pebble may still try.
		if err := openDamaged(t, killedFS(disk)); err != nil {
			t.Errorf("%s: after a start on a full disk: %v", where, err)
		}
	}
}
