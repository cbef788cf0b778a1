package object

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"runtime"
	"strings"
	"sync"
	"testing"

	"github.com/cairn-dev/cairn/abi"
	"github.com/cairn-dev/cairn/abi/wire"
	"github.com/cairn-dev/cairn/host/app"
	"github.com/cairn-dev/cairn/host/event"
	"github.com/cairn-dev/cairn/host/gate"
	"github.com/cairn-dev/cairn/host/hostfunc"
	"github.com/cairn-dev/cairn/host/placement"
	"github.com/cairn-dev/cairn/host/program/native"
	"github.com/cairn-dev/cairn/host/storage/storagetest"
)

// node is objects of one class, "C", that is written in Go.
type node struct {
	*testing.T
	*Objects
	app       *app.App
	namespace *app.Namespace
}

func newNode(t *testing.T, o Options, c native.Class) *node {
	n := &node{T: t, app: &app.App{}, namespace: app.NewNamespace(1, "test")}
	n.serve(c)
	store, log := storagetest.Open(t)
	o.App, o.Store, o.Random = n.app, store, func(b []byte) { clear(b) }
	n.Objects = New(o, nil)
	t.Cleanup(func() {
		log.AdvanceAll()
		if err := n.Close(context.Background()); err != nil {
			t.Error(err)
		}
	})
	return n
}

// serve puts c in the place of what the class was.
func (n *node) serve(c native.Class) {
	script := &app.Script{Name: "test", Stable: &app.Version{
		Program: native.New("test", map[string]native.Class{"C": c}),
		Reach:   app.Reach{Bindings: map[string]app.Capability{"C": n.namespace}},
		Logger:  slog.New(slog.DiscardHandler),
	}}
	n.app.Serve(&app.Serving{Scripts: []*app.Script{script},
		Classes: map[uint32]*app.Class{1: {Name: "C", Namespace: n.namespace, Script: script}}})
}

// call calls a method of an object from outside, and returns what it gave or threw.
func (n *node) call(name, method, arg string) string {
	reply, err := n.Send(context.Background(), &event.Event{To: n.namespace.Named([]byte(name)),
		Kind: event.Call, Input: wire.AppendCall(nil, method, arg)}, nil)
	if err != nil {
		return err.Error()
	}
	return string(reply.Output)
}

// want calls and compares.
func (n *node) want(name, method, arg, want string) {
	n.Helper()
	if got := n.call(name, method, arg); got != want {
		n.Errorf("%s.%s(%s) gave %q, want %q", name, method, arg, got, want)
	}
}

// stub calls another object of the class from o.
func stub(o *native.Object, name, method, arg string) ([]byte, error) {
	to := hostfunc.Target{Binding: []byte("C"), Kind: abi.TargetName, Object: []byte(name)}
	return o.StubCall(to, []byte(method), []byte(arg), nil)
}

// note adds its argument to a list that the object stores, and returns the list.
func note(o *native.Object, arg []byte) ([]byte, error) {
	list, _, err := o.StorageGet([]byte("list"))
	if err != nil {
		return nil, err
	}
	list = append(bytes.Clone(list), arg...)
	return list, o.StoragePut([]byte("list"), list, true)
}

// TestCallsInOrder lets calls wait for one that is under way: they run in the order in
// which they came.
func TestCallsInOrder(t *testing.T) {
	begun, goOn := make(chan bool), make(chan bool)
	n := newNode(t, Options{}, native.Class{Methods: map[string]native.Method{
		"note": note,
		"wait": func(o *native.Object, arg []byte) ([]byte, error) {
			close(begun)
			<-goOn
			return note(o, arg)
		},
	}})
	var calls sync.WaitGroup
	calls.Go(func() { n.call("A", "wait", "0") })
	<-begun
	to := n.namespace.Named([]byte("A"))
	a := n.find(&to)
	waits := func() int {
		a.mu.Lock()
		defer a.mu.Unlock()
		return a.mailbox.len()
	}
	for i := 1; i < 10; i++ {
		calls.Go(func() { n.call("A", "note", fmt.Sprint(i)) })
		for waits() < i {
			runtime.Gosched()
		}
	}
	close(goOn)
	calls.Wait()
	n.want("A", "note", ".", "0123456789.")
}

