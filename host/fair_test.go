package host_test

import (
	"fmt"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/cairn-dev/cairn/host"
	"github.com/cairn-dev/cairn/host/hosttest"
)

// TestSpinnersLeaveRoom has many objects that compute for ever, each until its CPU
// limit, and one that counts beside them. That does its work long before the first
// of the others has used up its time.
func TestSpinnersLeaveRoom(t *testing.T) {
	const calls = 200
	h := hosttest.Start(t, hosttest.Options{Guest: "bad", NoListener: true,
		Options:  host.Options{CPULimit: time.Second},
		Bindings: map[string]string{"GOOD": "Good", "BAD": "Bad"}})
	h.Must(nil, "GOOD", "A", "increment")
	var ended atomic.Int32
	var wg sync.WaitGroup
	spinners := 4 * runtime.GOMAXPROCS(0)
	for i := range spinners {
		wg.Go(func() {
			_, err := h.Call("BAD", fmt.Sprint(i), "misbehave", "loop")
			ended.Add(1)
			wantError(t, err, reset, cpuText)
		})
	}
	for range calls {
		h.Must(nil, "GOOD", "A", "increment")
	}
	if n := ended.Load(); n > 0 {
		t.Errorf("%d of %d spinners have used up a second before %d calls of another object were "+
			"done", n, spinners, calls)
	}
	wg.Wait()
}
