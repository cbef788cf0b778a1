package host_test

import (
	"encoding/json"
	"errors"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/cairn-dev/cairn/abi"
	"github.com/cairn-dev/cairn/abi/wire"
	"github.com/cairn-dev/cairn/host"
	"github.com/cairn-dev/cairn/host/event"
	"github.com/cairn-dev/cairn/host/hostfunc"
	"github.com/cairn-dev/cairn/host/hosttest"
)

// TestAssertion lets the host panic on its way into a guest, and out of one: in
// an object that is called from outside, in one that is called by another, and in
// a nested entry. Each time only that object is reset, its callers are told, the
// log has the stack, and everything else goes on, also while others queue.
func TestAssertion(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name  string
		after bool // panics when the guest has returned
		steps []step
		nth   int32 // the entry into object_call that panics, 1 for the first
		lost  string
	}{
		{"alone", false, []step{put("before")}, 1, "A"},
		{"alone, at the end", true, []step{put("before")}, 1, "A"},
		{"a callee", false, []step{put("before"), tryCall("B", put("before")),
			put("after")}, 2, "B"},
		{"a callee, at the end",
			true, []step{put("before"), tryCall("B", put("before")), put("after")}, 2, "B"},
		{"nested", false, []step{call("B", put("before"), tryCall("A", put("nested")))}, 3, "A"},
		{"nested, at the end",
			true, []step{call("B", put("before"), tryCall("A", put("nested")))}, 3, "A"},
		{"around a nested one", true, []step{tryCall("B", tryCall("A", put("nested")))}, 2, "B"},
	} {
		t.Run(c.name, func(t *testing.T) {
			var entries atomic.Int32
			armed := atomic.Bool{}
			h := hosttest.Start(t, hosttest.Options{
				Guest: "cycle", Bindings: map[string]string{"NODES": "Node"}, NoListener: true,
				Options: host.Options{EnterExports: func(_ *hostfunc.Call, name string,
					enter func() (abi.Status, error)) (abi.Status, error) {
					strike := name == abi.ExportObjectCall && armed.Load() &&
						entries.Add(1) == c.nth
					if strike && !c.after {
						panic("planted")
					}
					status, err := enter()
					if strike {
						panic("planted")
					}
					return status, err
				}},
			})
			n := &directNodes{t: t, r: h.Runtime}
			n.must("C", put("before"))
			armed.Store(true)
			_, err := n.run("A", c.steps...)
			var told *event.Error
			if lost := c.lost == "A"; lost != (err != nil) || lost &&
				(!errors.As(err, &told) || told.Flags&wire.ErrorReset == 0 ||
					!strings.HasPrefix(told.Message, "internal error")) {
				t.Errorf("A: %v", err)
			}
			wantPlanted(t, h, "object.(*Activation)")
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
	t.Parallel()
	var struck atomic.Bool
	h := hosttest.Start(t, hosttest.Options{
		Guest: "counter",
		Options: host.Options{EnterExports: func(_ *hostfunc.Call, name string,
			enter func() (abi.Status, error)) (abi.Status, error) {
			if name == abi.ExportWorkerFetch && struck.CompareAndSwap(false, true) {
				panic("planted")
			}
			return enter()
		}},
	})
	for _, want := range []int{500, 200, 200} {
		if status, _ := h.Get("/increment?name=A"); status != want {
			t.Errorf("status %d, want %d", status, want)
		}
	}
	wantPlanted(t, h, "")
}

// wantPlanted wants one assertion in the log, with what was planted, and a function on
// its stack.
func wantPlanted(t *testing.T, h *hosttest.Host, function string) {
	t.Helper()
	failed := 0
	for _, r := range h.Logs() {
		if !strings.Contains(r.Message, "assertion failed") {
			continue
		}
		failed++
		if !strings.Contains(r.Attr("error"), "planted") ||
			!strings.Contains(r.Attr("stack"), function) {
			t.Errorf("log: %+v", r)
		}
	}
	if failed != 1 {
		t.Errorf("%d assertions in the log, want 1", failed)
	}
}