// TestNestedCall lets a call in whose caller's caller is the object itself, where it sees
// what was written before, and no other.
func TestNestedCall(t *testing.T) {
	var n *node
	var outside sync.WaitGroup
	n = newNode(t, Options{}, native.Class{Methods: map[string]native.Method{
		"note": note,
		"hop": func(o *native.Object, arg []byte) ([]byte, error) {
			if _, err := note(o, []byte(o.Name)); err != nil {
				return nil, err
			}
			if o.Name == "B" {
				outside.Go(func() { n.call("A", "note", "x") })
			}
			path := string(arg) // of objects
			if path == "" {
				return note(o, nil)
			}
			return stub(o, path[:1], "hop", path[1:])
		},
	}})
	n.want("A", "hop", "BA", "AA") // the one from outside is not in it
	outside.Wait()
	n.want("A", "note", "", "AAx")
	n.want("B", "note", "", "B")
	n.want("C", "hop", strings.Repeat("C", abi.MaxCallDepth), event.ErrTooDeep.Message)
}

// TestConstructor fails once: whoever came for the object is told, what it wrote is gone,
// and the next call makes it anew.
func TestConstructor(t *testing.T) {
	built := 0
	n := newNode(t, Options{}, native.Class{
		Construct: func(o *native.Object) error {
			if _, err := note(o, []byte("!")); err != nil {
				return err
			}
			if built++; built == 1 {
				return event.TypeError("not yet")
			}
			return nil
		},
		Methods: map[string]native.Method{"note": note},
	})
	n.want("A", "note", "a", "not yet")
	n.want("A", "note", "b", "!!b") // what threw was stored all the same
	n.want("A", "none", "", `The RPC receiver does not implement the method "none".`)
}

// TestMemoryIsEachObjects has room for one object with an instance: they take turns, and
// each is itself when it has one again. Another program takes all of them anew.
func TestMemoryIsEachObjects(t *testing.T) {
	var built []string
	class := func(version string) native.Class {
		return native.Class{
			Construct: func(o *native.Object) error {
				built = append(built, o.Name+version)
				return nil
			},
			Methods: map[string]native.Method{
				"name": func(o *native.Object, _ []byte) ([]byte, error) {
					return []byte(o.Name + version), nil
				},
			},
		}
	}
	n := newNode(t, Options{Residents: 1}, class("1"))
	for range 3 {
		n.want("A", "name", "", "A1")
		n.want("B", "name", "", "B1")
	}
	n.serve(class("2"))
	n.Refresh()
	for range 2 {
		n.want("B", "name", "", "B2")
		n.want("A", "name", "", "A2")
	}
	if got := strings.Join(built, " "); got != "A1 B1 B2 A2" {
		t.Errorf("made %s", got)
	}
}

// way is an Outbound that knows what the last request could tell of.
type way struct{ seen gate.Mark }

func (w *way) Fetch(_ context.Context, seen gate.Mark, _, dst []byte) ([]byte, error) {
	w.seen = seen
	return dst, nil
}

// TestOwnWayOut wants what an object sends out of the node to tell of what it has written,
// and of the lease that it was called under.
func TestOwnWayOut(t *testing.T) {
	n := newNode(t, Options{}, native.Class{Methods: map[string]native.Method{
		"send": func(o *native.Object, arg []byte) ([]byte, error) {
			if _, err := note(o, arg); err != nil {
				return nil, err
			}
			return o.FetchSend(nil, nil)
		},
	}})
	w := &way{}
	n.app.Serving().Public().Stable.Outbound = w
	lease := placement.Lease{Epoch: 3}
	if _, err := n.Send(t.Context(), &event.Event{To: n.namespace.Named([]byte("A")),
		Input: wire.AppendCall(nil, "send", "1"), Seen: gate.Mark{}.Under(lease)},
		nil); err != nil {
		t.Fatal(err)
	}
	if want := gate.At(n.options.Store.Last()).Under(lease); w.seen != want || want.Seq() == 0 {
		t.Errorf("the request tells of %+v, want %+v", w.seen, want)
	}
}
