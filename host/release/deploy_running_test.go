package release_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/cairn-dev/cairn/abi"
	"github.com/cairn-dev/cairn/host"
	"github.com/cairn-dev/cairn/host/hostfunc"
	"github.com/cairn-dev/cairn/host/hosttest"
	"github.com/cairn-dev/cairn/host/internal/testguest"
	"github.com/cairn-dev/cairn/host/release"
)

// TestDeployWhileCalling swaps while an object is inside a call and another call
// of it waits. The first ends under the old version, the next sees the new one,
// and then nothing of the old one is left.
func TestDeployWhileCalling(t *testing.T) {
	hold := newHold(abi.FuncStoragePut)
	h := startDeploys(t, counterScript(t), hold.wrap)
	h.counts("idle", 1)
	done := hold.next(func() { h.counts("A", 1) })
	h.deploy(tenfold(t))
	h.modules(2) // the call holds on to it
	h.counts("idle", 11)
	queued := make(chan struct{})
	go func() { h.counts("A", 11); close(queued) }()
	hold.release()
	<-done
	<-queued
	h.counts("A", 21)
	h.modules(1)
	if _, instances := h.runtime.Modules(); instances > 3 {
		t.Errorf("%d instances are left for two idle objects", instances)
	}
}

// TestDeployForgets deploys a module again. Objects forget what they hold in
// memory, and not what they stored.
func TestDeployForgets(t *testing.T) {
	t.Parallel()
	ledger := hosttest.Script(t, "ledger", `"name": "app", "durable_objects": {"bindings": [
		{"name": "L", "class_name": "Ledger"}]}, "migrations": [{"tag": "v1",
		"new_sqlite_classes": ["Ledger"]}]`)
	// All but one are suspended.
	h := startDeploys(t, ledger, func(o *host.Options) { o.Residents = 1 })
	add := func(want string) {
		t.Helper()
		for _, name := range []string{"A", "B", "C"} {
			got, err := h.runtime.Call(t.Context(), "L", name, "add", []byte("[5]"))
			if err != nil || string(got) != want {
				t.Errorf("%s: %s (%v), want %s", name, got, err, want)
			}
		}
	}
	add(`{"Value":5,"Calls":1}`)
	add(`{"Value":10,"Calls":2}`)
	if v := h.deploy(release.Deploy{Wasm: ledger.Wasm}); v.Number != 1 {
		t.Errorf("the same module is version %d", v.Number)
	}
	add(`{"Value":15,"Calls":1}`)
	add(`{"Value":20,"Calls":2}`)
	h.modules(1)
}

// entering holds the host where it enters an export.
func entering(export string, g *hold) func(*host.Options) {
	return func(o *host.Options) {
		o.EnterExports = func(_ *hostfunc.Call, name string,
			enter func() (abi.Status, error)) (abi.Status, error) {
			if name == export {
				g.pass()
			}
			return enter()
		}
	}
}

// TestDeployAlone looks at a host whose deploy does not come to an end: calls and
// everybody who looks go on, and a second deploy is told.
func TestDeployAlone(t *testing.T) {
	hold := newHold("")
	h := startDeploys(t, counterScript(t), entering(abi.ExportInitialize, hold))
	h.counts("A", 1)
	done := hold.next(func() { h.deploy(tenfold(t)) })
	h.counts("A", 2)
	h.serves(map[int]int{1: 100})
	if o, err := h.runtime.Admin().Object("", "Counter", "A"); err != nil || o.Version != 1 {
		t.Errorf("A: %+v, %v", o, err)
	}
	if metrics, err := h.runtime.Metrics().Gather(); err != nil || len(metrics) < 5 {
		t.Errorf("%d metrics, %v", len(metrics), err)
	}
	_, err := h.releases().Deploy(t.Context(), tenfold(t))
	if !errors.Is(err, release.ErrDeploying) {
		t.Errorf("a second deploy: %v", err)
	}
	if _, err := h.releases().Rollback(t.Context(), "", 1); !errors.Is(err, release.ErrDeploying) {
		t.Errorf("a rollback beside it: %v", err)
	}
	hold.release()
	<-done
	h.counts("A", 12)
}

