package rewrite

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/tetratelabs/wazero"
	"github.com/tetratelabs/wazero/imports/wasi_snapshot_preview1"
)

// goGuest builds testdata/goguest once per test run.
var goGuest = sync.OnceValues(func() ([]byte, error) {
	dir, err := os.MkdirTemp("", "rewrite-goguest")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	src, err := os.ReadFile(filepath.Join("testdata", "goguest", "main.go"))
	if err != nil {
		return nil, err
	}
	for name, data := range map[string][]byte{"main.go": src,
		"go.mod": []byte("module goguest\n\ngo 1.26\n")} {
		if err := os.WriteFile(filepath.Join(dir, name), data, 0o600); err != nil {
			return nil, err
		}
	}
	cmd := exec.Command("go", "build", "-buildmode=c-shared", "-o", "guest.wasm", ".")
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "GOOS=wasip1", "GOARCH=wasm", "GOFLAGS=", "GOWORK=off")
	cmd.Stderr = os.Stderr
	if err := cmd.Run(); err != nil {
		return nil, err
	}
	return os.ReadFile(filepath.Join(dir, "guest.wasm"))
})

func buildGoGuest(t testing.TB) []byte {
	t.Helper()
	if testing.Short() {
		t.Skip("builds a Go guest")
	}
	wasm, err := goGuest()
	if err != nil {
		t.Fatal(err)
	}
	return wasm
}

func withWASI(rt wazero.Runtime) {
	wasi_snapshot_preview1.MustInstantiate(context.Background(), rt)
}

var goGuestCalls = []struct {
	name string
	n    uint64
}{
	{"json_work", 300}, {"sort_work", 20000}, {"map_work", 20000}, {"goroutine_work", 2000},
	{"hash_work", 500}, {"calls_so_far", 0},
}

// TestGoGuest runs a real program with each set of passes: what it computes must not
// change, nor what it pays.
func TestGoGuest(t *testing.T) {
	wasm := buildGoGuest(t)
	if why := parse(t, wasm).ImageBlocker(); why != "" {
		t.Errorf("no image of a Go guest: %s", why)
	}
	eachEngine(t, func(t *testing.T, cfg wazero.RuntimeConfig) {
		plain := newPlain(t, cfg, wasm, withWASI)
		call(t, plain, "_initialize")
		want, fuel := map[string]string{}, map[string]int64{}
		for _, set := range PassSets() {
			t.Run(set.String(), func(t *testing.T) {
				h := newHostOf(t, cfg, instrumentWith(t, wasm, set), withWASI)
				h.refill = 100_000
				call(t, h.mod, "_initialize")
				for _, c := range goGuestCalls {
					args := []uint64{c.n}
					if c.name == "calls_so_far" {
						args = nil
					} else if strings.HasPrefix(t.Name(), "TestGoGuest/interpreter") {
						args[0] /= 10
					}
					if want[c.name] == "" {
						want[c.name] = call(t, plain, c.name, args...)
					}
					before, left := h.calls, int64(h.fuel().Get())
					if got := call(t, h.mod, c.name, args...); want[c.name] != got {
						t.Errorf("%s = %s, plain %s", c.name, got, want[c.name])
					}
					used := int64(h.calls-before)*h.refill + left - int64(h.fuel().Get())
					if set == NoPasses {
						fuel[c.name] = used
						t.Logf("%s: %d units of fuel", c.name, used)
					} else if used != fuel[c.name] {
						t.Errorf("%s: %d units of fuel, %d without passes", c.name, used,
							fuel[c.name])
					}
				}
			})
		}
	})
}
