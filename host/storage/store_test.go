package storage

import (
	"context"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/cockroachdb/pebble/v2"
	"github.com/cockroachdb/pebble/v2/vfs"

	"github.com/cairn-dev/cairn/abi"
)

func TestOpenTwice(t *testing.T) {
	for name, fs := range map[string]vfs.FS{"disk": vfs.Default, "memory": vfs.NewMem()} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir() + "/new/store"
			s, err := Open(dir, Options{FS: fs})
			if err != nil {
				t.Fatal(err)
			}
			_, err = Open(dir, Options{FS: fs})
			if !errors.Is(err, ErrLocked) || !strings.Contains(err.Error(), dir) {
				t.Errorf("opened twice: %v", err)
			}
			if err := s.Close(); err != nil {
				t.Fatal(err)
			}
			s, err = Open(dir, Options{FS: fs})
			if err != nil {
				t.Fatalf("open after close: %v", err)
			}
			if err := s.Close(); err != nil {
				t.Fatal(err)
			}
		})
	}
}

func TestFormatVersion(t *testing.T) {
	fs := vfs.NewMem()
	s, err := Open("store", Options{FS: fs})
	if err != nil {
		t.Fatal(err)
	}
	newer := binary.BigEndian.AppendUint32(nil, formatVersion+1)
	if err := s.db.Set(formatKey, newer, pebble.Sync); err != nil {
		t.Fatal(err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	_, err = Open("store", Options{FS: fs})
	if !errors.Is(err, ErrFormat) || !strings.Contains(err.Error(), "found 2") ||
		!strings.Contains(err.Error(), "knows 1") {
		t.Errorf("newer format: %v", err)
	}
	if _, err = Open("store", Options{FS: fs}); !errors.Is(err, ErrFormat) {
		t.Errorf("a refused store is not freed: %v", err)
	}

	quiet := newWALLog(Options{}.withDefaults().Logger)
	db, err := pebble.Open("other", &pebble.Options{
		FS: fs, FormatMajorVersion: pebble.FormatNewest, Logger: engineLogger{quiet.logger, quiet}})
	if err != nil {
		t.Fatal(err)
	}
	_ = db.Set([]byte("somebody's"), nil, pebble.Sync)
	_ = db.Close()
	if _, err = Open("other", Options{FS: fs}); !errors.Is(err, ErrFormat) {
		t.Errorf("somebody else's store: %v", err)
	}
}

// TestKeyLayout: the layout is a format, these bytes must never change.
func TestKeyLayout(t *testing.T) {
	id := testID(0xab)
	k := makeObjectKey(id)
	hexID := id.String()
	slot := fmt.Sprintf("%04x", Slot(id))
	for _, test := range []struct {
		got  []byte
		want string
	}{
		{k.appendKey(nil, tableRecord, nil), slot + hexID + "00"},
		{k.appendKey(nil, tableAlarm, nil), slot + hexID + "01"},
		{k.appendKey(nil, Data, b("key")), slot + hexID + "02" + "6b6579"},
		{k.appendKey(nil, 0x7f, b("key")), slot + hexID + "7f" + "6b6579"},
		{appendAlarmKey(nil, 1, id), "80" + "8000000000000001" + hexID},
		{appendAlarmKey(nil, -1, id), "80" + "7fffffffffffffff" + hexID},
		{appendDirectoryKey(nil, 0x01020304, id), "81" + "01020304" + hexID},
		{appendMetaKey(nil, "m"), "f0" + "6d"},
	} {
		if got := hex.EncodeToString(test.got); got != test.want {
			t.Errorf("got %s, want %s", got, test.want)
		}
	}
	// SHA-256 of 32 zero bytes begins with 66 68.
	if got := Slot(abi.ID{}); got != 0x6668>>2 || got >= Slots {
		t.Errorf("slot of the zero ID: %x", got)
	}
}

func TestRecord(t *testing.T) {
	s := openMem(t, Options{})
	write := func(o Owner) {
		t.Helper()
		txn := s.Object(o).Begin()
		defer txn.Close()
		mustPut(t, txn, "k", "v")
		commit(t, txn)
	}
	id := testID(1)
	check := func(want Owner) {
		t.Helper()
		got, found, err := s.Lookup(id)
		if err != nil || !found || got != want {
			t.Errorf("got %+v %v %v, want %+v", got, found, err, want)
		}
		list, err := s.ObjectsOf(want.Namespace, abi.ID{}, 10)
		if err != nil || len(list) != 1 || list[0] != want {
			t.Errorf("list: %+v %v, want %+v", list, err, want)
		}
	}
	if _, found, err := s.Lookup(id); found || err != nil {
		t.Errorf("before the first write: %v %v", found, err)
	}
	unnamed := Owner{Namespace: 3, ID: id}
	named := Owner{Namespace: 3, ID: id, Name: "alice", Named: true}
	write(unnamed)
	check(unnamed)
	write(named) // the name becomes known
	check(named)
	write(unnamed) // and is not forgotten
	check(named)

	txn := s.Object(unnamed).Begin()
	defer txn.Close()
	if err := txn.DeleteAll(); err != nil {
		t.Fatal(err)
	}
	mustPut(t, txn, "k", "v")
	commit(t, txn)
	check(named)

	id = testID(2)
	write(Owner{Namespace: 4, ID: id, Named: true}) // the empty name is one
	check(Owner{Namespace: 4, ID: id, Named: true})
	id = testID(3)
	write(Owner{Namespace: 5, ID: id, Named: true, Name: strings.Repeat("x", abi.MaxNameBytes+1)})
	check(Owner{Namespace: 5, ID: id})

	txn = s.Object(Owner{Namespace: 9, ID: id}).Begin()
	defer txn.Close()
	mustPut(t, txn, "k", "v")
	if _, err := txn.Commit(); err == nil {
		t.Error("an object changed its namespace")
	}
}

func TestObjectsOfPages(t *testing.T) {
	s := openMem(t, Options{})
	for i := range byte(7) {
		txn := s.Object(Owner{Namespace: uint32(i % 2), ID: testID(i + 1)}).Begin()
		mustPut(t, txn, "k", "v")
		commit(t, txn)
		txn.Close()
	}
	var got []byte
	var after abi.ID
	for {
		page, err := s.ObjectsOf(0, after, 3)
		if err != nil {
			t.Fatal(err)
		}
		if len(page) == 0 {
			break
		}
		for _, o := range page {
			got = append(got, o.ID[0])
		}
		after = page[len(page)-1].ID
	}
	if string(got) != "\x01\x03\x05\x07" {
		t.Errorf("pages of namespace 0: %v", got)
	}
}

func TestDeleteNamespace(t *testing.T) {
	s := openMem(t, Options{})
	const objects = deleteBatchObjects + 10
	for i := range uint32(objects) {
		var id abi.ID
		binary.BigEndian.PutUint32(id[:], i)
		txn := s.Object(Owner{Namespace: 1, ID: id}).Begin()
		mustPut(t, txn, "k", "v")
		put := errors.Join(txn.Table(pages).Put(nil, nil), txn.Table(history).Put(b("k"), nil))
		if err := errors.Join(put, txn.SetAlarm(int64(i))); err != nil {
			t.Fatal(err)
		}
		commit(t, txn)
		txn.Close()
	}
	other := s.Object(Owner{Namespace: 2, ID: testID(9)}).Begin()
	defer other.Close()
	mustPut(t, other, "k", "kept")
	commit(t, other)

	for range 2 { // again: it has nothing left to do
		if err := s.DeleteNamespace(1); err != nil {
			t.Fatal(err)
		}
	}
	if list, err := s.ObjectsOf(1, abi.ID{}, 10); err != nil || len(list) != 0 {
		t.Errorf("left in the directory: %v %v", list, err)
	}
	if alarm, found, err := s.NextAlarm(); found || err != nil {
		t.Errorf("left in the alarms: %v %v", alarm, err)
	}
	it, err := s.iter([]byte{0}, []byte{0x40})
	if err != nil {
		t.Fatal(err)
	}
	defer it.Close()
	keys := 0
	for ok := it.First(); ok; ok = it.Next() {
		keys++
	}
	if keys != 2 { // the other's record and value
		t.Errorf("%d keys are left, want 2", keys)
	}
}

func TestAlarms(t *testing.T) {
	s := openMem(t, Options{})
	for i, at := range []int64{50, -7, 1 << 40, 50} {
		txn := s.Object(Owner{ID: testID(byte(i + 1)), Name: fmt.Sprint(i), Named: true}).Begin()
		if err := txn.SetAlarm(at); err != nil {
			t.Fatal(err)
		}
		commit(t, txn)
		txn.Close()
	}
	for _, test := range []struct {
		at    int64
		limit int
		want  string
	}{
		{-8, 9, ""}, {-7, 9, "1"}, {49, 9, "1"},
		{50, 9, "1 0 3"}, {50, 2, "1 0"}, {1 << 50, 9, "1 0 3 2"},
	} {
		due, err := s.DueAlarms(test.at, test.limit)
		if err != nil {
			t.Fatal(err)
		}
		var names []string
		for _, a := range due {
			names = append(names, a.Owner.Name)
		}
		if got := strings.Join(names, " "); got != test.want {
			t.Errorf("due at %d, %d of them: %q, want %q", test.at, test.limit, got, test.want)
		}
	}
	next, found, err := s.NextAlarm()
	if !found || err != nil || next.UnixMS != -7 || next.Owner.Name != "1" {
		t.Errorf("next: %+v %v %v", next, found, err)
	}
}

func TestMetaAndCheckpoint(t *testing.T) {
	fs := vfs.NewMem()
	s := openMem(t, Options{FS: fs})
	if _, found, err := s.Meta("a"); found || err != nil {
		t.Errorf("before: %v %v", found, err)
	}
	if _, err := s.PutMeta("a", []byte("1")); err != nil {
		t.Fatal(err)
	}
	seq, err := s.UpdateMeta(map[string][]byte{"a": nil, "b": []byte("2"), "c": {}})
	if err != nil || seq != 2 {
		t.Fatal(seq, err)
	}
	if err := s.Checkpoint("copy"); err != nil {
		t.Fatal(err)
	}
	if _, err := s.PutMeta("b", []byte("3")); err != nil {
		t.Fatal(err)
	}
	if err := s.Checkpoint("copy"); err == nil {
		t.Error("a checkpoint over another one")
	}
	restored, err := Open("copy", Options{FS: fs})
	if err != nil {
		t.Fatal(err)
	}
	defer restored.Close()
	for key, want := range map[string]string{"b": "2", "c": ""} {
		if value, found, err := restored.Meta(key); string(value) != want || !found || err != nil {
			t.Errorf("%s in the copy: %q %v %v", key, value, found, err)
		}
	}
	if _, found, _ := restored.Meta("a"); found {
		t.Error("a deleted key is in the copy")
	}
}

func TestClosed(t *testing.T) {
	s, err := Open("store", Options{FS: vfs.NewMem()})
	if err != nil {
		t.Fatal(err)
	}
	var last Seq
	for range 100 {
		if last, err = s.PutMeta("k", nil); err != nil {
			t.Fatal(err)
		}
	}
	if s.Last() != last {
		t.Errorf("last is %d, want %d", s.Last(), last)
	}
	if err := errors.Join(s.Close(), s.Close()); err != nil {
		t.Fatal(err)
	}
	if s.Durable() != last {
		t.Errorf("durable up to %d after Close, want %d", s.Durable(), last)
	}
	if err := s.Wait(context.Background(), last); err != nil {
		t.Error(err)
	}
	if _, err := s.wal.Append(&Batch{pb: new(pebble.Batch)}); !errors.Is(err, ErrClosed) {
		t.Errorf("append after Close: %v", err)
	}
}

func TestFatalf(t *testing.T) {
	l := newWALLog(Options{}.withDefaults().Logger)
	mem := vfs.NewMem()
	files := newWALFS(mem, "store", l)
	if err := mem.MkdirAll("store", 0o755); err != nil {
		t.Fatal(err)
	}
	manifest, err := files.Create("store/MANIFEST-000009", vfs.WriteCategoryUnspecified)
	if err != nil {
		t.Fatal(err)
	}
	e := engineLogger{l.logger, l}
	e.Fatalf("MANIFEST sync failed: %v", errDisk)
	if err := files.Remove("store/MANIFEST-000009"); err == nil {
		t.Error("a file was removed after that")
	}
	if _, err := manifest.Write([]byte("of another")); err == nil {
		t.Error("a MANIFEST was written after that")
	}
	if err := l.Err(); !errors.Is(err, errDisk) || !errors.Is(err, ErrLogFailed) {
		t.Errorf("an error of the disk: %v", err)
	}
	defer func() {
		if recover() == nil {
			t.Error("a bug of pebble's did not panic")
		}
	}()
	e.Fatalf("MANIFEST not locked for writing")
}
