package host_test

import (
	"context"
	"errors"
	"os"
	"testing"
	"time"

	"github.com/cairn-dev/cairn/host"
)

// FuzzDeploy sends modules that are nearly right. The host refuses them or runs
// them, and then runs the good one again with everything that was stored. Never
// does a deploy take much longer than its context.
func FuzzDeploy(f *testing.F) {
	good, err := os.ReadFile(root + "/testdata/counter-wat/counter.wasm")
	if err != nil {
		f.Fatal(err)
	}
	f.Add(good, 0)
	f.Add(good, 50)
	f.Add(good[:len(good)/2], 0)
	f.Add([]byte("\x00asm\x01\x00\x00\x00"), 0)
	f.Add([]byte("\x00asm\x01\x00\x00\x00\x05\x03\x01\x00\x01\x07\x0a\x01\x06memory\x02\x00"), 0)
	for _, at := range []int{100, 500, 1000, 2000} { // a start that traps, a type that differs
		f.Add(append(append(append([]byte(nil), good[:at]...), good[at]^1), good[at+1:]...), 0)
	}
	f.Fuzz(func(t *testing.T, wasm []byte, percent int) {
		h := startDeploys(t, tinyScript(t), func(o *host.Options) {
			o.CacheDir, o.CPULimit, o.MemoryLimit = "", 100*time.Millisecond, 4<<20
		})
		h.counts("A", 1)
		ctx, cancel := context.WithTimeout(t.Context(), 2*time.Second)
		defer cancel()
		began := make(chan struct{})
		var v host.Version
		var deployErr error
		go func() {
			defer close(began)
			v, deployErr = h.runtime.Deploy(ctx, host.Deploy{Wasm: wasm, Percent: percent})
		}()
		select {
		case <-began:
		case <-time.After(time.Minute):
			t.Fatal("the deploy hangs")
		}
		switch {
		case deployErr == nil:
			// It may fail, and may write what it likes to its own object.
			_, callErr := h.runtime.Call(t.Context(), "C", "other", "increment", []byte("[]"))
			t.Logf("version %d serves %d %%: %v", v.Number, v.Percent, callErr)
		case errors.Is(deployErr, host.ErrRefused), ctx.Err() != nil:
			h.modules(1)
			h.counts("A", 2)
			return
		default:
			t.Errorf("neither served nor refused: %v", deployErr)
		}
		h.deploy(host.Deploy{Wasm: tiny(t, 7)})
		h.counts("A", 2)
	})
}
