package worker_test

import (
	"encoding/json"
	"fmt"
	"runtime"
	"sync"
	"testing"
	"time"

	"github.com/cairn-dev/cairn/abi"
	"github.com/cairn-dev/cairn/host"
	"github.com/cairn-dev/cairn/host/hostfunc"
	"github.com/cairn-dev/cairn/host/hosttest"
)

// cpuLimit is short, as a test spends it, and long for what begins by itself without
// an image, under the race detector on a busy machine.
const cpuLimit = 500 * time.Millisecond

// start runs testdata/echo, with images and without: instances are reset or new.
func start(t *testing.T, run func(t *testing.T, h *hosttest.Host)) {
	for _, noImages := range []bool{false, true} {
		t.Run(fmt.Sprintf("noImages=%v", noImages), func(t *testing.T) {
			run(t, hosttest.Start(t, hosttest.Options{
				Guest: "echo", Bindings: map[string]string{},
				Options: host.Options{NoImages: noImages, CPULimit: cpuLimit},
			}))
		})
	}
}

// TestNothingIsKept wants every request to find the guest as it was at its start,
// also after requests that broke it.
func TestNothingIsKept(t *testing.T) {
	start(t, func(t *testing.T, h *hosttest.Host) {
		for _, between := range []string{"/count", "/throw", "/panic", "/loop",
			"/large?bytes=10000000"} {
			if _, body := h.Get("/count"); body != "1" {
				t.Errorf("before %s: the count is %s", between, body)
			}
			h.Get(between)
			if status, body := h.Get("/count"); status != 200 || body != "1" {
				t.Errorf("after %s: %d, the count is %s", between, status, body)
			}
		}
	})
}

// TestBusy holds as many requests in the guest as may run, and wants others to wait
// for one of them to end, and to be answered then.
func TestBusy(t *testing.T) {
	const most, waiting = 3, 20
	entered, leave := make(chan struct{}, most+waiting), make(chan struct{})
	h := hosttest.Start(t, hosttest.Options{Guest: "echo",
		Bindings: map[string]string{},
		Options: host.Options{MaxBusy: most,
			WrapImports: func(name string, run hostfunc.Function) hostfunc.Function {
				if name != abi.FuncOutputWrite {
					return run
				}
				return func(c *hostfunc.Call, args []uint64) abi.Status {
					entered <- struct{}{}
					<-leave
					return run(c, args)
				}
			}}})
	var wg sync.WaitGroup
	ask := func() {
		if status, body := h.Get("/count"); status != 200 || body != "1" {
			t.Errorf("%d %q", status, body)
		}
	}
	for range most {
		wg.Go(ask)
	}
	for range most {
		<-entered
	}
	for range waiting {
		wg.Go(ask)
	}
	for waits := 0; waits < waiting; _, waits = h.Runtime.Busy() {
		runtime.Gosched()
	}
	if _, instances := h.Runtime.Modules(); len(entered) > 0 || instances > most+1 {
		t.Errorf("%d more came in, and there are %d instances", len(entered), instances)
	}
	close(leave)
	wg.Wait()
	if busy, waits := h.Runtime.Busy(); busy != 0 || waits != 0 {
		t.Errorf("afterwards %d run and %d wait", busy, waits)
	}
}

// TestHammer wants each of many requests at once to be answered with its own
// answer.
func TestHammer(t *testing.T) {
	start(t, func(t *testing.T, h *hosttest.Host) {
		const goroutines, requests = 8, 50
		var wg sync.WaitGroup
		for g := range goroutines {
			wg.Go(func() {
				for i := range requests {
					url := fmt.Sprintf("/echo?g=%d&i=%d", g, i)
					body := fmt.Sprintf("%d-%0*d", g, 1+i*i*7, i) // shorter and longer than buffers
					status, answer := h.Do("POST", url, body)
					var said struct {
						URL  string
						Body []byte
					}
					if err := json.Unmarshal([]byte(answer), &said); err != nil {
						t.Errorf("%d %v: %q", status, err, answer)
						return
					}
					if said.URL != h.URL+url || string(said.Body) != body {
						t.Errorf("sent %s %.20q, answered %s %.20q", url, body, said.URL, said.Body)
					}
					if i%10 == 9 {
						h.Get("/panic")
					}
				}
			})
		}
		wg.Wait()
	})
}
