package guesttest

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/cairn-dev/cairn/abi"
	"github.com/cairn-dev/cairn/abi/wire"
	"github.com/cairn-dev/cairn/guest"
	"github.com/cairn-dev/cairn/guest/internal/hostcall"
)

// Options say what a config file would.
type Options struct {
	Script   string            // its name; with the class it decides IDs
	Bindings map[string]string // durable_objects: from binding to class_name
	Vars     map[string]any    // any JSON values
}

// Host is an app and its objects, in memory. Its methods are for the test, not
// for the program that it runs.
type Host struct {
	tb      testing.TB
	options Options
	vars    map[string][]byte
	worker  hostcall.Instance

	// store is what objects wrote, memory is which objects are in memory. Only
	// the second is lost in a restart.
	store  map[abi.ID]map[string][]byte
	memory map[abi.ID]*object

	calls []*frame // exports that are running, the innermost last
}

// frame is one running export.
type frame struct {
	object *object // nil for the Worker, and for the test itself
	input  []byte
	output []byte
	result []byte // for result_read
}

// New returns a host for the program that the test is linked with. It fails the
// test when a binding's class is not registered.
func New(tb testing.TB, options Options) *Host {
	tb.Helper()
	h := &Host{
		tb:      tb,
		options: options,
		vars:    map[string][]byte{},
		store:   map[abi.ID]map[string][]byte{},
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

// Restart forgets what objects and the Worker hold in memory. What they stored
// stays.
func (h *Host) Restart() {
	h.memory = map[abi.ID]*object{}
	h.worker = hostcall.NewInstance()
}

// Evict forgets what one object holds in memory, which is what happens to an
// object that nobody calls for a while.
func (h *Host) Evict(binding, name string) {
	h.tb.Helper()
	delete(h.memory, h.id(binding, name))
}

// Storage returns a copy of what an object has stored, by key.
func (h *Host) Storage(binding, name string) map[string][]byte {
	h.tb.Helper()
	values := map[string][]byte{}
	for key, value := range h.store[h.id(binding, name)] {
		values[key] = append([]byte{}, value...)
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

// Fetch sends a request to the Worker. An error of the Worker is what a client
// sees of it, a response with status 500 or 503, and a line in the test's log.
func (h *Host) Fetch(req *guest.Request) *guest.Response {
	h.tb.Helper()
	if !hostcall.HasWorker() {
		h.tb.Fatal("guesttest: the program has no Worker")
	}
	defer hostcall.Enter(h)()
	var header wire.Header
	for name, value := range req.Header.All() {
		header = wire.AppendHeader(header, name, value)
	}
	method := req.Method
	if method == "" {
		method = "GET"
	}
	f := &frame{input: wire.AppendRequest(nil, &wire.Request{
		Method: []byte(method), URL: []byte(req.URL.String()), Header: header, Body: req.Body,
	})}
	h.calls = append(h.calls, f)
	status := h.worker.WorkerFetch(len(f.input))
	h.calls = h.calls[:len(h.calls)-1]
	if status != abi.StatusOK {
		return h.failure(f.output)
	}
	var w wire.Response
	if err := wire.DecodeResponse(f.output, &w); err != nil {
		h.tb.Fatalf("guesttest: the Worker's response: %v", err)
	}
	resp := &guest.Response{Status: int(w.Status), Body: w.Body}
	w.Header.Each(func(name, value []byte) bool {
		resp.Header.Add(string(name), string(value))
		return true
	})
	return resp
}

func (h *Host) failure(output []byte) *guest.Response {
	var e wire.Error
	if err := wire.DecodeError(output, &e); err != nil {
		h.tb.Fatalf("guesttest: the Worker's error: %v", err)
	}
	h.tb.Logf("guesttest: the Worker failed: %s %s", e.Name, e.Message)
	if e.Flags&wire.ErrorOverloaded != 0 {
		return &guest.Response{Status: 503}
	}
	return &guest.Response{Status: 500}
}
