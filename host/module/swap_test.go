package module_test

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/cairn-dev/cairn/host/module"
)

// swapping returns an engine that interprets first, what lets it compile when it is
// closed, and what says that the compiled code of a version is in place.
func swapping(t *testing.T, dir string) (e *module.Engine, compile chan struct{},
	swapped chan *module.Code) {
	compile, swapped = make(chan struct{}), make(chan *module.Code, 1)
	return newEngine(t, module.Options{
		CacheDir: dir, Swapped: func(c *module.Code) { swapped <- c },
		After: func(time.Duration, func()) func() bool { // called as the compiler begins
			<-compile
			return func() bool { return true }
		},
	}), compile, swapped
}

// TestSwapKeepsMemory counts in an instance that the interpreter runs, sets its
// memory aside before and after the compiled code is in place, and counts on.
func TestSwapKeepsMemory(t *testing.T) {
	e, compile, swapped := swapping(t, "")
	v, err := start(e, acrobat(0))
	if err != nil {
		t.Fatal(err)
	}
	defer v.Close()
	count := func(i *module.Instance, want uint32) {
		t.Helper()
		if err := enter(t, i, doCount, time.Second); err != nil { // looks at the global as well
			t.Fatal(err)
		}
		if got, _ := i.Memory().ReadUint32Le(16); got != want {
			t.Errorf("counted to %d, want %d", got, want)
		}
	}
	early, busy := get(t, v), get(t, v)
	count(early, 1)
	before, err := early.Suspend(nil)
	if err != nil {
		t.Fatal(err)
	}
	count(busy, 1)
	close(compile)
	if got := <-swapped; got != v.Code() {
		t.Fatal("other code was swapped")
	}
	if busy.Current() {
		t.Error("an instance from before the swap runs compiled code")
	}
	count(busy, 2) // it runs on as it is
	after, err := busy.Suspend(nil)
	if err != nil {
		t.Fatal(err)
	}
	v.Release(early)
	v.Release(busy)
	for want, state := range map[uint32]*module.State{2: before, 3: after} {
		i := get(t, v)
		if !i.Current() {
			t.Error("an instance from after the swap does not run compiled code")
		}
		checkFresh(t, i)
		if err := i.Resume(state); err != nil {
			t.Fatal(err)
		}
		count(i, want)
		v.Put(i)
	}
}

// TestSwapOnce compiles at once what is loaded as fast: what the cache has, and
// what another version runs.
func TestSwapOnce(t *testing.T) {
	dir := t.TempDir()
	e, compile, swapped := swapping(t, dir)
	close(compile)
	first, err := start(e, acrobat(0))
	if err != nil {
		t.Fatal(err)
	}
	defer first.Close()
	<-swapped
	check := func(e *module.Engine) {
		t.Helper()
		v, err := start(e, acrobat(0))
		if err != nil {
			t.Fatal(err)
		}
		defer v.Close()
		i := get(t, v)
		defer v.Put(i)
		e.PruneCache(nil) // what runs compiled stays, what is interpreted would go
		if len(entries(t, dir)) != 1 {
			t.Error("the module is interpreted, though it was compiled before")
		}
	}
	check(e)
	again, compile, _ := swapping(t, dir)
	close(compile)
	check(again)
}

// TestPruneCache keeps the code of modules that are named and of those that run, as
// this cairn compiles them, and no file that a dead host was writing.
func TestPruneCache(t *testing.T) {
	dir := t.TempDir()
	put := func(names ...string) string {
		file := filepath.Join(append([]string{dir}, names...)...)
		if err := os.MkdirAll(filepath.Dir(file), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, nil, 0o600); err != nil {
			t.Fatal(err)
		}
		return file
	}
	// What older hosts left, one of which had all entries in one folder.
	unfinished := put("named", "sum", "wazero-1", "key.7.tmp")
	if err := os.Chtimes(unfinished, time.Time{}, time.Unix(1, 0)); err != nil {
		t.Fatal(err)
	}
	gone := []string{put("wazero-1", "key"), put("old", "sum", "wazero-1", "key"),
		put("file"), unfinished}
	kept := []string{put("named", "sum", "wazero-1", "key")}

	e := newEngine(t, module.Options{CacheDir: dir})
	v, err := start(e, acrobat(0))
	if err != nil {
		t.Fatal(err)
	}
	gone = append(gone, put(v.Code().Hash(), "sum of another cairn", "wazero-1", "key"))
	kept = append(kept, put("named", "sum", "wazero-1", "key.8.tmp")) // somebody writes it now
	running := entries(t, filepath.Join(dir, v.Code().Hash(), ".."))  // all of them
	e.PruneCache(map[string]bool{"named": true})
	for _, file := range gone {
		if _, err := os.Lstat(file); !os.IsNotExist(err) {
			t.Errorf("%s is left: %v", file, err)
		}
	}
	for _, file := range kept {
		if _, err := os.Lstat(file); err != nil {
			t.Error(err)
		}
	}
	if left := entries(t, dir); len(left) != 3 || len(running) <= len(left) {
		t.Errorf("of %q there is %q", running, left)
	}
	v.Close()
	e.PruneCache(nil)
	if left, err := os.ReadDir(dir); len(left) != 0 || err != nil {
		t.Errorf("nothing runs and nothing is named, and %v is left, %v", left, err)
	}
}

// TestSwapEveryImage swaps the code under two images, of which each has an idle instance.
func TestSwapEveryImage(t *testing.T) {
	e, compile, swapped := swapping(t, "")
	source, err := e.Read(acrobat(0))
	if err != nil {
		t.Fatal(err)
	}
	code, err := source.Compile(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	var images []*module.Image
	for n := range 2 {
		image, err := code.Start(t.Context(), countTo(n))
		if err != nil {
			t.Fatal(err)
		}
		defer image.Close()
		checkCount(t, image, n)
		images = append(images, image)
	}
	code.Close()
	close(compile)
	<-swapped
	if n := e.Instances(); n != 0 {
		t.Errorf("%d instances are idle in the interpreter", n)
	}
	for n, image := range images {
		checkCount(t, image, n)
		i, err := image.Get(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if !i.Current() {
			t.Errorf("image %d: an instance from after the swap does not run compiled code", n)
		}
		image.Put(i)
	}
}
