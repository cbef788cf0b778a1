package storage

import (
	"testing"

	"github.com/cockroachdb/pebble/v2/vfs"
)

// TestNewFolderIsDurable cuts the power right after the first write to a store whose
// folder, and what that lies in, was made for it.
func TestNewFolderIsDurable(t *testing.T) {
	for _, dir := range []string{"store", "a/b/store", "/a/b/store"} {
		mem := vfs.NewCrashableMem()
		s, err := Open(dir, Options{FS: mem})
		if err != nil {
			t.Fatal(err)
		}
		txn := s.Object(Owner{ID: testID(1)}).Begin()
		mustPut(t, txn, "k", "v")
		wait(t, s, commit(t, txn))
		txn.Close()
		after := mem.CrashClone(vfs.CrashCloneCfg{})
		if err := s.Close(); err != nil {
			t.Error(err)
		}
		again, err := Open(dir, Options{FS: after})
		if err != nil {
			t.Fatalf("%s: %v", dir, err)
		}
		txn = again.Object(Owner{ID: testID(1)}).Begin()
		if value, found, err := txn.Get([]byte("k")); !found || string(value) != "v" || err != nil {
			t.Errorf("%s: %q, %v", dir, value, err)
		}
		txn.Close()
		if err := again.Close(); err != nil {
			t.Error(err)
		}
	}
}
