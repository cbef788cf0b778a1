package testguest

import (
	"bytes"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"
)

// TestConcurrentBuilds stands for test processes that build one guest at once,
// with a broken module left behind by one before: each gets a whole one.
func TestConcurrentBuilds(t *testing.T) {
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "counter.wasm"), []byte("\x00asm half of"),
		0o644); err != nil {
		t.Fatal(err)
	}
	const builds = 4
	var modules [builds][]byte
	var wg sync.WaitGroup
	for i := range builds {
		wg.Go(func() {
			var err error
			if modules[i], err = compile("counter", dir); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	for i, m := range modules {
		if !bytes.HasPrefix(m, []byte("\x00asm\x01\x00\x00\x00")) || !bytes.Equal(m, modules[0]) {
			t.Errorf("build %d gave %d bytes, the first %d", i, len(m), len(modules[0]))
		}
	}
	left, err := filepath.Glob(filepath.Join(dir, "*.tmp"))
	if err != nil || len(left) > 0 {
		t.Errorf("left behind: %v, %v", left, err)
	}
}

// TestRemoveOld drops what nobody has compiled for a while, and nothing else.
func TestRemoveOld(t *testing.T) {
	dir := t.TempDir()
	fresh, old := filepath.Join(dir, "fresh"), filepath.Join(dir, "deeper", "old")
	if err := os.Mkdir(filepath.Dir(old), 0o755); err != nil {
		t.Fatal(err)
	}
	for _, file := range []string{fresh, old} {
		if err := os.WriteFile(file, nil, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	then := time.Now().Add(-maxAge - time.Hour)
	if err := os.Chtimes(old, then, then); err != nil {
		t.Fatal(err)
	}
	removeOld(dir)
	if _, err := os.Stat(old); !os.IsNotExist(err) {
		t.Errorf("the old file is still there: %v", err)
	}
	if _, err := os.Stat(fresh); err != nil {
		t.Error(err)
	}
}
