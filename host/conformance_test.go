package host_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"strings"
	"testing"

	"github.com/cockroachdb/pebble/v2/vfs"

	"github.com/cairn-dev/cairn/abi"
	"github.com/cairn-dev/cairn/abi/conformance"
	"github.com/cairn-dev/cairn/host"
	"github.com/cairn-dev/cairn/host/event"
	"github.com/cairn-dev/cairn/host/hostfunc"
	"github.com/cairn-dev/cairn/host/hosttest"
)

// TestConformance holds this host to abi/SPEC.md in each way it can run guests.
func TestConformance(t *testing.T) {
	t.Parallel()
	for _, interpreter := range []bool{false, true} {
		for _, noImages := range []bool{false, true} {
			name := map[bool]string{false: "compiler", true: "interpreter"}[interpreter] +
				map[bool]string{false: "/images", true: "/plain"}[noImages]
			t.Run(name, func(t *testing.T) {
				if testing.Short() && (interpreter || noImages) {
					t.Skip("short: only the compiler with images")
				}
				conformance.Run(t,
					kitHost{t, hosttest.Options{
						Options: host.Options{Interpreter: interpreter, NoImages: noImages,
							WrapImports: withinTable(t)}}})
			})
		}
	}
}

// withinTable fails a test in which an import answers a status that its row in
// abi.Imports does not list.
func withinTable(t *testing.T) func(string, hostfunc.Function) hostfunc.Function {
	return func(name string, run hostfunc.Function) hostfunc.Function {
		row := abi.ImportNamed(name)
		return func(c *hostfunc.Call, args []uint64) abi.Status {
			status := run(c, args)
			if !row.May(status) {
				t.Errorf("%s answers %v, which is not in its row", name, status)
			}
			return status
		}
	}
}

// kitHost is this host as the kit sees it.
type kitHost struct {
	t       testing.TB
	options hosttest.Options
}

// Load implements conformance.Host.
func (k kitHost) Load(wasm []byte, c conformance.Config) (conformance.App, error) {
	o := k.options
	o.Wasm, o.Bindings, o.CPULimit, o.MemoryLimit = wasm, c.Bindings, c.CPULimit, c.MemoryLimit
	o.Residents = 8 // so that objects are suspended
	o.Vars = map[string]any{}
	for name, value := range c.Vars {
		o.Vars[name] = json.RawMessage(value)
	}
	disk := vfs.NewCrashableMem()
	o.FS = disk
	h, err := hosttest.New(k.t, o)
	if err != nil {
		return nil, err
	}
	return &kitApp{h, disk}, nil
}

// kitApp is a running app as the kit sees it.
type kitApp struct {
	host *hosttest.Host
	disk *vfs.MemFS
}

// Call implements conformance.App.
func (a *kitApp) Call(binding, object, method string, args []byte) ([]byte, error) {
	result, err := a.host.Runtime.Call(context.Background(), binding, object, method, args)
	var told *event.Error
	if errors.As(err, &told) {
		err = &conformance.Error{Flags: told.Flags, Name: told.Name, Message: told.Message}
	}
	return result, err
}

// client keeps no connections: a restart would wait for them.
var client = http.Client{Transport: &http.Transport{DisableKeepAlives: true}}

// Fetch implements conformance.App.
func (a *kitApp) Fetch(body []byte) ([]byte, error) {
	resp, err := client.Post(a.host.URL+"/", "application/json", bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("status %d", resp.StatusCode)
	}
	return io.ReadAll(resp.Body)
}

// Restart implements conformance.App.
func (a *kitApp) Restart() error {
	a.disk = a.disk.CrashClone(vfs.CrashCloneCfg{})
	a.host.Restart(func(o *hosttest.Options) { o.FS = a.disk })
	return nil
}

func (a *kitApp) runDue() { a.host.RunDue() }

// Close implements conformance.App. The test ends the app.
func (a *kitApp) Close() error { return nil }

// TestExample runs the example of SPEC.md's appendix.
func TestExample(t *testing.T) {
	wasm, err := os.ReadFile("../abi/testdata/example.wasm")
	if err != nil {
		t.Fatal(err)
	}
	h := hosttest.Start(t, hosttest.Options{Options: host.Options{Wasm: wasm}})
	get := func(path, want string) {
		t.Helper()
		if status, body := h.Get(path); status != http.StatusOK || body != want {
			t.Errorf("GET %s: %d %q, want %q", path, status, body, want)
		}
	}
	for n := range 11 {
		get("/anna", fmt.Sprint(n+1))
	}
	get("/ben", "1")
	get("/", "1")
	get("/"+strings.Repeat("x", 2000), "1")
	h.Restart()
	get("/anna", "12")
	_, err = h.Call("COUNTERS", "anna", "vanish")
	var told *event.Error
	if !errors.As(err, &told) || told.Name != "TypeError" || told.Message != "no such method" {
		t.Errorf("an unknown method: %v", err)
	}
}
