package storage

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"github.com/cockroachdb/pebble/v2/vfs"

	"github.com/cairn-dev/cairn/abi"
)

// TestLost: what was applied and never became durable cannot be read after the log has
// failed; what is durable can. Whoever opens the store again reads what is there.
func TestLost(t *testing.T) {
	mem := vfs.NewCrashableMem()
	fs, on := faultFS(mem, inWAL)
	s, err := Open("store", Options{FS: fs})
	if err != nil {
		t.Fatal(err)
	}
	var handles [3]*Object
	for i := range handles {
		handles[i] = s.Object(Owner{ID: testID(byte(i + 1))})
		txn := handles[i].Begin()
		mustPut(t, txn, "k", "durable")
		wait(t, s, commit(t, txn))
		txn.Close()
	}
	open := handles[1].Begin() // that was begun before the failure
	defer open.Close()
	on.Store(true)
	txn := handles[1].Begin()
	mustPut(t, txn, "k", "lost")
	seq, err := txn.Commit()
	if err == nil {
		err = s.Wait(context.Background(), seq)
	}
	wantFailed(t, "wait", err)
	txn.Close()
	on.Store(false)

	for i, o := range handles {
		if i == 1 {
			wantLost(t, o)
		} else {
			wantNotLost(t, o)
		}
	}
	if value, err := readK(open); err == nil {
		t.Errorf("a transaction from before shows %q", value)
	}
	if list, err := s.ObjectsOf(0, abi.ID{}, 10); err == nil {
		t.Errorf("%d objects are listed where nobody knows how many there are", len(list))
	}
	wantFailed(t, "close", s.Close())

	again, err := Open("store", Options{FS: mem.CrashClone(vfs.CrashCloneCfg{})})
	if err != nil {
		t.Fatal(err)
	}
	defer again.Close()
	txn = again.Object(Owner{ID: testID(2)}).Begin()
	defer txn.Close()
	if value, err := readK(txn); value != "durable" || err != nil {
		t.Errorf("after opening it again: %q, %v", value, err)
	}
}

// readK reads the key that TestLost writes.
func readK(txn *Txn) (string, error) {
	value, _, err := txn.Get(b("k"))
	return string(value), err
}

// wantLost wants every way to read an object to be an error.
func wantLost(t *testing.T, o *Object) {
	t.Helper()
	txn := o.Begin()
	defer txn.Close()
	value, err := readK(txn)
	wantFailed(t, "read", err)
	_, _, err = txn.Alarm()
	wantFailed(t, "alarm", err)
	_, _, err = txn.Table(pages).Get(b("k"))
	wantFailed(t, "read of another table", err)
	c := txn.Scan(ScanOptions{})
	listed := c.Next()
	wantFailed(t, "scan", c.Close())
	_, _, err = o.s.Lookup(o.Owner().ID)
	wantFailed(t, "look up", err)
	wantFailed(t, "lost", o.Lost())
	if value != "" || listed {
		t.Errorf("a lost object shows %q, listed %v", value, listed)
	}
}

// wantNotLost wants an object to show what is durable.
func wantNotLost(t *testing.T, o *Object) {
	t.Helper()
	txn := o.Begin()
	defer txn.Close()
	value, err := readK(txn)
	_, _, alarmErr := txn.Alarm()
	_, page, pageErr := txn.Table(pages).Get(b("k"))
	c := txn.Scan(ScanOptions{})
	listed := c.Next()
	_, _, lookupErr := o.s.Lookup(o.Owner().ID)
	err = errors.Join(err, c.Close(), alarmErr, pageErr, lookupErr, o.Lost())
	if err != nil || value != "durable" || !listed || page {
		t.Errorf("object %s: %q, listed %v, %v", o.Owner().ID, value, listed, err)
	}
}