// TestDeployGone ends the wait for a module that does not come up: by the one
// who waits, and by a shutdown. What comes up late is thrown away.
func TestDeployGone(t *testing.T) {
	hold := newHold("")
	h := startDeploys(t, counterScript(t), entering(abi.ExportInitialize, hold))
	ctx, cancel := context.WithCancel(t.Context())
	done := hold.next(func() {
		if _, err := h.releases().Deploy(ctx, tenfold(t)); !errors.Is(err, context.Canceled) ||
			errors.Is(err, release.ErrRefused) {
			t.Errorf("deploy of one who is gone: %v", err)
		}
	})
	cancel()
	<-done
	hold.release()
	h.counts("A", 1)
	h.serves(map[int]int{1: 100})

	runtime := h.runtime
	done = hold.next(func() {
		_, err := runtime.Releases().Deploy(t.Context(), tenfold(t))
		if !errors.Is(err, release.ErrStopping) {
			t.Errorf("deploy at a shutdown: %v", err)
		}
	})
	stopped := make(chan struct{})
	go func() { h.stop(); close(stopped) }()
	<-done
	hold.release()
	<-stopped
	_, err := runtime.Releases().Deploy(t.Context(), tenfold(t))
	if !errors.Is(err, release.ErrStopping) {
		t.Errorf("deploy after a shutdown: %v", err)
	}
	h.restart(counterScript(t))
	h.counts("A", 2)
}

// TestVersionsPruned keeps the newest versions and those that run.
func TestVersionsPruned(t *testing.T) {
	h := startDeploys(t, tinyScript(t))
	h.counts("A", 1)
	const kept = 10
	list := func() (numbers []int) {
		all, err := h.releases().Versions("")
		if err != nil {
			t.Fatal(err)
		}
		for _, v := range all {
			numbers = append(numbers, v.Number)
		}
		return numbers
	}
	for i := range 15 {
		if v := h.deploy(release.Deploy{Wasm: tiny(t, i)}); v.Number != i+2 {
			t.Fatalf("deploy %d is version %d", i, v.Number)
		}
		h.counts("A", i+2)
	}
	if got := list(); len(got) != kept || got[0] != 7 || got[kept-1] != 16 {
		t.Errorf("kept %v", got)
	}
	h.modules(1)
	if _, err := h.releases().Rollback(t.Context(), "", 6); !errors.Is(err, release.ErrNoVersion) {
		t.Errorf("roll back to what was pruned: %v", err)
	}
	h.rollback(7)
	// The oldest serves, and others take their turns beside it.
	for i := range 15 {
		h.deploy(release.Deploy{Wasm: tiny(t, 100+i), Percent: 50})
		h.modules(2)
	}
	if got := list(); len(got) != kept || got[0] != 7 || got[1] != 23 || got[kept-1] != 31 {
		t.Errorf("kept %v", got)
	}
	h.serves(map[int]int{7: 50, 31: 50})
	h.restart(tinyScript(t))
	h.serves(map[int]int{7: 50, 31: 50})
	h.counts("A", 17)
	h.rollback(0)
	h.serves(map[int]int{7: 100})
}

// root is the folder of the module.
const root = "../.."

// tinyCounter is a counter written by hand, which compiles in no time: with it a
// test can swap often. It counts in steps of up to 63.
func tinyCounter(t testing.TB, step byte) []byte {
	t.Helper()
	wasm, err := os.ReadFile(root + "/testdata/counter-wat/counter.wasm")
	if err != nil {
		t.Fatal(err)
	}
	// i32.const 1, i64.const 1, return: the amount where none is given.
	one := []byte{0x41, 1, 0x42, 1, 0x0f}
	if n := bytes.Count(wasm, one); n != 2 {
		t.Fatalf("counter.wasm has its default amount in %d places, want 2: look at counter.wat", n)
	}
	return bytes.ReplaceAll(wasm, one, []byte{0x41, 1, 0x42, step, 0x0f})
}

// tiny is a counter that each number makes another module.
func tiny(t testing.TB, number int) []byte {
	t.Helper()
	wasm := tinyCounter(t, 1)
	name := fmt.Sprintf("v%03d", number)
	// A custom section.
	return append(wasm, append([]byte{0, byte(len(name) + 1), byte(len(name))}, name...)...)
}

func tinyScript(t *testing.T) release.Script {
	s := counterScript(t)
	s.Wasm = tiny(t, 999)
	return s
}

