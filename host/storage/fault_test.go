package storage

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/cockroachdb/pebble/v2/vfs"
	"github.com/cockroachdb/pebble/v2/vfs/errorfs"
)

// TestCrash: what Wait acknowledged survives a crash, and what survives is a prefix.
// From a random moment on the disk's syncs hang, so that there is something to lose.
func TestCrash(t *testing.T) {
	r := newRand(t)
	const objects, commits = 3, 60
	for range 40 {
		mem := vfs.NewCrashableMem()
		var hang atomic.Bool
		release := make(chan struct{})
		fs := errorfs.Wrap(mem, errorfs.InjectorFunc(func(op errorfs.Op) error {
			if hang.Load() && op.Kind == errorfs.OpFileSyncData {
				<-release
			}
			return nil
		}))
		s, err := Open("store", Options{FS: fs})
		if err != nil {
			t.Fatal(err)
		}
		var handles [objects]*Object
		for i := range handles {
			handles[i] = s.Object(Owner{ID: testID(byte(i + 1))})
		}
		// Commit n goes to the object n%objects and is the batch n: one that was
		// kept proves all before it.
		crashAt, hangAt, waitAt := 1+r.IntN(commits), r.IntN(commits), r.IntN(commits)
		for n := 1; n <= crashAt; n++ {
			hang.Store(n >= hangAt)
			txn := handles[n%objects].Begin()
			mustPut(t, txn, fmt.Sprint("n", n), "")
			seq := commit(t, txn)
			txn.Close()
			if n == waitAt && n < hangAt {
				wait(t, s, seq)
			}
		}
		// The promise is read first: what is acknowledged later may be lost.
		promised := int(s.Durable())
		crashed := mem.CrashClone(vfs.CrashCloneCfg{UnsyncedDataPercent: r.IntN(3) * 50, RNG: r})
		close(release)
		checkPrefix(t, crashed, objects, crashAt, promised)
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
	}
}

func checkPrefix(t *testing.T, fs vfs.FS, objects, commits, promised int) {
	t.Helper()
	s, err := Open("store", Options{FS: fs})
	if err != nil {
		t.Fatalf("open after a crash: %v", err)
	}
	defer s.Close()
	kept := 0
	for n := 1; n <= commits; n++ {
		txn := s.Object(Owner{ID: testID(byte(n%objects + 1))}).Begin()
		_, found, err := txn.Get(fmt.Appendf(nil, "n%d", n))
		txn.Close()
		if err != nil {
			t.Fatal(err)
		}
		if found && kept != n-1 {
			t.Fatalf("commit %d was kept, commit %d was not", n, kept+1)
		}
		if found {
			kept = n
		}
	}
	if kept < promised {
		t.Fatalf("commit %d was acknowledged, kept are %d of %d", promised, kept, commits)
	}
}

var errDisk = errors.New("disk is on fire")

// faultFS fails operations that match while it is on.
func faultFS(under vfs.FS, match func(errorfs.Op) bool) (vfs.FS, *atomic.Bool) {
	var on atomic.Bool
	return errorfs.Wrap(under, errorfs.InjectorFunc(func(op errorfs.Op) error {
		if on.Load() && match(op) {
			return errDisk
		}
		return nil
	})), &on
}

func inWAL(op errorfs.Op) bool { return strings.Contains(op.Path, "wal") }

// TestLogFaults: whatever goes wrong under the write-ahead log, waiters get errors,
// what was durable stays so, later appends are refused, Close returns, and what is on
// disk then is a prefix that holds everything acknowledged.
func TestLogFaults(t *testing.T) {
	isWrite := func(op errorfs.Op) bool { return op.Kind == errorfs.OpFileWrite }
	isSync := func(op errorfs.Op) bool {
		return op.Kind == errorfs.OpFileSync || op.Kind == errorfs.OpFileSyncData ||
			op.Kind == errorfs.OpFileSyncTo
	}
	tests := []struct {
		name   string
		match  func(errorfs.Op) bool
		rotate bool // the fault shows when the log is rotated
	}{
		{"sync", func(op errorfs.Op) bool { return inWAL(op) && isSync(op) }, false},
		{"write", func(op errorfs.Op) bool { return inWAL(op) && isWrite(op) }, false},
		{"sync in rotation", func(op errorfs.Op) bool { return inWAL(op) && isSync(op) }, true},
		{"create", func(op errorfs.Op) bool {
			return inWAL(op) && (op.Kind == errorfs.OpCreate || op.Kind == errorfs.OpReuseForWrite)
		}, true},
		{"table", func(op errorfs.Op) bool {
			return strings.HasSuffix(op.Path, ".sst") && op.Kind == errorfs.OpCreate
		}, true},
		{"folder", func(op errorfs.Op) bool { return op.Path == "store" && isSync(op) }, true},
		{"manifest", func(op errorfs.Op) bool {
			return strings.Contains(op.Path, "MANIFEST") && (isWrite(op) || isSync(op))
		}, true},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			mem := vfs.NewCrashableMem()
			fs, on := faultFS(mem, test.match)
			s, err := Open("store", Options{FS: fs})
			if err != nil {
				t.Fatal(err)
			}
			o := s.Object(Owner{ID: testID(1)})
			txn := o.Begin()
			mustPut(t, txn, "good", "1")
			good := commit(t, txn)
			wait(t, s, good)

			on.Store(true)
			if test.rotate {
				_, _ = s.db.AsyncFlush()
				<-s.wal.mark.Failed()
			} else {
				mustPut(t, txn, "bad", "1")
				bad, err := txn.Commit()
				if err == nil {
					err = s.Wait(context.Background(), bad)
				}
				wantFailed(t, "wait", err)
			}
			wait(t, s, good)
			mustPut(t, txn, "worse", "1")
			_, err = txn.Commit()
			wantFailed(t, "commit", err)
			wantFailed(t, "wait for what was never given", s.Wait(context.Background(), 1000))
			txn.Close()

			// The disk comes back, but nothing more may be acknowledged or kept.
			on.Store(false)
			wantFailed(t, "close", s.Close())
			checkAfterFault(t, mem.CrashClone(vfs.CrashCloneCfg{}))
		})
	}
}

