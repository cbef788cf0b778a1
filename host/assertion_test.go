package host_test

import (
	"encoding/json"
	"errors"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/cockroachdb/pebble/v2/vfs"

	"github.com/cairn-dev/cairn/abi"
	"github.com/cairn-dev/cairn/abi/wire"
	"github.com/cairn-dev/cairn/host"
	"github.com/cairn-dev/cairn/host/config"
	"github.com/cairn-dev/cairn/host/event"
	"github.com/cairn-dev/cairn/host/hostfunc"
	"github.com/cairn-dev/cairn/host/hosttest"
	"github.com/cairn-dev/cairn/host/internal/testguest"
)

// TestAssertion lets the host panic on its way into a guest, and out of one: in
// an object that is called from outside, in one that is called by another, and in
// a nested entry. Each time only that object is reset, its callers are told, the
// log has the stack, and everything else goes on, also while others queue.
func TestAssertion(t *testing.T) {
	for _, c := range []struct {
		name  string
		after bool // panics when the guest has returned
		steps []step
		nth   int32 // the entry into object_call that panics, 1 for the first
		lost  string
	}{
		{"alone", false, []step{put("before")}, 1, "A"},
		{"alone, at the end", true, []step{put("before")}, 1, "A"},
		{"a callee", false, []step{put("before"), tryCall("B", put("before")), put("after")}, 2, "B"},
		{"a callee, at the end", true, []step{put("before"), tryCall("B", put("before")), put("after")}, 2, "B"},
		{"nested", false, []step{call("B", put("before"), tryCall("A", put("nested")))}, 3, "A"},
		{"nested, at the end", true, []step{call("B", put("before"), tryCall("A", put("nested")))}, 3, "A"},
		{"around a nested one", true, []step{tryCall("B", tryCall("A", put("nested")))}, 2, "B"},
	} {
		t.Run(c.name, func(t *testing.T) {
			var log lockedBuffer
			var entries atomic.Int32
			armed := atomic.Bool{}
			r, err := host.Start(t.Context(), host.Options{
				Config: &config.Config{Path: "wrangler.jsonc", Name: "cycle", Main: "cycle",
					Bindings: []config.Binding{{Name: "NODES", ClassName: "Node"}}}, Wasm: testguest.Build(t, "cycle"), DataDir: "data", FS: vfs.NewMem(),
				Compiler: hosttest.Compiler, CacheDir: testguest.CacheDir(t), Logger: slog.New(slog.NewTextHandler(&log, nil)),
				EnterExports: func(_ *hostfunc.Call, name string, enter func() (abi.Status, error)) (abi.Status, error) {
					strike := name == abi.ExportObjectCall && armed.Load() && entries.Add(1) == c.nth
					if strike && !c.after {
						panic("planted")
					}
					status, err := enter()
					if strike {
						panic("planted")
					}
					return status, err
				},
			})
			if err != nil {
				t.Fatal(err)
			}
			defer func() {
				if err := r.Shutdown(t.Context()); err != nil {
					t.Error(err)
				}
			}()
			n := &directNodes{t: t, r: r}
			n.must("C", put("before"))
			armed.Store(true)
			_, err = n.run("A", c.steps...)
			var told *event.Error
			if lost := c.lost == "A"; lost != (err != nil) || lost &&
				(!errors.As(err, &told) || told.Flags&wire.ErrorReset == 0 || !strings.HasPrefix(told.Message, "internal error")) {
				t.Errorf("A: %v", err)
			}
			if text := log.String(); strings.Count(text, "assertion failed") != 1 || !strings.Contains(text, "planted") ||
				!strings.Contains(text, "object.(*Activation)") {
				t.Errorf("log: %s", text)
			}
			var wg sync.WaitGroup
			for i := range 8 { // all go on, and so does what waits for them
				wg.Go(func() {
					name := []string{"A", "B", "C"}[i%3]
					n.must(name, put("later"), call([]string{"B", "C", "A"}[i%3], put("later")))
				})
			}
			wg.Wait()
		})
	}
}

// directNodes is nodes without a hosttest.Host.
type directNodes struct {
	t *testing.T
	r *host.Runtime
}

func (n *directNodes) run(name string, steps ...step) ([]byte, error) {
	args, err := json.Marshal([]any{steps})
	if err != nil {
		n.t.Fatal(err)
	}
	return n.r.Call(n.t.Context(), "NODES", name, "run", args)
}

func (n *directNodes) must(name string, steps ...step) {
	if _, err := n.run(name, steps...); err != nil {
		n.t.Errorf("%s: %v", name, err)
	}
}

// TestAssertionInWorker does the same to a Worker: its client is answered, and so
// is the next one.
func TestAssertionInWorker(t *testing.T) {
	var log lockedBuffer
	var struck atomic.Bool
	h := startDeploys(t, guestScript(t, "counter", counterSeed), func(o *host.Options) {
		o.Logger = slog.New(slog.NewTextHandler(&log, nil))
		o.EnterExports = func(_ *hostfunc.Call, name string, enter func() (abi.Status, error)) (abi.Status, error) {
			if name == abi.ExportWorkerFetch && struck.CompareAndSwap(false, true) {
				panic("planted")
			}
			return enter()
		}
	})
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	served := make(chan error, 1)
	runtime := h.runtime
	go func() { served <- runtime.Serve(l) }()
	for _, want := range []int{500, 200, 200} {
		resp, err := http.Get("http://" + l.Addr().String() + "/increment?name=A")
		if err != nil {
			t.Fatal(err)
		}
		resp.Body.Close()
		if resp.StatusCode != want {
			t.Errorf("status %d, want %d", resp.StatusCode, want)
		}
	}
	if text := log.String(); strings.Count(text, "assertion failed") != 1 || !strings.Contains(text, "planted") {
		t.Errorf("log: %s", text)
	}
	h.stop()
	if err := <-served; err != nil {
		t.Error(err)
	}
}

// counterSeed is the config that testdata/counter's Worker is written for.
const counterSeed = `"name": "app", "durable_objects": {"bindings": [
	{"name": "COUNTERS", "class_name": "Counter"}]}, "migrations": [{"tag": "v1", "new_sqlite_classes": ["Counter"]}]`
