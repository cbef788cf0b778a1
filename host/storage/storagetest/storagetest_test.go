package storagetest_test

import (
	"errors"
	"testing"
	"testing/synctest"

	"github.com/cairn-dev/cairn/abi"
	"github.com/cairn-dev/cairn/host/storage"
	"github.com/cairn-dev/cairn/host/storage/storagetest"
)

// TestLog: a batch can be read at once and is durable when the test says so.
func TestLog(t *testing.T) {
	s, log := storagetest.Open(t)
	txn := s.Object(storage.Owner{ID: abi.ID{1}}).Begin()
	defer txn.Close()
	var seqs [3]storage.Seq
	for i := range seqs {
		if err := txn.Put([]byte("k"), []byte{byte(i)}); err != nil {
			t.Fatal(err)
		}
		var err error
		if seqs[i], err = txn.Commit(); err != nil {
			t.Fatal(err)
		}
	}
	if value, found, err := txn.Get([]byte("k")); !found || value[0] != 2 || err != nil {
		t.Errorf("read %v %v %v", value, found, err)
	}
	if s.Durable() != 0 || s.Last() != seqs[2] {
		t.Errorf("durable %d, last %d", s.Durable(), s.Last())
	}
	cause := errors.New("cause")
	synctest.Test(t, func(t *testing.T) {
		var results [3]error
		var done [3]bool
		for i, seq := range seqs {
			go func() { results[i], done[i] = s.Wait(t.Context(), seq), true }()
		}
		synctest.Wait()
		if done != [3]bool{} {
			t.Errorf("done before it was durable: %v", done)
		}
		log.Advance(seqs[1])
		synctest.Wait()
		if done != [3]bool{true, true, false} {
			t.Errorf("after Advance: %v", done)
		}
		log.Fail(cause)
		synctest.Wait()
		failed := results[2]
		if results[0] != nil || !errors.Is(failed, storage.ErrLogFailed) ||
			!errors.Is(failed, cause) {
			t.Errorf("after Fail: %v", results)
		}
	})
	_ = txn.Put([]byte("k"), nil)
	if _, err := txn.Commit(); !errors.Is(err, cause) {
		t.Errorf("append after Fail: %v", err)
	}
	log.AdvanceAll()
	if s.Durable() != seqs[1] {
		t.Errorf("a failed log moved to %d", s.Durable())
	}
}