func checkAfterFault(t *testing.T, fs vfs.FS) {
	t.Helper()
	s, err := Open("store", Options{FS: fs})
	if err != nil {
		t.Fatalf("open again: %v", err)
	}
	defer s.Close()
	txn := s.Object(Owner{ID: testID(1)}).Begin()
	defer txn.Close()
	if _, found, err := txn.Get(b("good")); !found || err != nil {
		t.Errorf("acknowledged and lost: %v %v", found, err)
	}
	if _, found, _ := txn.Get(b("worse")); found {
		t.Error("refused and kept")
	}
}

func wantFailed(t *testing.T, what string, err error) {
	t.Helper()
	if !errors.Is(err, ErrLogFailed) || !errors.Is(err, errDisk) {
		t.Errorf("%s: got %v, want ErrLogFailed and the cause", what, err)
	}
}

// TestLogFailsUnderLoad has many clients while the disk fails at a random moment: what
// was acknowledged is there after a crash.
func TestLogFailsUnderLoad(t *testing.T) {
	r := newRand(t)
	failures := 0
	for range 20 {
		mem := vfs.NewCrashableMem()
		var left atomic.Int64
		left.Store(1 + int64(r.IntN(100)))
		fs := errorfs.Wrap(mem, errorfs.InjectorFunc(func(op errorfs.Op) error {
			write := op.Kind == errorfs.OpFileWrite || op.Kind == errorfs.OpFileSyncData
			if inWAL(op) && write && left.Add(-1) == 0 { // once: the next would work
				return errDisk
			}
			return nil
		}))
		s, err := Open("store", Options{FS: fs})
		if err != nil {
			if !errors.Is(err, errDisk) {
				t.Fatal(err)
			}
			continue
		}
		var acked [8]int
		var clients sync.WaitGroup
		for i := range acked {
			clients.Go(func() {
				o := s.Object(Owner{ID: testID(byte(i + 1))})
				for n := 1; n <= 50; n++ {
					txn := o.Begin()
					_ = txn.Put(b("n"), []byte{byte(n)})
					seq, err := txn.Commit()
					txn.Close()
					if err != nil || s.Wait(context.Background(), seq) != nil {
						return
					}
					acked[i] = n
				}
			})
		}
		clients.Wait()
		if left.Load() <= 0 && s.Log().Err() == nil {
			t.Error("the disk failed and the log did not notice")
		}
		failures += min(1, max(0, 1-int(left.Load())))
		_ = s.Close()
		checkAcked(t, mem.CrashClone(vfs.CrashCloneCfg{}), acked[:])
	}
	if failures == 0 {
		t.Error("no round met the fault")
	}
}

func checkAcked(t *testing.T, fs vfs.FS, acked []int) {
	t.Helper()
	s, err := Open("store", Options{FS: fs})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	for i, n := range acked {
		txn := s.Object(Owner{ID: testID(byte(i + 1))}).Begin()
		value, found, err := txn.Get(b("n"))
		if err != nil || n > 0 && (!found || int(value[0]) < n) {
			t.Errorf("client %d: acknowledged %d, kept %v %v", i, n, value, err)
		}
		txn.Close()
	}
}

// TestFailedLogIsNotWritten: a failed write-ahead log takes no more bytes, even if the
// disk would.
func TestFailedLogIsNotWritten(t *testing.T) {
	mem := vfs.NewMem()
	fs, on := faultFS(mem, func(op errorfs.Op) bool { return op.Kind == errorfs.OpFileSyncData })
	l := newWALLog(Options{}.withDefaults().Logger)
	w := newWALFS(fs, "store", l)
	if err := w.MkdirAll("store/wal", 0o755); err != nil {
		t.Fatal(err)
	}
	f, err := w.Create("store/wal/1.log", vfs.WriteCategoryUnspecified)
	if err != nil {
		t.Fatal(err)
	}
	write := func() {
		t.Helper()
		if n, err := f.Write([]byte("12345")); n != 5 || err != nil {
			t.Errorf("write: %d %v", n, err)
		}
		if err := f.SyncData(); err != nil {
			t.Errorf("sync: %v", err)
		}
	}
	write()
	on.Store(true)
	write()
	wantFailed(t, "log", l.Err())
	on.Store(false)
	write()
	if info, err := mem.Stat("store/wal/1.log"); err != nil || info.Size() != 10 {
		t.Errorf("%v %v, want 10 bytes", info.Size(), err)
	}
	if _, err := w.Create("store/wal/2.log", vfs.WriteCategoryUnspecified); err != nil {
		t.Errorf("create: %v", err)
	}
	if _, err := mem.Stat("store/wal/2.log"); err == nil {
		t.Error("a file was created after the failure")
	}
}
