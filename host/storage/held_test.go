package storage_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"

	"github.com/cairn-dev/cairn/abi"
	"github.com/cairn-dev/cairn/host/account"
	"github.com/cairn-dev/cairn/host/storage"
)

// TestWritesAreHeld wants what a transaction holds to be counted until it is gone: by
// a commit, small or large, a rollback, or the last list that reads it.
func TestWritesAreHeld(t *testing.T) {
	const budget, value = 64 << 20, 1 << 20
	a := account.New(budget)
	s, err := storage.Open("data", storage.Options{FS: vfs.NewMem(), Account: a, MemTableBytes: 4 << 20})
	if err != nil {
		t.Fatal(err)
	}
	put := func(txn *storage.Txn, count int) error {
		for i := range count { // into two tables by turns
			rows := txn.Table(storage.Data + storage.Table(i%2))
			err := rows.Put(fmt.Append(nil, "key ", i), bytes.Repeat([]byte{byte(i)}, value))
			if err != nil {
				return err
			}
		}
		return nil
	}
	gone := func(what string) {
		t.Helper()
		// A large batch is pebble's until a flush in the background has ended.
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		if err := a.Wait(ctx, account.Code, budget); err != nil {
			t.Fatalf("after %s %d bytes are held: %v", what, a.Used(account.Batches), err)
		}
		a.Release(account.Code, budget)
	}
	for n, c := range []struct {
		name  string
		count int
		end   func(*storage.Txn) error
	}{
		{"a small commit", 1, commit}, {"a large commit", 8, commit},
		{"a rollback", 8, func(txn *storage.Txn) error { txn.Rollback(); return nil }},
		{"a list of what was rolled back", 8, func(txn *storage.Txn) error {
			list := txn.Scan(storage.ScanOptions{})
			txn.Rollback()
			if held := a.Used(account.Batches); held < 8*value {
				t.Errorf("a list reads 8 MiB, and %d are held", held)
			}
			if err := put(txn, 4); err != nil {
				return err
			}
			return list.Close()
		}},
	} {
		txn := s.Object(storage.Owner{Namespace: 1, ID: abi.ID{byte(n)}}).Begin()
		if err := put(txn, c.count); err != nil {
			t.Fatal(err)
		}
		if held := a.Used(account.Batches); held < int64(2*c.count*value) || held > int64(2*c.count*value+value) {
			t.Errorf("%s: %d MiB are written and %d bytes held, want twice that", c.name, c.count, held)
		}
		if err := c.end(txn); err != nil {
			t.Fatal(err)
		}
		txn.Close()
		gone(c.name)
	}
	first := s.Object(storage.Owner{Namespace: 1, ID: abi.ID{100}}).Begin()
	second := s.Object(storage.Owner{Namespace: 1, ID: abi.ID{101}}).Begin()
	if err := put(first, 30); err != nil {
		t.Fatal(err)
	}
	var refused *account.Error
	if err := put(second, 3); !errors.As(err, &refused) || refused.Kind != account.Batches {
		t.Errorf("more than there is: %v", err)
	}
	if err := first.Put([]byte("key 0"), []byte("written over")); err != nil {
		t.Errorf("the first goes on: %v", err)
	}
	if err := commit(first); err != nil {
		t.Error(err)
	}
	first.Close()
	second.Close()
	gone("all of it")
	if err := s.Close(); err != nil {
		t.Error(err)
	}
}

func commit(txn *storage.Txn) error {
	_, err := txn.Commit()
	return err
}
