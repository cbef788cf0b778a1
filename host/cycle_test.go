package host_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/cairn-dev/cairn/abi"
	"github.com/cairn-dev/cairn/abi/wire"
	"github.com/cairn-dev/cairn/host"
	"github.com/cairn-dev/cairn/host/hosttest"
	"github.com/cairn-dev/cairn/host/internal/testguest"
)

func unmarshal(t testing.TB, text json.RawMessage, v any) {
	t.Helper()
	if err := json.Unmarshal(text, v); err != nil {
		t.Errorf("%s: %v", text, err)
	}
}

// TestCycles lets calls come back to objects that wait for them.
func TestCycles(t *testing.T) {
	t.Parallel()
	n := startNodes(t, hosttest.Options{})
	for _, c := range []struct {
		name  string
		steps []step // in A
		order string
	}{
		{"A B A", []step{say("1"), call("B", say("2"), call("A", say("3")), say("4")), say("5")},
			"A: 1, B: 2, A: 3, B: 4, A: 5"},
		{"A B C A", []step{call("B", call("C", say("1"), call("A", say("2")), say("3"))), say("4")},
			"C: 1, A: 2, C: 3, A: 4"},
		{"A A", []step{say("1"), call("A", say("2"), call("A", say("3")), say("4")), say("5")},
			"A: 1, A: 2, A: 3, A: 4, A: 5"},
		{"A B A B A", []step{call("B",
			call("A", call("B", say("1"), call("A", say("2")), say("3")))), say("4")},
			"B: 1, A: 2, B: 3, A: 4"},
		{"A B A C A", []step{call("B",
			call("A", call("C", call("A", say("1")), say("2")), say("3"))), say("4")},
			"A: 1, C: 2, A: 3, A: 4"},
	} {
		if r := n.run("A", c.steps...); r.err != nil {
			t.Errorf("%s: %v", c.name, r.err)
		}
		if got := n.order(); got != c.order {
			t.Errorf("%s: %s; want %s", c.name, got, c.order)
		}
	}
}

// TestCrossing holds several requests, each inside an object of its own, and
// lets them call each other in a ring. All come to their end, whatever order
// they go on in.
func TestCrossing(t *testing.T) {
	t.Parallel()
	for _, ring := range [][]string{{"A", "B"}, {"A", "B", "C"}} {
		for first := range ring {
			t.Run(strings.Join(ring, "")+" from "+ring[first], func(t *testing.T) {
				n := startNodes(t, hosttest.Options{})
				var gates []*gate
				var done []<-chan result
				for i, name := range ring {
					gates = append(gates, n.gate(name+": inside"))
					next := ring[(i+1)%len(ring)]
					done = append(done, n.start(name, say("inside"),
						call(next, say("called by "+name)), say("out")))
				}
				for _, g := range gates {
					<-g.reached
				}
				n.order()
				for i := range ring {
					close(gates[(first+i)%len(ring)].open)
				}
				for i := range done {
					if r := <-done[i]; r.err != nil {
						t.Errorf("%s: %v", ring[i], r.err)
					}
				}
				checkRing(t, ring, n.order())
			})
		}
	}
}

// checkRing wants each object to have been called once, before its caller ended.
func checkRing(t *testing.T, ring []string, order string) {
	t.Helper()
	said := strings.Split(order, ", ")
	if len(said) != 2*len(ring) {
		t.Fatalf("said %s", order)
	}
	for i, name := range ring {
		next := ring[(i+1)%len(ring)]
		called := strings.Index(order, next+": called by "+name)
		out := strings.Index(order, name+": out")
		if called < 0 || out < 0 || called > out {
			t.Errorf("%s was not called by %s before that ended: %s", next, name, order)
		}
	}
}

// TestCallDepth goes to the limit and one beyond it, along a line and in place.
func TestCallDepth(t *testing.T) {
	n := startNodes(t, hosttest.Options{})
	for _, name := range []string{"", "chain"} {
		var got int
		if n.Must(&got, "NODES", "first", "deep", name, abi.MaxCallDepth); got != abi.MaxCallDepth {
			t.Errorf("reached %d, want %d", got, abi.MaxCallDepth)
		}
		_, err := n.Call("NODES", "first", "deep", name, abi.MaxCallDepth+1)
		wantError(t, err, wire.ErrorRemote,
			"Call chain is too deep: a call may pass through at most 32 guests.")
		if n.Must(&got, "NODES", "first", "deep", name, 1); got != 1 {
			t.Error("the object does not work afterwards")
		}
	}
}