// TestDeployUnderLoad swaps versions while requests come in over HTTP. Every one
// is answered, every count is exact, and both versions are seen. CAIRN_SWAP says
// for how long; make swap takes 30 s, and then as long with a Go guest, whose
// every swap takes longer.
func TestDeployUnderLoad(t *testing.T) {
	length := 3 * time.Second
	if testing.Short() {
		length = time.Second
	}
	if v := os.Getenv("CAIRN_SWAP"); v != "" {
		var err error
		if length, err = time.ParseDuration(v); err != nil {
			t.Fatalf("CAIRN_SWAP: %v", err)
		}
	}
	swapUnderLoad(t, length, tinyCounter(t, 10), tinyCounter(t, 1))
	if os.Getenv("CAIRN_SWAP") != "" {
		swapUnderLoad(t, length, testguest.Build(t, "counter10"), testguest.Build(t, "counter"))
	}
}

// swapUnderLoad swaps between counters in steps of 10 and of 1.
func swapUnderLoad(t *testing.T, length time.Duration, modules ...[]byte) {
	t.Helper()
	const clients, every = 8, 100 * time.Millisecond
	h := hosttest.Start(t, hosttest.Options{
		Options: host.Options{Wasm: modules[1], Residents: clients}})
	var stop atomic.Bool
	var seen [2]atomic.Int64 // increments by 1, by 10
	var wg sync.WaitGroup
	for i := range clients {
		wg.Go(func() {
			client := &swapClient{h: h, last: map[string]int{}}
			for n := 0; !stop.Load() && !t.Failed(); n++ {
				step, err := client.increment(fmt.Sprintf("client-%d-%d", i, n%5))
				switch {
				case err != nil:
					t.Error(err)
				case step == 1:
					seen[0].Add(1)
				case step == 10:
					seen[1].Add(1)
				default:
					t.Errorf("an increment by %d", step)
				}
			}
		})
	}
	swaps, ticker := 0, time.NewTicker(every)
	for end := time.Now().Add(length); time.Now().Before(end) && !t.Failed(); swaps++ {
		d := release.Deploy{Wasm: modules[swaps%2]}
		if swaps%6 == 4 {
			d.Percent = 50 // and takes all later: two swaps behind it is the other's turn
		}
		if _, err := h.Runtime.Releases().Deploy(t.Context(), d); err != nil {
			t.Errorf("swap %d: %v", swaps, err)
		}
		<-ticker.C
	}
	stop.Store(true)
	wg.Wait()
	ones, tens := seen[0].Load(), seen[1].Load()
	t.Logf("%d swaps, %d increments by 1, %d by 10", swaps, ones, tens)
	if ones == 0 || tens == 0 {
		t.Error("one of the versions was never seen")
	}
}

// swapClient counts along with objects that nobody else calls.
type swapClient struct {
	h    *hosttest.Host
	last map[string]int
}

// increment returns by how much an object's count grew. The Worker's version
// is one and the object's may be the other: the object's says how much it counts.
func (c *swapClient) increment(name string) (int, error) {
	status, body := c.h.Get("/increment?name=" + name)
	number := body[strings.LastIndexByte(body, ' ')+1:]
	count, err := strconv.Atoi(number)
	if status != 200 || err != nil {
		return 0, fmt.Errorf("%s: %d %q", name, status, body)
	}
	step := count - c.last[name]
	c.last[name] = count
	return step, nil
}

// TestDeployWhileActivating swaps while objects come to memory for the first
// time, and are pushed out of it, by calls without HTTP.
func TestDeployWhileActivating(t *testing.T) {
	h := startDeploys(t, tinyScript(t), func(o *host.Options) { o.Residents = 2 })
	var stop atomic.Bool
	var wg sync.WaitGroup
	for i := range 4 {
		wg.Go(func() {
			for n := 0; !stop.Load(); n++ {
				name := fmt.Sprintf("%d-%d", i, n)
				first, second := h.increment(name), h.increment(name)
				if step := second - first; first != 1 && first != 10 || step != 1 && step != 10 {
					t.Errorf("%s: %d, then %d", name, first, second)
				}
			}
		})
	}
	modules := [][]byte{tinyCounter(t, 10), tinyCounter(t, 1)}
	for i := range 20 {
		h.deploy(release.Deploy{Wasm: modules[i%2]})
	}
	stop.Store(true)
	wg.Wait()
	var versions []release.Version
	list, err := h.runtime.Admin().Versions("app")
	if err != nil || len(list) != 10 {
		t.Errorf("%d versions, %v", len(list), err)
	}
	if b, err := json.Marshal(list); err != nil || json.Unmarshal(b, &versions) != nil ||
		versions[9].Number != 21 {
		t.Errorf("the newest is %s, %v", b, err)
	}
}
