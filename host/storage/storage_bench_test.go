package storage

import (
	"context"
	"encoding/binary"
	"fmt"
	"testing"

	"github.com/cockroachdb/pebble/v2"
	"github.com/cockroachdb/pebble/v2/vfs"

	"github.com/cairn-dev/cairn/abi"
)

// openDisk opens a store on the real disk, under the benchmark's folder.
func openDisk(b *testing.B) *Store {
	b.Helper()
	s, err := Open(b.TempDir(), Options{})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() {
		if err := s.Close(); err != nil {
			b.Error(err)
		}
	})
	return s
}

func increment(b *testing.B, o *Object) Seq {
	txn := o.Begin()
	defer txn.Close()
	if _, _, err := txn.Get([]byte("value")); err != nil {
		b.Fatal(err)
	}
	if err := txn.Put([]byte("value"), []byte("12345678")); err != nil {
		b.Fatal(err)
	}
	seq, err := txn.Commit()
	if err != nil {
		b.Fatal(err)
	}
	return seq
}

// BenchmarkFsync is a bare write and fsync, to compare with.
func BenchmarkFsync(b *testing.B) {
	f, err := vfs.Default.Create(b.TempDir()+"/f", vfs.WriteCategoryUnspecified)
	if err != nil {
		b.Fatal(err)
	}
	defer f.Close()
	line := make([]byte, 128)
	for b.Loop() {
		_, _ = f.Write(line)
		if err := f.SyncData(); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkCommitWait is one client: read, write, commit, wait for the disk.
func BenchmarkCommitWait(b *testing.B) {
	s := openDisk(b)
	o := s.Object(Owner{ID: testID(1)})
	b.ReportAllocs()
	for b.Loop() {
		if err := s.Wait(context.Background(), increment(b, o)); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkCommitPipelined is one hot object whose answers wait elsewhere: the
// commits follow one another, only the last is waited for.
func BenchmarkCommitPipelined(b *testing.B) {
	s := openDisk(b)
	o := s.Object(Owner{ID: testID(1)})
	b.ReportAllocs()
	var last Seq
	for b.Loop() {
		last = increment(b, o)
	}
	if err := s.Wait(context.Background(), last); err != nil {
		b.Fatal(err)
	}
}

// BenchmarkCommitClients is 64 clients on 64 objects, each waiting for its own.
func BenchmarkCommitClients(b *testing.B) {
	s := openDisk(b)
	b.ReportAllocs()
	b.SetParallelism(32)
	var n byte
	next := make(chan byte, 1)
	next <- n
	b.RunParallel(func(pb *testing.PB) {
		n := <-next
		next <- n + 1
		o := s.Object(Owner{ID: testID(n)})
		for pb.Next() {
			if err := s.Wait(context.Background(), increment(b, o)); err != nil {
				b.Error(err)
				return
			}
		}
	})
}

// BenchmarkAppendParallel compares Append, which orders batches with a lock,
// with what pebble does by itself.
func BenchmarkAppendParallel(b *testing.B) {
	for _, direct := range []bool{false, true} {
		b.Run(fmt.Sprintf("direct=%v", direct), func(b *testing.B) {
			s := openDisk(b)
			b.RunParallel(func(pb *testing.PB) {
				for pb.Next() {
					batch := newBatch(s.db)
					_ = batch.pb.Set([]byte("\x00key"), []byte("12345678"), nil)
					if !direct {
						_, _ = s.log.Append(batch)
						continue
					}
					_ = s.db.ApplyNoSyncWait(batch.pb, pebble.Sync)
					s.wal.push(batch)
				}
			})
			s.wal.close()
			s.wal = newWALLog(s.wal.logger)
			s.wal.start(s.db)
		})
	}
}

func BenchmarkGet(b *testing.B) {
	s := openDisk(b)
	o := s.Object(Owner{ID: testID(1)})
	increment(b, o)
	txn := o.Begin()
	defer txn.Close()
	key := []byte("value")
	b.ReportAllocs()
	for b.Loop() {
		if _, found, err := txn.Get(key); !found || err != nil {
			b.Fatal(found, err)
		}
	}
}

// BenchmarkOwn writes a key over and reads it back before there is a commit.
func BenchmarkOwn(b *testing.B) {
	txn := openMem(b, Options{}).Object(Owner{ID: testID(1)}).Begin()
	defer txn.Close()
	key, value := []byte("value"), []byte("12345678")
	b.ReportAllocs()
	for b.Loop() {
		if err := txn.Put(key, value); err != nil {
			b.Fatal(err)
		}
		if _, found, err := txn.Get(key); !found || err != nil {
			b.Fatal(found, err)
		}
	}
}

// BenchmarkScan lists a hundred stored keys and ten of the transaction's own.
func BenchmarkScan(b *testing.B) {
	txn := openMem(b, Options{}).Object(Owner{ID: testID(1)}).Begin()
	defer txn.Close()
	for i := range 110 {
		if i == 100 {
			commit(b, txn)
		}
		mustPut(b, txn, fmt.Sprintf("%03d", i*37%110), "v")
	}
	b.ReportAllocs()
	for b.Loop() {
		n := 0
		c := txn.Scan(ScanOptions{})
		for c.Next() {
			n++
		}
		if err := c.Close(); err != nil || n != 110 {
			b.Fatal(n, err)
		}
	}
}

// BenchmarkGetTables reads from sstables: 200,000 objects, none in a memtable.
func BenchmarkGetTables(b *testing.B) {
	s := openDisk(b)
	fillTables(b, s, 200_000)
	b.ReportAllocs()
	var i uint32
	for b.Loop() {
		i = i*1664525 + 1013904223
		txn := s.Object(Owner{ID: numberedID(i % 200_000)}).Begin()
		if _, found, err := txn.Get([]byte("value")); !found || err != nil {
			b.Fatal(found, err)
		}
		txn.Close()
	}
}

func fillTables(b *testing.B, s *Store, objects uint32) {
	for i := range objects {
		increment(b, s.Object(Owner{ID: numberedID(i)}))
	}
	if err := s.db.Flush(); err != nil {
		b.Fatal(err)
	}
}

func numberedID(i uint32) (id abi.ID) {
	binary.BigEndian.PutUint32(id[:], i)
	return id
}
