package release_test

import (
	"context"
	"errors"
	"os"
	"strconv"
	"testing"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"

	"github.com/cairn-dev/cairn/host"
	"github.com/cairn-dev/cairn/host/config"
	"github.com/cairn-dev/cairn/host/release"
)

// FuzzDeploy sends modules that are nearly right to one host, one after another.
// It refuses them or runs them, and then runs the good one again with everything
// that was stored. Never does a deploy take much longer than its context.
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
	c, _, err := config.Parse("wrangler.jsonc", []byte(`{"main": "m.wasm", `+counterV1+`}`))
	if err != nil {
		f.Fatal(err)
	}
	r, err := host.Start(context.Background(),
		host.Options{Config: c, Wasm: good, DataDir: "data", FS: vfs.NewMem(),
			CPULimit: 100 * time.Millisecond, MemoryLimit: 4 << 20})
	if err != nil {
		f.Fatal(err)
	}
	f.Cleanup(func() {
		if err := r.Shutdown(context.Background()); err != nil {
			f.Error(err)
		}
	})
	last := 0
	f.Fuzz(func(t *testing.T, wasm []byte, percent int) {
		ctx, cancel := context.WithTimeout(t.Context(), 2*time.Second)
		defer cancel()
		var refused error
		ended := make(chan struct{})
		go func() {
			defer close(ended)
			_, refused = r.Releases().Deploy(ctx, release.Deploy{Wasm: wasm, Percent: percent})
		}()
		select {
		case <-ended:
		case <-time.After(time.Minute):
			t.Fatal("the deploy hangs")
		}
		switch {
		case refused == nil: // it may fail, and do what it likes to its own object
			_, _ = r.Call(ctx, "C", "other", "increment", []byte("[]"))
			if _, err := r.Releases().Deploy(t.Context(), release.Deploy{Wasm: good}); err != nil {
				t.Fatalf("the good module: %v", err)
			}
		case !errors.Is(refused, release.ErrRefused) && ctx.Err() == nil:
			t.Errorf("neither served nor refused: %v", refused)
		}
		got, err := r.Call(t.Context(), "C", "A", "increment", []byte("[]"))
		count, numErr := strconv.Atoi(string(got))
		if err != nil || numErr != nil || last > 0 && count != last+1 {
			t.Errorf("the object counts %s after %d: %v", got, last, err)
		}
		last = count
		if n, _ := r.Modules(); n != 1 && ctx.Err() == nil {
			t.Errorf("%d versions hold code", n)
		}
	})
}
