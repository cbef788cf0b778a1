package release_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/cairn-dev/cairn/host"
	"github.com/cairn-dev/cairn/host/hosttest"
	"github.com/cairn-dev/cairn/host/internal/testguest"
)

// TestSwapModule counts, puts another version of the module in place, and
// counts on.
func TestSwapModule(t *testing.T) {
	t.Parallel()
	for _, noImages := range []bool{false, true} {
		h := hosttest.Start(t, hosttest.Options{Guest: "counter",
			Options: host.Options{NoImages: noImages}})
		want := func(path, body string) {
			t.Helper()
			if status, got := h.Get(path); status != 200 || got != body {
				t.Errorf("%s: %d %q, want %q", path, status, got, body)
			}
		}
		for i := range 7 {
			want("/increment?name=A", fmt.Sprintf("Durable Object 'A' count: %d", i+1))
		}
		want("/decrement?name=B", "Durable Object 'B' count: -1")
		h.Restart(func(o *hosttest.Options) { o.Wasm = testguest.Build(t, "counter10") })
		want("/?name=A", "7")
		want("/increment?name=A", "17")
		want("/decrement?name=B", "-11")
		want("/?name=C", "0")
		h.Restart(func(o *hosttest.Options) { o.Wasm = nil })
		want("/increment?name=A", "Durable Object 'A' count: 18")
	}
}

// TestStartRefuses names what is missing, and leaves nothing running. What a
// module can lack is in host/module's tests.
func TestStartRefuses(t *testing.T) {
	for _, c := range []struct {
		name    string
		options hosttest.Options
		want    []string
	}{
		{"no module", hosttest.Options{Options: host.Options{Wasm: []byte("(module)")}},
			[]string{"not a module that cairn can run"}},
		{"no such class", hosttest.Options{Guest: "counter",
			Bindings: map[string]string{"COUNTERS": "Counter", "ROOMS": "Room"}},
			[]string{`"ROOMS"`, `"Room"`, "Counter"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := hosttest.New(t, c.options)
			for _, want := range c.want {
				if err == nil || !strings.Contains(err.Error(), want) {
					t.Errorf("error %v, want %s in it", err, want)
				}
			}
		})
	}
}
