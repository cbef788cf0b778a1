package host

import (
	"context"
	"strings"
	"testing"

	"github.com/cockroachdb/pebble/v2/vfs"

	"github.com/cairn-dev/cairn/abi/wire"
	"github.com/cairn-dev/cairn/host/account"
	"github.com/cairn-dev/cairn/host/config"
	"github.com/cairn-dev/cairn/host/event"
	"github.com/cairn-dev/cairn/host/internal/testguest"
)

// TestGarbage calls one object often, which makes garbage each time, and has
// another take its instance now and then. What is set aside of the first
// stays below the heap at which its collector starts, however much garbage there
// was; abi/RATIONALE.md has the figures.
func TestGarbage(t *testing.T) {
	if testing.Short() {
		t.Skip("60,000 calls")
	}
	for _, c := range []struct {
		name, guest, class, method, args string

		calls int
		max   int64 // bytes set aside
	}{
		{"little", "counter", "Counter", "increment", "[]", 50_000, 512 << 10},
		{"much", "box", "Box", "args", `["` + strings.Repeat("x", 1000) + `"]`, 10_000, 3 << 20},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			r, err := Start(t.Context(), Options{
				Config: &config.Config{Path: "wrangler.jsonc", Name: c.guest,
					Bindings: []config.Binding{{Name: "B", ClassName: c.class}}},
				Wasm:    testguest.Build(t, c.guest),
				DataDir: "data", FS: vfs.NewMem(), CacheDir: testguest.CacheDir(t), Residents: 1,
			})
			if err != nil {
				t.Fatal(err)
			}
			defer func() {
				if err := r.Shutdown(context.Background()); err != nil {
					t.Error(err)
				}
			}()
			n, err := r.app.Serving().Public().Stable.Namespace([]byte("B"))
			if err != nil {
				t.Fatal(err)
			}
			var dst []byte
			call := func(name string) {
				t.Helper()
				reply, err := r.sender.Send(t.Context(), &event.Event{
					To: n.Named([]byte(name)), Kind: event.Call,
					Input: wire.AppendCall(nil, c.method, c.args),
				}, dst[:0])
				if err != nil {
					t.Fatal(err)
				}
				dst = reply.Output
			}
			for i := 1; i <= c.calls; i++ {
				call("A")
				if i != 1 && i != 100 && i != 1000 && i%(c.calls/5) != 0 {
					continue
				}
				call("B") // takes the only instance
				aside := r.account.Used(account.SetAside)
				t.Logf("after %d calls %d bytes are set aside", i, aside)
				if aside == 0 || aside > c.max {
					t.Errorf("after %d calls %d bytes are set aside, want at most %d",
						i, aside, c.max)
				}
			}
		})
	}
}
