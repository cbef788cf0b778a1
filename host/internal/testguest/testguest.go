// Package testguest builds the guests that tests run, and says how hosts rewrite them.
//
// [Build] compiles ./testdata/<name> of this module to WebAssembly; [CacheDir] is where
// compiled code is kept; [Passes] and [Interpreter] are what make passes
// sets. Builds and compiled code stand in one folder in the user's cache, which the test
// processes of one `go test ./...` share: nothing in it is ever changed in place, so any
// number of processes may use it at once, and all of it may be deleted at any time.
package testguest

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/cairn-dev/cairn/host/build"
)

// maxAge is how long compiled code is kept. Every change of a guest leaves some
// megabytes behind, and nobody empties a cache by hand.
const maxAge = 7 * 24 * time.Hour

// guest is one module: built once in a process.
type guest struct {
	once sync.Once
	wasm []byte
	err  error
}

var (
	mu     sync.Mutex
	guests = map[string]*guest{}
)

// Build returns the module of ./testdata/<name>. The caller must not change it.
func Build(t testing.TB, name string) []byte {
	t.Helper()
	mu.Lock()
	g := guests[name]
	if g == nil {
		g = &guest{}
		guests[name] = g
	}
	mu.Unlock()
	g.once.Do(func() {
		dir, err := folder("modules")
		if err != nil {
			g.err = err
			return
		}
		g.wasm, g.err = compile(name, dir)
	})
	if g.err != nil {
		t.Fatalf("build guest %s: %v", name, g.err)
	}
	return g.wasm
}

// CacheDir returns the folder for compiled code.
func CacheDir(t testing.TB) string {
	t.Helper()
	dir, err := folder("code")
	if err != nil {
		t.Fatal(err)
	}
	expire.Do(func() { removeOld(dir) })
	return dir
}

// expire is done once in a process: looking through the folder takes time.
var expire sync.Once

// compile runs go build and keeps the module in dir. What go build left there
// last time is put where it writes: it finds its own build ID and links only
// when something changed. Where it writes is ours alone until the module is whole.
func compile(name, dir string) ([]byte, error) {
	root, err := moduleRoot()
	if err != nil {
		return nil, err
	}
	scratch, err := os.MkdirTemp(dir, name+".*.tmp")
	if err != nil {
		return nil, fmt.Errorf("make build folder: %w", err)
	}
	defer os.RemoveAll(scratch)
	out, kept := filepath.Join(scratch, "main.wasm"), filepath.Join(dir, name+".wasm")
	if last, err := os.ReadFile(kept); err == nil {
		if err := os.WriteFile(out, last, 0o644); err != nil {
			return nil, fmt.Errorf("copy last build: %w", err)
		}
	}
	if err := build.Package(context.Background(), root, "./testdata/"+name, out); err != nil {
		return nil, err
	}
	wasm, err := os.ReadFile(out)
	if err != nil {
		return nil, fmt.Errorf("read module: %w", err)
	}
	return wasm, os.Rename(out, kept)
}

// folder returns a folder of the cache, which it makes where it is missing.
func folder(name string) (string, error) {
	cache, err := os.UserCacheDir()
	if err != nil {
		cache = os.TempDir() // no HOME, as in some containers
	}
	dir := filepath.Join(cache, "cairn-test", name)
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return "", fmt.Errorf("make cache folder: %w", err)
	}
	return dir, nil
}

// moduleRoot finds the folder of go.mod. A test runs in its package's folder.
func moduleRoot() (string, error) {
	dir, err := os.Getwd()
	if err != nil {
		return "", err
	}
	for {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			return dir, nil
		}
		parent := filepath.Dir(dir)
		if parent == dir {
			return "", fmt.Errorf("no go.mod above the working folder")
		}
		dir = parent
	}
}

// removeOld drops compiled code that is old. A file that is in use elsewhere
// is read already, and one that is missed is compiled again.
func removeOld(dir string) {
	_ = filepath.Walk(dir, func(path string, info os.FileInfo, err error) error {
		if err == nil && info.Mode().IsRegular() && time.Since(info.ModTime()) > maxAge {
			_ = os.Remove(path)
		}
		return nil
	})
}
