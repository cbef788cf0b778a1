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

// heldBudget is what a test may hold, and heldValue the size of each value.
const heldBudget, heldValue = 64 << 20, 1 << 20

// TestWritesAreHeld wants what a transaction holds to be counted until it is gone: by
// a commit, small or large, a rollback, or the last list that reads it.
func TestWritesAreHeld(t *testing.T) {
	a := account.New(heldBudget)
	s, err := storage.Open("data",
		storage.Options{FS: vfs.NewMem(), Account: a, MemTableBytes: 4 << 20})
	if err != nil {
		t.Fatal(err)
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
			if held := a.Used(account.Batches); held < 8*heldValue {
				t.Errorf("a list reads 8 MiB, and %d are held", held)
			}
			if err := putValues(txn, 4); err != nil {
				return err
			}
			return list.Close()
		}},
	} {
		txn := s.Object(storage.Owner{Namespace: 1, ID: abi.ID{byte(n)}}).Begin()
		if err := putValues(txn, c.count); err != nil {
			t.Fatal(err)
		}
		held, twice := a.Used(account.Batches), int64(2*c.count*heldValue)
		if held < twice || held > twice+heldValue {
			t.Errorf("%s: %d MiB are written and %d bytes held, want twice that",
				c.name, c.count, held)
		}
		if err := c.end(txn); err != nil {
			t.Fatal(err)
		}
		txn.Close()
		wantNoneHeld(t, a, c.name)
	}
	testTooMuchHeld(t, s, a)
	if err := s.Close(); err != nil {
		t.Error(err)
	}
}

// testTooMuchHeld has two transactions that want more than there is.
func testTooMuchHeld(t *testing.T, s *storage.Store, a *account.Account) {
	t.Helper()
	first := s.Object(storage.Owner{Namespace: 1, ID: abi.ID{100}}).Begin()
	second := s.Object(storage.Owner{Namespace: 1, ID: abi.ID{101}}).Begin()
	if err := putValues(first, 30); err != nil {
		t.Fatal(err)
	}
	var refused *account.Error
	err := putValues(second, 3)
	if !errors.As(err, &refused) || refused.Kind != account.Batches {
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
	wantNoneHeld(t, a, "all of it")
}

// putValues puts values into two tables by turns.
func putValues(txn *storage.Txn, count int) error {
	for i := range count {
		rows := txn.Table(storage.Data + storage.Table(i%2))
		err := rows.Put(fmt.Append(nil, "key ", i), bytes.Repeat([]byte{byte(i)}, heldValue))
		if err != nil {
			return err
		}
	}
	return nil
}

// wantNoneHeld waits: a large batch is pebble's until a flush in the background has
// ended.
func wantNoneHeld(t *testing.T, a *account.Account, after string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	if err := a.Wait(ctx, account.Code, heldBudget); err != nil {
		t.Fatalf("after %s %d bytes are held: %v", after, a.Used(account.Batches), err)
	}
	a.Release(account.Code, heldBudget)
}

func commit(txn *storage.Txn) error {
	_, err := txn.Commit()
	return err
}
