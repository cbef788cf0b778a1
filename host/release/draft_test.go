package release_test

import (
	"encoding/json"
	"errors"
	"io/fs"
	"log/slog"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/cairn-dev/cairn/host"
	"github.com/cairn-dev/cairn/host/hosttest"
	"github.com/cairn-dev/cairn/host/release"
)

// tells is a logger's end that says when a message comes.
type tells struct {
	message string
	came    chan struct{}
}

func (w tells) Write(b []byte) (int, error) {
	if strings.Contains(string(b), w.message) {
		w.came <- struct{}{}
	}
	return len(b), nil
}

// draft lets a host keep its versions in memory, with a cache of its own.
func draft(o *host.Options) { o.Draft = true }

// ownCache gives a host a cache of compiled code that it may prune.
func ownCache(dir string) func(*host.Options) {
	// A compiler of its own, since what another host compiled would be in no cache.
	return func(o *host.Options) { o.CacheDir, o.PruneCache, o.Compiler = dir, true, nil }
}

// stepScript is the counter in WebAssembly text, which counts in steps of 1.
func stepScript(t *testing.T) release.Script {
	s := hosttest.Script(t, "counter", counterV1)
	s.Wasm = tinyCounter(t, 1)
	return s
}

// folders are the modules that a cache has code of.
func folders(t *testing.T, dir string) (names []string) {
	t.Helper()
	list, err := os.ReadDir(dir)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		t.Fatal(err)
	}
	for _, entry := range list {
		names = append(names, entry.Name())
	}
	return names
}

// TestPruneKept deploys more versions than are kept. The cache has code of those
// that are, whatever a crash has left there, and a rollback compiles nothing.
func TestPruneKept(t *testing.T) {
	dir := t.TempDir()
	h := startDeploys(t, stepScript(t), ownCache(dir))
	kept := func() (hashes []string) {
		list, err := h.releases().Versions("")
		if err != nil {
			t.Fatal(err)
		}
		for _, v := range list {
			hashes = append(hashes, v.Hash)
		}
		slices.Sort(hashes)
		return hashes
	}
	check := func(when string, want int) {
		t.Helper()
		if got, hashes := folders(t, dir), kept(); !slices.Equal(got, hashes) || len(got) != want {
			t.Errorf("%s: the cache has %q, kept are %q, want %d", when, got, hashes, want)
		}
	}
	for step := range byte(12) {
		h.deploy(release.Deploy{Wasm: tinyCounter(t, step+2)})
		check("after a deploy", min(int(step)+2, 10))
	}
	h.stop()
	if err := os.MkdirAll(dir+"/left by a crash/sum/wazero-1", 0o700); err != nil {
		t.Fatal(err)
	}
	h.restart(stepScript(t))
	check("after a restart", 10)
	h.rollback(0)
	check("after a rollback", 10)
	h.counts("A", 12)
}

// TestDraft edits a script: the store learns nothing of its versions, the cache and
// the memory keep two, and a start without drafts serves what it would have.
func TestDraft(t *testing.T) {
	dir := t.TempDir()
	h := startDeploys(t, stepScript(t), ownCache(dir))
	h.deploy(release.Deploy{Wasm: tinyCounter(t, 2)})
	h.counts("A", 2)
	h.options.Draft = true
	h.restart(stepScript(t))
	h.counts("A", 3) // the files count, not what was deployed
	for step := range byte(5) {
		h.deploy(release.Deploy{Wasm: tinyCounter(t, step+10)})
	}
	h.counts("A", 17)
	h.serves(map[int]int{6: 100})
	if list, err := h.releases().Versions(""); err != nil || len(list) != 2 {
		t.Errorf("%v is kept of six drafts, %v", list, err)
	}
	if v := h.rollback(0); v.Number != 5 {
		t.Errorf("rolled back to %+v", v)
	}
	h.counts("A", 30)
	// Two drafts, two versions of the store, one that was compiled late.
	if got := folders(t, dir); len(got) > 5 {
		t.Errorf("the cache has %q", got)
	}
	h.options.Draft = false
	h.restart(stepScript(t))
	h.counts("A", 32)
	h.serves(map[int]int{2: 100})
	if got := folders(t, dir); len(got) != 2 {
		t.Errorf("without drafts the cache has %q", got)
	}
}

// TestDraftSwap asks an object before and after its code is compiled: what it has in
// memory stays, as no version was deployed meanwhile.
func TestDraftSwap(t *testing.T) {
	if testing.Short() {
		t.Skip("short: interprets while a Go guest is compiled")
	}
	t.Parallel()
	swapped := tells{"compiled code serves", make(chan struct{}, 1)}
	script := hosttest.Script(t, "sdk", `"name": "sdk",
		"durable_objects": {"bindings": [{"name": "C", "class_name": "Probe"}]},
		"migrations": [{"tag": "v1", "new_sqlite_classes": ["Probe"]}]`)
	h := startDeploys(t, script, draft, ownCache(t.TempDir()), func(o *host.Options) {
		o.Logger = slog.New(slog.NewTextHandler(swapped,
			&slog.HandlerOptions{Level: slog.LevelDebug}))
	})
	born := func() string {
		got, err := h.runtime.Call(t.Context(), "C", "random", "random", []byte("[]"))
		var answer []json.RawMessage // what it drew when it was made, and now
		if err == nil {
			err = json.Unmarshal(got, &answer)
		}
		if err != nil || len(answer) != 2 {
			t.Fatalf("%s, %v", got, err)
		}
		return string(answer[0])
	}
	before := born()
	for waiting := true; waiting; { // so that it has an instance of the interpreter's then
		select {
		case <-swapped.came:
			waiting = false
		default:
			born()
		}
	}
	if after := born(); after != before {
		t.Errorf("the object was made anew: %s, %s", before, after)
	}
	h.modules(1)
}
