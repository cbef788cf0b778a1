package host_test

import (
	"context"
	"net"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/cairn-dev/cairn/abi"
	"github.com/cairn-dev/cairn/host"
	"github.com/cairn-dev/cairn/host/hostfunc"
	"github.com/cairn-dev/cairn/host/hosttest"
	"github.com/cairn-dev/cairn/host/internal/clock/clocktest"
)

// TestCallLimit counts the calls of a request's whole tree, which is wide here and
// not deep, and the rounds of work that asks for itself. The next request begins
// anew.
func TestCallLimit(t *testing.T) {
	n := startNodes(t, hosttest.Options{CallLimit: 10})
	twice := func(do ...step) []step { return []step{tryCall("B", do...), tryCall("C", do...)} }
	all := append(twice(twice(twice()...)...), put("after")) // 2 + 4 + 8 calls
	for range 2 {
		got := n.run("A", all...)
		// The fifth innermost is caught, and the call around the last two.
		if got.err != nil || len(got.caught) != 2 {
			t.Errorf("%d calls failed, want 2: %v", len(got.caught), got)
		}
		for _, text := range got.caught {
			if !strings.Contains(text, "Too many subrequests") ||
				!strings.Contains(text, "at most 10 calls") {
				t.Errorf("a call beyond the limit: %s", text)
			}
		}
		if !n.has("A", "after") {
			t.Error("the request did not go on")
		}
		n.Must(nil, "NODES", "A", "delete", "after")
	}
	n.Must(nil, "NODES", "A", "forever")
	var rounds int
	if n.Must(&rounds, "NODES", "A", "rounds"); rounds != 10 {
		t.Errorf("work that asks for itself ran %d times, want 10", rounds)
	}
}

// TestEventTime moves the clock while a request is in an object that waits for
// another. That ends where it is, when it computes as well as when it calls on, and
// whoever still had to wait for its turn is told.
func TestEventTime(t *testing.T) {
	clock := clocktest.NewClock(time.Unix(1_700_000_000, 0))
	n := startNodes(t, hosttest.Options{Options: host.Options{Clock: clock}})
	const text = "took longer than 15 minutes"
	inside := n.gate("B: inside")
	first := n.start("A", call("B", say("inside"), tryCall("C", put("late")), put("goes on")))
	<-inside.reached
	queued := n.start("D", tryCall("B", put("queued")))
	clock.Advance(15 * time.Minute)
	close(inside.open)
	if r := <-first; r.err != nil || len(r.caught) != 1 || !strings.Contains(r.caught[0], text) {
		t.Errorf("%+v", r)
	}
	if r := <-queued; r.err != nil {
		t.Error(r.err)
	}
	if n.has("C", "late") || !n.has("B", "goes on") {
		t.Error("C was called, or B did not go on")
	}
}

// TestEventTimeOfSpinner is the same for a guest that computes.
func TestEventTimeOfSpinner(t *testing.T) {
	clock := clocktest.NewClock(time.Unix(1_700_000_000, 0))
	h := hosttest.Start(t, hosttest.Options{Guest: "bad", NoListener: true,
		Options:  host.Options{Clock: clock, CPULimit: time.Hour},
		Bindings: map[string]string{"GOOD": "Good", "BAD": "Bad"}})
	for _, how := range []string{"loop", "random", "sleep"} {
		done := make(chan error, 1)
		go func() {
			_, err := h.Call("BAD", "A", "misbehave", how)
			done <- err
		}()
		for ended := false; !ended; { // it may have begun after the clock was moved
			clock.Advance(time.Minute)
			ctx, cancel := context.WithTimeout(t.Context(), time.Millisecond)
			select {
			case err := <-done:
				wantError(t, err, reset, "took longer than 15 minutes")
				ended = true
			case <-ctx.Done():
			}
			cancel()
		}
	}
}

// TestClientGone closes a client's connection while its request is in the Worker.
// What that calls then is not called.
func TestClientGone(t *testing.T) {
	clock := clocktest.NewClock(time.Unix(1_700_000_000, 0))
	reached, closed, ended := make(chan struct{}), make(chan struct{}), make(chan struct{})
	var first sync.Once
	hold := func(name string, run hostfunc.Function) hostfunc.Function {
		if name != abi.FuncStubCall {
			return run
		}
		return func(c *hostfunc.Call, args []uint64) abi.Status {
			held := false
			first.Do(func() { held = true })
			if !held {
				return run(c, args)
			}
			defer close(ended)
			close(reached)
			<-closed
			clock.Advance(time.Second) // it does not look all the time
			return run(c, args)
		}
	}
	h := hosttest.Start(t, hosttest.Options{Guest: "counter",
		Options: host.Options{Clock: clock, WrapImports: hold}})
	conn, err := net.Dial("tcp", strings.TrimPrefix(h.URL, "http://"))
	if err != nil {
		t.Fatal(err)
	}
	if _,
		err := conn.Write([]byte("GET /increment?name=A HTTP/1.1\r\nHost: a\r\n\r\n")); err != nil {
		t.Fatal(err)
	}
	<-reached
	conn.Close()
	close(closed)
	<-ended
	if status, body := h.Get("/?name=A"); status != 200 || body != "Durable Object 'A' count: 0" {
		t.Errorf("%d %s", status, body)
	}
}
