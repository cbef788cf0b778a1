package storage

import (
	"context"
	"testing"

	"github.com/cockroachdb/pebble/v2/vfs"

	"github.com/cairn-dev/cairn/abi"
)

// Two tables more, one of each kind, with the last number that it can have.
const (
	pages   = firstKept - 1
	history = tableEnd - 1
)

func openMem(t testing.TB, o Options) *Store {
	t.Helper()
	if o.FS == nil {
		o.FS = vfs.NewMem()
	}
	s, err := Open("store", o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Errorf("close: %v", err)
		}
	})
	return s
}

func testID(n byte) (id abi.ID) {
	id[0], id[31] = n, n
	return id
}

func commit(t testing.TB, txn *Txn) Seq {
	t.Helper()
	seq, err := txn.Commit()
	if err != nil {
		t.Fatal(err)
	}
	return seq
}

func wait(t testing.TB, s *Store, seq Seq) {
	t.Helper()
	if err := s.Wait(context.Background(), seq); err != nil {
		t.Fatal(err)
	}
}

func mustPut(t testing.TB, txn *Txn, key, value string) {
	t.Helper()
	if err := txn.Put([]byte(key), []byte(value)); err != nil {
		t.Fatal(err)
	}
}

func scanAll(t testing.TB, c *Cursor) (pairs []string) {
	t.Helper()
	for c.Next() {
		pairs = append(pairs, string(c.Key())+"="+string(c.Value()))
	}
	if err := c.Close(); err != nil {
		t.Fatal(err)
	}
	return pairs
}
