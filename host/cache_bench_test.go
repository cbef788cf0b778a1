package host

import (
	"context"
	"fmt"
	"syscall"
	"testing"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"

	"github.com/cairn-dev/cairn/host/account"
	"github.com/cairn-dev/cairn/host/config"
	"github.com/cairn-dev/cairn/host/internal/testguest"
)

// These two are what the decision about a cache in the guest stands on, see
// abi/RATIONALE.md.

func startSDK(b *testing.B, residents int) *Runtime {
	b.Helper()
	r, err := Start(b.Context(), Options{
		Config: &config.Config{Path: "wrangler.jsonc", Name: "sdk",
			Bindings: []config.Binding{{Name: "PROBES", ClassName: "Probe"}}},
		Wasm:    testguest.Build(b, "sdk"),
		DataDir: b.TempDir(), CacheDir: testguest.CacheDir(b), FS: vfs.NewMem(),
		Residents: residents,
	})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() {
		if err := r.Shutdown(context.Background()); err != nil {
			b.Error(err)
		}
	})
	return r
}

func call(b *testing.B, r *Runtime, name, method, args string) {
	if _, err := r.Call(b.Context(), "PROBES", name, method, []byte(args)); err != nil {
		b.Fatal(err)
	}
}

// BenchmarkGet reads one key in one call: where it is stored, where the call has
// just put it, and where a map of the guest has it.
func BenchmarkGet(b *testing.B) {
	r := startSDK(b, 0)
	call(b, r, "A", "gets", `["batch", 0]`)
	for _, from := range []string{"stored", "batch", "cache"} {
		b.Run(from, func(b *testing.B) {
			begun := cpu(b)
			const most = 10_000 // in one call
			for n := b.N; n > 0; n -= most {
				call(b, r, "A", "gets", fmt.Sprintf("[%q, %d]", from, min(n, most)))
			}
			b.ReportMetric(float64((cpu(b)-begun).Nanoseconds())/float64(b.N), "cpu-ns/op")
		})
	}
}

// BenchmarkHold increments in turn 1,000 objects, of which 64 have an instance,
// that keep some keys in memory beside.
func BenchmarkHold(b *testing.B) {
	const objects = 1000
	for _, keys := range []int{0, 1, 16, 128} {
		b.Run(fmt.Sprint(keys), func(b *testing.B) {
			r := startSDK(b, 64)
			args := fmt.Sprintf("[%d]", keys)
			name := func(i int) string { return fmt.Sprint(i % objects) }
			for i := range objects {
				call(b, r, name(i), "hold", args)
			}
			b.ResetTimer()
			begun := cpu(b)
			for i := range b.N {
				call(b, r, name(i), "hold", args)
			}
			b.ReportMetric(float64((cpu(b)-begun).Nanoseconds())/float64(b.N), "cpu-ns/op")
			b.ReportMetric(float64(r.account.Used(account.SetAside))/objects, "set-aside-B/object")
		})
	}
}

// cpu is the processor time of the process: what other work on the machine
// changes least.
func cpu(b *testing.B) time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		b.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
