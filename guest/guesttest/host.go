package guesttest

import (
	"bytes"
	"encoding/json"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/cairn-dev/cairn/abi"
	"github.com/cairn-dev/cairn/guest"
	"github.com/cairn-dev/cairn/guest/internal/hostcall"
)

// Options say what a config file would.
type Options struct {
	Script   string            // the script's name; with the class it decides IDs
	Bindings map[string]string // durable_objects: from binding to class_name
	Scripts  map[string]string // from binding to script_name; default Script
	Vars     map[string]any    // any JSON values

	// Fetch stands for the network: it answers what the program sends with
	// guest.Fetch. Without it nothing may be sent out. A redirect that it answers
	// is not followed.
	Fetch func(*guest.Request) (*guest.Response, error)
}

// Host is an app and its objects, in memory. Its methods are for the test, not
// for the program that it runs.
type Host struct {
	tb      testing.TB
	options Options
	vars    map[string][]byte
	ahead   time.Duration // of the real clock

	// store is what objects wrote, memory is which objects are in memory. Only
	// the second is lost in a restart. unconfirmed takes back what a crash would
	// lose, the last write last.
	store       map[abi.ID]*record
	memory      map[abi.ID]*object
	unconfirmed []func()

	calls      []*frame  // exports that are running, the innermost last
	background []*object // objects that left work for after their answers
	call       string    // the number of the test's call that runs
}

// New returns a host for the program that the test is linked with. It fails the
// test when a binding's class is not registered.
func New(tb testing.TB, options Options) *Host {
	tb.Helper()
	h := &Host{
		tb:      tb,
		options: options,
		vars:    map[string][]byte{},
		store:   map[abi.ID]*record{},
	}
	for binding, class := range options.Bindings {
		if _, ok := hostcall.Class(class); !ok {
			tb.Fatalf("guesttest: binding %s: the program has no class %s", binding, class)
		}
	}
	for name, v := range options.Vars {
		text, err := json.Marshal(v)
		if err != nil {
			tb.Fatalf("guesttest: var %s: %v", name, err)
		}
		h.vars[name] = text
	}
	h.Restart()
	return h
}

// Restart forgets what objects hold in memory, and how often alarms were tried.
// What objects stored stays.
func (h *Host) Restart() {
	h.memory = map[abi.ID]*object{}
	for _, r := range h.store {
		r.retry = retry{}
	}
}

// Crash is a Restart that loses what may be lost: writes with
// guest.AllowUnconfirmed that nothing has waited for since.
func (h *Host) Crash() {
	takeBack(h.unconfirmed)
	h.unconfirmed = nil
	h.Restart()
}

// Evict forgets what one object holds in memory, which is what happens to an
// object that nobody calls for a while.
func (h *Host) Evict(binding, name string) {
	h.tb.Helper()
	delete(h.memory, h.id(binding, name))
}

// Objects returns the IDs of a binding's objects that exist: that store a key or an
// alarm. They are in order, and know no names.
func (h *Host) Objects(binding string) []guest.ID {
	h.tb.Helper()
	ids := []guest.ID{}
	for _, id := range slices.SortedFunc(maps.Keys(h.store), func(a, b abi.ID) int {
		return bytes.Compare(a[:], b[:])
	}) {
		if r := h.store[id]; len(r.values) == 0 && r.alarm == 0 {
			continue
		}
		// The error is about an ID of another namespace.
		if of, err := h.Namespace(binding).IDFromString(id.String()); err == nil {
			ids = append(ids, of)
		}
	}
	return ids
}

// Storage returns a copy of what an object has stored, by key.
func (h *Host) Storage(binding, name string) map[string][]byte {
	h.tb.Helper()
	values := map[string][]byte{}
	if r := h.store[h.id(binding, name)]; r != nil {
		for key, value := range r.values {
			values[key] = append([]byte{}, value...)
		}
	}
	return values
}

func (h *Host) id(binding, name string) abi.ID {
	h.tb.Helper()
	id, s := h.IDFromName(binding, name)
	if s != abi.StatusOK {
		h.tb.Fatalf("guesttest: no binding %s", binding)
	}
	return id
}

// Get sends a GET request to the Worker. The URL may begin with its path.
func (h *Host) Get(url string) *guest.Response {
	h.tb.Helper()
	if strings.HasPrefix(url, "/") {
		url = "http://127.0.0.1:8787" + url
	}
	req, err := guest.NewRequest("GET", url, nil)
	if err != nil {
		h.tb.Fatalf("guesttest: %v", err)
	}
	return h.Fetch(req)
}

// enter makes h current, with a frame that stands for the test: it is where
// results of imports go. leave comes when the test has its answer.
func (h *Host) enter() (leave func()) {
	leaveHost := hostcall.Enter(h)
	unwatch := h.watch()
	h.calls = append(h.calls, new(frame))
	return func() {
		h.tb.Helper()
		h.runBackground()
		unwatch()
		h.calls = h.calls[:len(h.calls)-1]
		leaveHost()
	}
}
