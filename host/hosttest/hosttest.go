// Package hosttest starts a whole runtime inside a test, as httptest starts a
// server: store in memory, guest built from ./testdata, listener on loopback.
//
// There are three types. A [Host] is a running app that a test sends requests
// to; it survives Restart and ends with the test. [Options] say what it runs. A
// [Record] is one line of its log. Only tests import this package.
package hosttest

import (
	"context"
	"encoding/json"
	"io"
	"net"
	"net/http"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"

	"github.com/cairn-dev/cairn/host"
	"github.com/cairn-dev/cairn/host/config"
	"github.com/cairn-dev/cairn/host/hostfunc"
	"github.com/cairn-dev/cairn/host/internal/testguest"
	"github.com/cairn-dev/cairn/host/module"
	"github.com/cairn-dev/cairn/host/release"
)

// Compiler is shared by the hosts of a test's process: most run one of a few guests,
// and reading that anew takes longer than the rest of a start. It keeps a guest's
// code until as many others were used. Its passes are those of testguest.Passes.
var Compiler = module.NewCompiler(8).WithPasses(testguest.Passes())

// CompiledCode returns the folder with a module's compiled code, which a host in
// another process can have in its cache under the same name. Nobody may write to it.
func CompiledCode(t testing.TB, wasm []byte) (dir string) {
	t.Helper()
	e, err := module.NewEngine(t.Context(),
		module.Options{Compiler: Compiler, CacheDir: testguest.CacheDir(t),
			System: hostfunc.System{Now: time.Now, Random: func(b []byte) { clear(b) }}})
	if err != nil {
		t.Fatal(err)
	}
	source, err := e.Read(wasm)
	if err != nil {
		t.Fatal(err)
	}
	code, err := source.Compile(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer code.Close()
	return filepath.Join(testguest.CacheDir(t), code.Hash())
}

// Options say what a Host runs.
type Options struct {
	// Guest names a program in ./testdata. Required, unless Wasm or Scripts are set.
	Guest string
	// Scripts are what runs, the public one first, in place of Guest, Wasm, Bindings,
	// Vars and CallLimit.
	Scripts []release.Script
	// Bindings are the config's, binding to class. Default COUNTERS to Counter.
	Bindings map[string]string
	// Vars are the config's, to be encoded as JSON. Default none.
	Vars map[string]any
	// CallLimit is the config's limits.subrequests. Default none.
	CallLimit int

	// Options are the host's. Wasm is a module in place of Guest's. FS is a new one in
	// memory by default, and DataDir is "data" in it. A Clock, such as a
	// clocktest.Clock, is what guests see as well: Now is not looked at. What is
	// served, what compiles it and the log are set from what is above and by this
	// package.
	host.Options

	// NoListener leaves HTTP out: URL is empty and Get fails. A synctest bubble
	// wants that, as it does not see the end of a wait for the network.
	NoListener bool
	// OnLog is called with every line of the log, on the goroutine that logs. A
	// guest that logs waits meanwhile: so a test holds a guest at a line of its
	// code. Default none.
	OnLog func(Record)
}

// Host is a running app.
type Host struct {
	// URL is where it listens, without a slash at the end.
	URL string
	// Runtime is what runs. Restart replaces it.
	Runtime *host.Runtime

	t       testing.TB
	options Options
	log     log
	client  http.Client
	served  chan error // gives what Serve returned; nil without a listener
}

// Start starts an app and stops it when the test is over. The log is printed if
// the test has failed by then.
func Start(t testing.TB, o Options) *Host {
	t.Helper()
	h, err := New(t, o)
	if err != nil {
		t.Fatal(err)
	}
	return h
}

// New is Start for an app that may be refused.
func New(t testing.TB, o Options) (*Host, error) {
	t.Helper()
	if o.FS == nil {
		o.FS = vfs.NewMem()
	}
	if o.DataDir == "" {
		o.DataDir = "data"
	}
	if o.Bindings == nil {
		o.Bindings = map[string]string{"COUNTERS": "Counter"}
	}
	h := &Host{t: t, options: o}
	h.log.on = o.OnLog
	if err := h.start(); err != nil {
		return nil, err
	}
	t.Cleanup(func() {
		h.stop()
		if t.Failed() {
			t.Logf("the host's log:\n%s", h.log.text())
		}
	})
	return h, nil
}

func (h *Host) start() error {
	h.t.Helper()
	o := &h.options
	scripts := o.Scripts
	if scripts == nil {
		scripts = []release.Script{{Config: o.config(h.t), Wasm: o.Wasm}}
		if o.Wasm == nil {
			scripts[0].Wasm = testguest.Build(h.t, o.Guest)
		}
	}
	var now func() time.Time
	if o.Clock != nil {
		now = o.Clock.Now // guests set alarms by the time that they see
	}
	of := o.Options
	of.Config, of.Wasm, of.More = scripts[0].Config, scripts[0].Wasm, scripts[1:]
	of.Compiler, of.CacheDir = Compiler, testguest.CacheDir(h.t)
	of.Logger, of.Now = h.log.logger(), now
	of.Interpreter = of.Interpreter || testguest.Interpreter()
	runtime, err := host.Start(context.Background(), of)
	if err != nil {
		return err
	}
	h.Runtime = runtime
	if o.NoListener {
		return nil
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	h.URL, h.served = "http://"+l.Addr().String(), make(chan error, 1)
	h.client.Transport = &http.Transport{MaxIdleConnsPerHost: 64}
	go func() { h.served <- runtime.Serve(l) }()
	return nil
}

// config makes what a wrangler file would say.
func (o *Options) config(t testing.TB) *config.Config {
	name := o.Guest
	if name == "" {
		name = "test"
	}
	c := &config.Config{Path: "wrangler.jsonc", Name: name, Main: name,
		Vars:      map[string]json.RawMessage{},
		CallLimit: o.CallLimit}
	for binding, class := range o.Bindings {
		c.Bindings = append(c.Bindings, config.Binding{Name: binding, ClassName: class})
	}
	for key, value := range o.Vars {
		text, err := json.Marshal(value)
		if err != nil {
			t.Fatal(err)
		}
		c.Vars[key] = text
	}
	return c
}

// stop shuts down, and fails the test where that fails.
func (h *Host) stop() {
	h.t.Helper()
	if h.Runtime == nil {
		return
	}
	h.client.CloseIdleConnections()
	if err := h.Runtime.Shutdown(context.Background()); err != nil {
		h.t.Errorf("shut down: %v", err)
	}
	if h.served != nil {
		if err := <-h.served; err != nil {
			h.t.Errorf("serve: %v", err)
		}
	}
	h.Runtime, h.served = nil, nil
}

// Restart stops the app and starts it on the same store, with changed options
// if it is given any. The script keeps its name, and so its objects.
func (h *Host) Restart(change ...func(*Options)) {
	h.t.Helper()
	h.stop()
	for _, fn := range change {
		fn(&h.options)
	}
	if err := h.start(); err != nil {
		h.t.Fatalf("restart: %v", err)
	}
}

// Get sends a GET request for a path and returns the answer.
func (h *Host) Get(path string) (status int, body string) {
	h.t.Helper()
	return h.Do(http.MethodGet, path, "")
}

// Do sends a request. It may be called by any goroutine.
func (h *Host) Do(method, path, body string) (status int, answer string) {
	h.t.Helper()
	req, err := http.NewRequest(method, h.URL+path, strings.NewReader(body))
	if err != nil {
		h.t.Error(err)
		return 0, ""
	}
	resp, err := h.client.Do(req)
	if err != nil {
		h.t.Error(err)
		return 0, ""
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	if err != nil {
		h.t.Error(err)
	}
	return resp.StatusCode, string(b)
}

// Call calls a method of an object as the built-in route does, but without
// HTTP. The result is JSON. Errors that guests see are *event.Error. It may
// be called by any goroutine.
func (h *Host) Call(binding, name, method string, args ...any) (json.RawMessage, error) {
	if args == nil {
		args = []any{}
	}
	encoded, err := json.Marshal(args)
	if err != nil {
		return nil, err
	}
	return h.Runtime.Call(context.Background(), binding, name, method, encoded)
}

// Must is Call for a call that has to succeed; its result goes to where result
// points, unless that is nil. It may be called by any goroutine.
func (h *Host) Must(result any, binding, name, method string, args ...any) {
	h.t.Helper()
	got, err := h.Call(binding, name, method, args...)
	if err == nil && result != nil {
		err = json.Unmarshal(got, result)
	}
	if err != nil {
		h.t.Errorf("%s/%s/%s: %v", binding, name, method, err)
	}
}

// RunDue runs every alarm and every retry that is due by the clock, and returns
// how many runs have ended, once none is left. A host runs them anyway; a test that
// has moved Options.Clock waits for them here.
func (h *Host) RunDue() int {
	h.t.Helper()
	n, err := h.Runtime.RunAlarms(context.Background())
	if err != nil {
		h.t.Errorf("run due alarms: %v", err)
	}
	return n
}

// Logs returns the log so far, of all runs.
func (h *Host) Logs() []Record { return h.log.all() }
