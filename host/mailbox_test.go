package host_test

import (
	"fmt"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/cairn-dev/cairn/abi/wire"
	"github.com/cairn-dev/cairn/host"
	"github.com/cairn-dev/cairn/host/hosttest"
	"github.com/cairn-dev/cairn/host/internal/testguest"
	"github.com/cairn-dev/cairn/host/storage"
)

// heldLog holds the first batch after arm, and with it the object that writes.
type heldLog struct {
	storage.Log
	armed         atomic.Bool
	reached, open chan struct{}
}

func (l *heldLog) arm() {
	l.reached, l.open = make(chan struct{}), make(chan struct{})
	l.armed.Store(true)
}

func (l *heldLog) Append(b *storage.Batch) (storage.Seq, error) {
	if l.armed.CompareAndSwap(true, false) {
		close(l.reached)
		<-l.open
	}
	return l.Log.Append(b)
}

// maxQueued is how many calls may wait for one object, besides the running one.
const maxQueued = 1000

// TestMailboxFull fills an object's mailbox. Whoever comes then is refused
// while the others still wait, on both ways in; those who waited get their turn.
func TestMailboxFull(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name, guest     string
		bindings        map[string]string
		binding, method string
		path, body      string
	}{
		{"worker", "counter", nil, "COUNTERS", "increment", "/increment?name=busy",
			"Service Unavailable"},
		{"route", "bad", badBindings, "GOOD", "increment", "/GOOD/busy/increment",
			`"message":"Durable Object is overloaded. Too many requests queued."`},
	} {
		t.Run(c.name, func(t *testing.T) {
			held := &heldLog{}
			h := hosttest.Start(t, hosttest.Options{Guest: c.guest, Bindings: c.bindings,
				Options: host.Options{WrapLog: func(l storage.Log) storage.Log {
					held.Log = l
					return held
				}}})
			held.arm()
			const refused = 10
			errs := make(chan error)
			for range 1 + maxQueued + refused {
				go func() {
					_, err := h.Call(c.binding, "busy", c.method)
					errs <- err
				}()
			}
			<-held.reached
			for range refused {
				wantError(t, <-errs, wire.ErrorOverloaded,
					"Durable Object is overloaded. Too many requests queued.")
			}
			status, body := h.Get(c.path)
			if status != 503 || !strings.Contains(body, c.body) {
				t.Errorf("got %d %q, want 503 and %q", status, body, c.body)
			}
			close(held.open)
			for range 1 + maxQueued {
				if err := <-errs; err != nil {
					t.Error(err)
				}
			}
			var n int
			if h.Must(&n, c.binding, "busy", c.method); n != maxQueued+2 {
				t.Errorf("counted %d, want %d", n, maxQueued+2)
			}
		})
	}
}

// TestMailboxOld lets calls wait for longer than they may.
func TestMailboxOld(t *testing.T) {
	testguest.Build(t, "cycle") // outside the bubble: it runs the go command
	synctest.Test(t, func(t *testing.T) {
		n := startNodes(t, hosttest.Options{})
		running := n.gate("A: running")
		first := n.start("A", say("running"))
		<-running.reached
		second := n.start("A", say("second"))
		synctest.Wait()
		time.Sleep(30 * time.Second) // the bubble's time
		third := n.start("A", say("third"))
		synctest.Wait()
		time.Sleep(time.Second)
		const tooLong = "Durable Object is overloaded. Requests queued for too long."
		wantError(t, n.run("A", say("fourth")).err, wire.ErrorOverloaded, tooLong)
		close(running.open)
		if r := <-first; r.err != nil {
			t.Error(r.err)
		}
		wantError(t, (<-second).err, wire.ErrorOverloaded, tooLong)
		if r := <-third; r.err != nil {
			t.Error(r.err)
		}
		if got, want := n.order(), "A: running, A: third"; got != want {
			t.Errorf("order: %s; want %s", got, want)
		}
	})
}

// TestFirstCalls sends many calls to an object that is not in memory yet: they
// share one activation, and its constructor runs once.
func TestFirstCalls(t *testing.T) {
	testguest.Build(t, "cycle")
	synctest.Test(t, func(t *testing.T) {
		n := startNodes(t, hosttest.Options{})
		building := n.gate("slow: construct")
		var done []<-chan result
		for i := range 10 {
			done = append(done, n.start("slow", say(fmt.Sprint("call ", i))))
			synctest.Wait()
		}
		<-building.reached
		if got, want := n.order(), "slow: construct"; got != want {
			t.Errorf("while the constructor runs: %s; want %s", got, want)
		}
		close(building.open)
		for _, d := range done {
			if r := <-d; r.err != nil {
				t.Error(r.err)
			}
		}
		var built int
		if n.Must(&built, "NODES", "slow", "built"); built != 1 {
			t.Errorf("the constructor ran %d times", built)
		}
		if got := n.order(); !strings.HasPrefix(got, "slow: call 0, slow: call 1, slow: call 2, ") {
			t.Errorf("order: %s", got)
		}
	})
}

// TestConstructorFails gives its error to every call that waits for the object,
// and constructs again for the next call.
func TestConstructorFails(t *testing.T) {
	testguest.Build(t, "cycle")
	synctest.Test(t, func(t *testing.T) {
		n := startNodes(t, hosttest.Options{})
		n.run("judge", put("no"))
		building := n.gate("picky: construct")
		var done []<-chan result
		for range 5 {
			done = append(done, n.start("picky", say("alive")))
			synctest.Wait()
		}
		close(building.open)
		for _, d := range done {
			wantError(t, (<-d).err, wire.ErrorRemote, "the constructor of picky failed")
		}
		if got, want := n.order(), "picky: construct"; got != want {
			t.Errorf("order: %s; want %s", got, want)
		}
		delete(n.gates, "picky: construct")
		n.Must(nil, "NODES", "judge", "delete", "no")
		if r := n.run("picky", say("alive")); r.err != nil {
			t.Error(r.err)
		}
		if got, want := n.order(), "picky: construct, picky: alive"; got != want {
			t.Errorf("order: %s; want %s", got, want)
		}
	})
}