// TestUnsettled has as many batches in memory as are under way, not more.
func TestUnsettled(t *testing.T) {
	var u unsettled
	var durable Seq
	for seq := Seq(1); seq <= 10_000; seq++ {
		u.add(seq, testID(byte(seq)), func() Seq { return durable })
		if durable = seq - min(seq, 20); cap(u.items) > 64 {
			t.Fatalf("room for %d batches while 20 are under way", cap(u.items))
		}
	}
	for ago, want := range map[Seq]bool{0: true, 19: true, 20: false, 21: false, 200: false} {
		id := testID(byte((10_000 - ago) % 256))
		if got := u.has(&id, durable); got != want {
			t.Errorf("the batch before %d: %v, want %v", ago, got, want)
		}
	}
	if !u.has(nil, durable) || u.has(nil, 10_000) {
		t.Error("any")
	}
}

// TestRecordEnds: an object ceases to exist with its last key or alarm.
func TestRecordEnds(t *testing.T) {
	s := openMem(t, Options{})
	o := s.Object(Owner{ID: testID(1), Name: "A", Named: true})
	txn := o.Begin()
	defer func() { txn.Close() }() // the one that is open by then
	put := func(keys ...string) func() {
		return func() {
			for _, k := range keys {
				mustPut(t, txn, k, "")
			}
		}
	}
	del := func(keys ...string) func() {
		return func() {
			for _, k := range keys {
				if _, err := txn.Delete(b(k)); err != nil {
					t.Fatal(err)
				}
			}
		}
	}
	alarm := func(ms int64) func() {
		return func() {
			err := txn.DeleteAlarm()
			if ms > 0 {
				err = txn.SetAlarm(ms)
			}
			if err != nil {
				t.Fatal(err)
			}
		}
	}
	both := func(a, b func()) func() { return func() { a(); b() } }
	for i, step := range []struct {
		do   func()
		want bool
	}{
		{put("a", "b", "c"), true}, {del("c"), true}, {del("a"), true}, {del("b"), false},
		{put("a"), true}, {both(del("a"), put("b")), true}, {both(put("a"), del("a", "b")), false},
		{alarm(5), true}, {put("a"), true}, {alarm(0), true}, {del("a"), false},
		{both(put("a"), alarm(5)), true}, {del("a"), true}, {alarm(0), false}, {alarm(0), false},
		{both(put("a"), alarm(5)), true}, {both(alarm(0), del("a")), false},
		{both(put("a"), alarm(5)), true}, {both(alarm(7), del("a")), true}, {alarm(0), false},
		{put("a", "b"), true}, {func() { _ = txn.DeleteAll(); del("a")() }, false},
		{put("a"), true}, {func() { _ = txn.DeleteAll(); put("b")() }, true}, {del("b"), false},
	} {
		step.do()
		commit(t, txn)
		if i%3 == 0 { // a handle that has just been made knows as much
			txn.Close()
			txn = s.Object(o.Owner()).Begin()
		}
		owner, found, err := s.Lookup(o.Owner().ID)
		list, err2 := s.ObjectsOf(0, abi.ID{}, 10)
		if err = errors.Join(err, err2); err != nil || found != step.want ||
			(len(list) == 1) != step.want || found && owner != o.Owner() {
			t.Errorf("step %d: found %v, listed %d, want %v; %v %v",
				i, found, len(list), step.want, owner, err)
		}
	}
	it, err := s.iter([]byte{0}, []byte{tagMeta})
	if err != nil {
		t.Fatal(err)
	}
	defer it.Close()
	if it.First() {
		t.Errorf("left in the store: %x", it.Key())
	}
}

// BenchmarkDeleteOldest is a queue: each batch deletes the oldest key and puts one,
// or only deletes. The witness spares the search for a key that is left.
func BenchmarkDeleteOldest(b *testing.B) {
	s := openMem(b, Options{})
	txn := s.Object(Owner{ID: testID(1)}).Begin()
	defer txn.Close()
	const queued = 1000
	for i := range queued {
		mustPut(b, txn, fmt.Sprintf("%09d", i), "v")
	}
	commit(b, txn)
	b.ResetTimer()
	for i := range b.N {
		mustPut(b, txn, fmt.Sprintf("%09d", i+queued), "v")
		commit(b, txn)
		if _, err := txn.Delete(fmt.Appendf(nil, "%09d", i)); err != nil {
			b.Fatal(err)
		}
		commit(b, txn)
	}
}
