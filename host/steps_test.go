package host_test

import (
	"strings"
	"sync"
	"testing"

	"github.com/cairn-dev/cairn/host/hosttest"
)

// step is what testdata/cycle does, see there.
type step struct {
	Say, Put, Call    string
	Do                []step
	Catch             bool
	Fail, Trap, Abort string
}

func say(text string) step                 { return step{Say: text} }
func put(key string) step                  { return step{Put: key} }
func call(name string, do ...step) step    { return step{Call: name, Do: do} }
func tryCall(name string, do ...step) step { return step{Call: name, Do: do, Catch: true} }

var nodeBindings = map[string]string{"NODES": "Node"}

// nodes is a host that runs testdata/cycle, and the gates at which a test holds
// its objects: an object that says a line of gate waits until the test opens it.
type nodes struct {
	*hosttest.Host
	t testing.TB

	mu    sync.Mutex
	gates map[string]*gate
	said  []string // object and line, in the order in which they were said
}

type gate struct{ reached, open chan struct{} }

func startNodes(t testing.TB, o hosttest.Options) *nodes {
	t.Helper()
	n := &nodes{t: t, gates: map[string]*gate{}}
	o.Guest, o.Bindings, o.NoListener, o.OnLog = "cycle", nodeBindings, true, n.onLog
	n.Host = hosttest.Start(t, o)
	return n
}

func (n *nodes) onLog(r hosttest.Record) {
	if r.Attr("class") != "Node" {
		return
	}
	line := r.Attr("name") + ": " + r.Message
	n.mu.Lock()
	g := n.gates[line]
	n.said = append(n.said, line)
	n.mu.Unlock()
	if g != nil {
		close(g.reached)
		<-g.open
	}
}

// gate makes a gate where an object says a line.
func (n *nodes) gate(line string) *gate {
	g := &gate{make(chan struct{}), make(chan struct{})}
	n.mu.Lock()
	defer n.mu.Unlock()
	n.gates[line] = g
	return g
}

// order returns what was said so far and forgets it.
func (n *nodes) order() string {
	n.mu.Lock()
	defer n.mu.Unlock()
	said := strings.Join(n.said, ", ")
	n.said = nil
	return said
}

// result is what a call of Run came to.
type result struct {
	caught []string
	err    error
}

// run runs steps in an object.
func (n *nodes) run(name string, steps ...step) result {
	got, err := n.Call("NODES", name, "run", steps)
	r := result{err: err}
	if err == nil {
		unmarshal(n.t, got, &r.caught)
	}
	return r
}

// start is run on a goroutine of its own.
func (n *nodes) start(name string, steps ...step) <-chan result {
	done := make(chan result, 1)
	go func() { done <- n.run(name, steps...) }()
	return done
}

// has reports whether an object has stored a key.
func (n *nodes) has(name, key string) bool {
	n.t.Helper()
	var value string
	n.Must(&value, "NODES", name, "get", key)
	return value == "yes"
}