// TestNestedEntryOvertakesNobody queues calls from outside while a nested entry
// runs. Only the nested entry goes before them; they keep their order.
func TestNestedEntryOvertakesNobody(t *testing.T) {
	testguest.Build(t, "cycle") // outside the bubble: it runs the go command
	synctest.Test(t, func(t *testing.T) {
		n := startNodes(t, hosttest.Options{})
		atA, atB, nested := n.gate("A: inside"), n.gate("B: inside"), n.gate("A: nested")
		done := []<-chan result{n.start("A", say("inside"),
			call("B", say("inside"), call("A", say("nested"), say("nested out"))), say("out"))}
		queue := func(from, to int) {
			for i := from; i < to; i++ {
				done = append(done, n.start("A", say(fmt.Sprint("queued ", i))))
				synctest.Wait() // it is in the mailbox
			}
		}
		<-atA.reached
		queue(0, 3)
		close(atA.open)
		<-atB.reached
		queue(3, 6)
		close(atB.open)
		<-nested.reached
		queue(6, 9)
		close(nested.open)
		for _, d := range done {
			if r := <-d; r.err != nil {
				t.Error(r.err)
			}
		}
		want := "A: inside, B: inside, A: nested, A: nested out, A: out"
		for i := range 9 {
			want += fmt.Sprint(", A: queued ", i)
		}
		if got := n.order(); got != want {
			t.Errorf("order: %s; want %s", got, want)
		}
	})
}

// TestNestedTrap breaks A in a nested entry. Both entries of A are lost, B is
// not; what A wrote before its call had been flushed and stays.
func TestNestedTrap(t *testing.T) {
	t.Parallel()
	for _, noImages := range []bool{false, true} {
		for _, c := range []struct {
			name  string
			how   step
			flags byte
			text  string // what the nested call's caller is told
		}{
			{"trap", step{Trap: "now"}, remote | reset,
				"remote reset | Durable Object reset: module: guest trapped"},
			{"abort", step{Abort: "enough"}, remote | reset, "remote reset | enough"},
		} {
			t.Run(fmt.Sprint(c.name, " images ", !noImages), func(t *testing.T) {
				n := startNodes(t, hosttest.Options{Options: host.Options{NoImages: noImages}})
				waiting := n.gate("A: nested")
				first := n.start("A",
					put("before"),
					call("B", put("before"), tryCall("A", put("nested"), say("nested"), c.how),
						say("B goes on")),
					put("after"), say("A goes on"))
				<-waiting.reached
				close(waiting.open)
				r := <-first
				_, reason, _ := strings.Cut(c.text, " | ")
				wantError(t, r.err, c.flags, reason) // it was in flight
				for key, want := range map[string]bool{"before": true, "nested": false,
					"after": false} {
					if n.has("A", key) != want {
						t.Errorf("A has %q: %v, want %v", key, !want, want)
					}
				}
				if !n.has("B", "before") {
					t.Error("B lost what it wrote")
				}
				if got, want := n.order(),
					"A: nested, A: object reset, B: B goes on, A: object reset"; got != want {
					t.Errorf("order: %s; want %s", got, want)
				}
				var runs int
				if n.Must(&runs, "NODES", "A", "runs"); runs != 0 {
					t.Errorf("A remembers %d runs", runs)
				}
				if n.Must(&runs, "NODES", "B", "runs"); runs != 1 {
					t.Errorf("B remembers %d runs, want 1", runs)
				}
				caught := n.run("B", tryCall("A", c.how)).caught
				if len(caught) != 1 || !strings.HasPrefix(caught[0], c.text) {
					t.Errorf("B was told %q, want %q", caught, c.text)
				}
			})
		}
	}
}

// TestTrapAfterCall loses what a call wrote after its call to another guest.
func TestTrapAfterCall(t *testing.T) {
	n := startNodes(t, hosttest.Options{})
	r := n.run("A", put("before"), call("B", put("before")), put("after"), step{Trap: "now"})
	wantError(t, r.err, remote|reset, "guest trapped")
	for key, want := range map[string]bool{"before": true, "after": false} {
		if n.has("A", key) != want {
			t.Errorf("A has %q: %v, want %v", key, !want, want)
		}
	}
	if !n.has("B", "before") {
		t.Error("B lost what it wrote")
	}
}
