package storage

import (
	"context"
	"encoding/binary"
	"math/rand/v2"
	"testing"

	"github.com/cockroachdb/pebble/v2/vfs"
)

// TestTablesAreOneBatch kills the node with batches of three tables under way, some of
// their bytes on the disk: of each batch there is all or nothing.
func TestTablesAreOneBatch(t *testing.T) {
	r := newRand(t)
	const batches, width = 60, 5
	torn := 0
	for range 20 {
		mem := vfs.NewCrashableMem()
		s, err := Open("store", Options{FS: mem})
		if err != nil {
			t.Fatal(err)
		}
		o := s.Object(Owner{ID: testID(1)})
		acked := putCounted(t, s, o, r, batches, width)
		disk := mem.CrashClone(vfs.CrashCloneCfg{
			UnsyncedDataPercent: r.IntN(101), RNG: rand.New(rand.NewPCG(r.Uint64(), 1))})
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
		again, err := Open("store", Options{FS: disk})
		if err != nil {
			t.Fatal(err)
		}
		txn := again.Object(o.Owner()).Begin()
		n := counted(t, txn, Data, width)
		if n < acked {
			t.Errorf("batch %d was acknowledged, %d is kept", acked, n)
		}
		for _, table := range []Table{pages, history} {
			if got := counted(t, txn, table, width); got != n {
				t.Errorf("table %x is at batch %d, data at %d", table, got, n)
			}
		}
		if n < batches {
			torn++
		}
		txn.Close()
		if err := again.Close(); err != nil {
			t.Fatal(err)
		}
	}
	if torn == 0 {
		t.Error("no crash cost a batch")
	}
}

// putCounted writes each batch's number to several keys of each table, waits for some
// and returns the last of these.
func putCounted(t *testing.T, s *Store, o *Object, r *rand.Rand, batches, width int) (acked int) {
	t.Helper()
	stop := r.IntN(batches)
	for n := 1; n <= batches; n++ {
		txn := o.Begin()
		value := binary.BigEndian.AppendUint32(nil, uint32(n))
		for key := range width {
			for _, table := range modelTables {
				if err := txn.Table(table).Put([]byte{byte(key)}, value); err != nil {
					t.Fatal(err)
				}
			}
		}
		before := s.Last()
		seq := commit(t, txn)
		if seq != before+1 {
			t.Fatalf("a batch of three tables is %d, after %d", seq, before)
		}
		txn.Close()
		if n <= stop && r.IntN(4) == 0 {
			if err := s.Wait(context.Background(), seq); err != nil {
				t.Fatal(err)
			}
			acked = n
		}
	}
	return acked
}

// counted returns the batch that a table is of, 0 if it has no rows.
func counted(t *testing.T, txn *Txn, table Table, width int) (n int) {
	t.Helper()
	c := txn.Table(table).Scan(ScanOptions{})
	defer c.Close()
	rows := 0
	for ; c.Next(); rows++ {
		got := int(binary.BigEndian.Uint32(c.Value()))
		if rows > 0 && got != n {
			t.Errorf("table %x has rows of batches %d and %d", table, n, got)
		}
		n = got
	}
	if c.Err() != nil || rows != 0 && rows != width {
		t.Errorf("table %x has %d rows of %d (%v)", table, rows, width, c.Err())
	}
	return n
}

// TestTableForRows refuses what is not a table for rows: it would write over a record
// or an alarm, or leave the object's span.
func TestTableForRows(t *testing.T) {
	txn := openMem(t, Options{}).Object(Owner{ID: testID(1)}).Begin()
	defer txn.Close()
	for table := range tableEnd {
		want := table == tableRecord || table == tableAlarm
		if got := panics(func() { txn.Table(table) }); got != want {
			t.Errorf("table %x: refused %v, want %v", table, got, want)
		}
	}
	if !panics(func() { txn.Table(tableEnd) }) {
		t.Error("the end is a table")
	}
}

func panics(f func()) (did bool) {
	defer func() { did = recover() != nil }()
	f()
	return false
}
