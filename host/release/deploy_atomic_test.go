package release_test

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/cairn-dev/cairn/abi"
	"github.com/cairn-dev/cairn/host/config"
	"github.com/cairn-dev/cairn/host/hosttest"
	"github.com/cairn-dev/cairn/host/internal/testguest"
	"github.com/cairn-dev/cairn/host/release"
)

// What calls begin with changes in one step, and a call keeps what it began with.

// parseConfig is the config of a script named app.
func parseConfig(t *testing.T, text string) *config.Config {
	t.Helper()
	c, _, err := config.Parse("wrangler.jsonc",
		[]byte(`{"name": "app", "main": "m.wasm", `+text+`}`))
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// TestDeployKeepsBinding holds a request in the Worker of the old version, whose
// class and binding then get other names: it reaches the object by the names
// that its code knows.
func TestDeployKeepsBinding(t *testing.T) {
	t.Parallel()
	hold := newHold(abi.FuncStubCall)
	h := startDeploys(t, hosttest.Script(t, "counter",
		strings.Replace(counterV1, `"C"`, `"COUNTERS"`, 1)), hold.wrap)
	url := h.listen()
	done := hold.next(func() {
		if status, body := fetch(t, url+"/increment?name=A"); status != 200 ||
			!strings.HasSuffix(body, ": 1") {
			t.Errorf("the request that was under way: %d %q", status, body)
		}
	})
	h.deploy(release.Deploy{Wasm: testguest.Build(t, "tally"), Config: parseConfig(t,
		`"durable_objects": {"bindings": [{"name": "C", "class_name": "Tally"}]}, "migrations": [
		{"tag": "v1", "new_sqlite_classes": ["Counter"]},
		{"tag": "v2", "renamed_classes": [{"from": "Counter", "to": "Tally"}]}]`)})
	hold.release()
	<-done
	h.counts("A", 2)
}

// TestDeployRenamesUnderLoad gives a class and its binding another name with
// every deploy, while calls come in by the name that the binding has or had. The
// name that it has must always answer.
func TestDeployRenamesUnderLoad(t *testing.T) {
	const deploys = 30
	classes, bindings := [2]string{"Counter", "Counted"}, [2]string{"A", "B"}
	migrations := []string{`{"tag": "v0", "new_sqlite_classes": ["Counter"]}`}
	version := func(n int) release.Deploy {
		return release.Deploy{
			Wasm: bytes.ReplaceAll(tinyCounter(t, 1), []byte(classes[0]), []byte(classes[n%2])),
			Config: parseConfig(t, fmt.Sprintf(
				`"durable_objects": {"bindings": [{"name": %q, "class_name": %q}]},
				"migrations": [%s]`,
				bindings[n%2], classes[n%2], strings.Join(migrations, ","))),
		}
	}
	first := version(0)
	h := startDeploys(t, release.Script{Config: first.Config, Wasm: first.Wasm})
	var wg sync.WaitGroup
	var stop atomic.Bool
	var done [2]atomic.Int64
	for i := range 4 {
		wg.Go(func() {
			for n := i; !stop.Load(); n++ {
				_, err := h.runtime.Call(context.Background(), bindings[n%2],
					fmt.Sprint("object", i), "increment", []byte("[]"))
				switch {
				case err == nil:
					done[n%2].Add(1)
				case !strings.Contains(err.Error(), "no such binding"):
					t.Errorf("a call by %s: %v", bindings[n%2], err)
				}
			}
		})
	}
	for n := 1; n <= deploys && !t.Failed(); n++ {
		migrations = append(migrations, fmt.Sprintf(`{"tag": "v%d",
			"renamed_classes": [{"from": %q, "to": %q}]}`,
			n, classes[(n+1)%2], classes[n%2]))
		h.deploy(version(n))
	}
	stop.Store(true)
	wg.Wait()
	if done[0].Load() == 0 || done[1].Load() == 0 {
		t.Errorf("%d calls by one name and %d by the other", done[0].Load(), done[1].Load())
	}
}

// TestDeployDropsWorker takes the Worker away and gives it back, while requests
// come in. Each is answered by the Worker or by the built-in route.
func TestDeployDropsWorker(t *testing.T) {
	const deploys = 60
	with := tinyCounter(t, 1)
	without := beginning(t)
	h := startDeploys(t, tinyScript(t))
	url := h.listen()
	var wg sync.WaitGroup
	var stop atomic.Bool
	var seen [2]atomic.Int64
	for i := range 4 {
		wg.Go(func() {
			for !stop.Load() && !t.Failed() {
				status, body := fetch(t, fmt.Sprintf("%s/C/object%d/increment", url, i))
				_, notCount := strconv.Atoi(body)
				switch {
				case status == 200 && strings.HasPrefix(body, "Select a Durable Object"):
					seen[0].Add(1) // the Worker's answer to a request without ?name=
				case status == 200 && notCount == nil:
					seen[1].Add(1)
				default:
					t.Errorf("%d %q", status, body)
				}
			}
		})
	}
	for n := range deploys {
		h.deploy(release.Deploy{Wasm: [][]byte{without, with}[n%2]})
	}
	stop.Store(true)
	wg.Wait()
	if seen[0].Load() == 0 || seen[1].Load() == 0 {
		t.Errorf("%d answers by the Worker, %d by the built-in route", seen[0].Load(),
			seen[1].Load())
	}
}

// beginning is a tiny counter whose _initialize begins with other instructions,
// up to four bytes, in place of its registration of a Worker.
func beginning(t *testing.T, code ...byte) []byte {
	t.Helper()
	// call $worker_register, call $must, and then i32.const 8, i32.const 7, i32.const 0.
	wasm := tiny(t, 0)
	i := bytes.Index(wasm, []byte{0x41, 8, 0x41, 7, 0x41, 0})
	if i < 4 || wasm[i-4] != 0x10 || wasm[i-2] != 0x10 {
		t.Fatal("counter.wasm does not begin as it did: look at counter.wat")
	}
	copy(wasm[i-4:i], []byte{1, 1, 1, 1}) // nop
	copy(wasm[i-4:i], code)
	return wasm
}

// listen serves the host's requests and returns where.
func (h *deployHost) listen() string {
	h.t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		h.t.Fatal(err)
	}
	go h.runtime.Serve(l) // until the host stops
	return "http://" + l.Addr().String()
}

// fetch sends a GET request. Any goroutine may.
func fetch(t *testing.T, url string) (status int, body string) {
	t.Helper()
	resp, err := http.Get(url)
	if err != nil {
		t.Error(err)
		return 0, ""
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Error(err)
	}
	return resp.StatusCode, string(b)
}
