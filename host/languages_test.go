package host_test

import (
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/cairn-dev/cairn/abi/conformance/guestkit"
	"github.com/cairn-dev/cairn/host"
	"github.com/cairn-dev/cairn/host/event"
	"github.com/cairn-dev/cairn/host/hosttest"
	"github.com/cairn-dev/cairn/host/internal/testguest"
)

// maxForeignBytes bounds a module that is kept in the repository.
const maxForeignBytes = 64 << 10

// languages are the folders of counters, in different languages and one
// behaviour. All but Go's are kept as they were built: their compilers are not
// wanted of who runs the tests.
var languages = []string{"counter", "counter-wat", "counter-c", "counter-rust", "counter-as"}

// counterIn returns the module of a folder of ./testdata.
func counterIn(t *testing.T, folder string) []byte {
	t.Helper()
	if folder == "counter" {
		return testguest.Build(t, folder)
	}
	wasm, err := os.ReadFile(filepath.Join("..", "testdata", folder, "counter.wasm"))
	if err != nil {
		t.Fatalf("%v (make guests-rebuild makes it)", err)
	}
	if len(wasm) > maxForeignBytes {
		t.Errorf("%s: %d bytes, want at most %d", folder, len(wasm), maxForeignBytes)
	}
	return wasm
}

// TestLanguages holds the counter of each language to the same answers, however
// its instances start and run.
func TestLanguages(t *testing.T) {
	for _, folder := range languages {
		for _, way := range []struct {
			name string
			set  hosttest.Options
		}{
			{"images", hosttest.Options{}},
			{"no images", hosttest.Options{Options: host.Options{NoImages: true}}},
			{"interpreter", hosttest.Options{Options: host.Options{Interpreter: true}}},
		} {
			t.Run(folder+"/"+way.name, func(t *testing.T) {
				if testing.Short() && way.set.Interpreter {
					t.Skip("the interpreter is slow")
				}
				o := way.set
				o.Wasm = counterIn(t, folder)
				h := hosttest.Start(t, o)
				testSeed(t, h)
				testNames(t, h)
				testParallel(t, h)
				testMethods(t, h)
				for _, r := range h.Logs() {
					if strings.Contains(r.Message, "no image") {
						t.Errorf("log: %s %v", r.Message, r.Attrs)
					}
				}
			})
		}
	}
}

// wantGet sends a request and wants an answer.
func wantGet(t *testing.T, h *hosttest.Host, path string, status int, body string) {
	t.Helper()
	if s, b := h.Get(path); s != status || b != body {
		t.Errorf("%.100s: got %d %q, want %d %q", path, s, b, status, body)
	}
}

// testSeed is SEMANTICS 0, the whole table.
func testSeed(t *testing.T, h *hosttest.Host) {
	const usage = "Select a Durable Object to contact by using the `name` URL query string" +
		" parameter, for example, ?name=A"
	wantGet(t, h, "/increment", 200, usage)
	wantGet(t, h, "/nowhere?name=", 200, usage)
	wantGet(t, h, "/?names=A&nam=A&name", 200, usage)
	wantGet(t, h, "/?name=A", 200, "Durable Object 'A' count: 0")
	wantGet(t, h, "/increment?name=A", 200, "Durable Object 'A' count: 1")
	wantGet(t, h, "/increment?name=A", 200, "Durable Object 'A' count: 2")
	wantGet(t, h, "/decrement?name=B", 200, "Durable Object 'B' count: -1")
	wantGet(t, h, "/?name=A", 200, "Durable Object 'A' count: 2")
	wantGet(t, h, "/nowhere?name=A", 404, "Not found")
	wantGet(t, h, "/increment/?name=A", 404, "Not found")

	h.Restart()
	wantGet(t, h, "/increment?name=A", 200, "Durable Object 'A' count: 3")
	wantGet(t, h, "/?name=B", 200, "Durable Object 'B' count: -1")

	resp, err := http.Get(h.URL + "/?name=A")
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	if got, want := resp.Header.Get("Content-Type"), "text/plain;charset=UTF-8"; got != want {
		t.Errorf("Content-Type %q, want %q", got, want)
	}
}

// testNames looks at what a query can hold, and at messages that are larger than
// the buffers and the page of memory that a small guest begins with.
func testNames(t *testing.T, h *hosttest.Host) {
	long := strings.Repeat("x", 3000)
	counts := map[string]int{}
	for _, tt := range []struct{ query, name string }{
		{"name=a%20b", "a b"},
		{"name=a+b", "a b"},
		{"name=a%2Bb", "a+b"},
		{"name=a%2bb", "a+b"},
		{"x=1&name=a%26b%3D&name=c", "a&b="},
		{"&&n%61me=key", "key"},
		{"name=a=b", "a=b"},
		{"name=%C3%A9%F0%9F%9A%80%22", "é🚀\""},
		{"name=/?", "/?"},
		{"name=" + long, long},
	} {
		counts[tt.name]++
		wantGet(t, h, "/increment?"+tt.query, 200,
			fmt.Sprintf("Durable Object '%s' count: %d", tt.name, counts[tt.name]))
		// The answer repeats the name; this is who was called.
		wantCall(t, h, tt.name, "getCounterValue", counts[tt.name])
	}
	body := strings.Repeat("b", 200<<10)
	if s, b := h.Do(http.MethodPost, "/increment?name=big", body); s != 200 ||
		b != "Durable Object 'big' count: 1" {
		t.Errorf("a large request: got %d %q", s, b)
	}
}

// wantCall calls a method of a counter and wants a count.
func wantCall(t *testing.T, h *hosttest.Host, name, method string, want int, args ...any) {
	t.Helper()
	got, err := h.Call("COUNTERS", name, method, args...)
	if err != nil || string(got) != fmt.Sprint(want) {
		t.Errorf("%s of %.100q: got %s (%v), want %d", method, name, got, err, want)
	}
}

// testParallel counts with many clients: every count is answered once.
func testParallel(t *testing.T, h *hosttest.Host) {
	const n = 100
	answers := make([]string, n)
	var wg sync.WaitGroup
	for i := range n {
		wg.Go(func() { _, answers[i] = h.Get("/increment?name=parallel") })
	}
	wg.Wait()
	seen := map[string]bool{}
	for _, a := range answers {
		seen[a] = true
	}
	for i := range n {
		if a := fmt.Sprintf("Durable Object 'parallel' count: %d", i+1); !seen[a] {
			t.Errorf("nobody was answered %q", a)
		}
	}
	wantGet(t, h, "/?name=parallel", 200, fmt.Sprintf("Durable Object 'parallel' count: %d", n))
}

// testMethods calls the object without the Worker, with arguments and wrongly.
func testMethods(t *testing.T, h *hosttest.Host) {
	wantCall(t, h, "m", "increment", 42, 42)
	wantCall(t, h, "m", "decrement", 40, 2)
	wantCall(t, h, "m", "decrement", 50, -10)
	wantCall(t, h, "m", "increment", 1<<53-1, 1<<53-51)
	wantCall(t, h, "m", "decrement", -1, 1<<53)
	wantCall(t, h, "m", "increment", -1, 0)

	notImplemented := func(method string) string {
		return `The RPC receiver does not implement the method "` + method + `".`
	}
	long := strings.Repeat("m", 100<<10)
	for _, tt := range []struct {
		method string
		arg    any
		want   string
	}{
		{"x", 1, notImplemented("x")},
		{"incrementt", 1, notImplemented("incrementt")},
		{long, 1, notImplemented(long)},
		{"increment", "1", `Failed to call "increment": parameter 1 is not of type 'int64'.`},
		{"decrement", 1.5, `Failed to call "decrement": parameter 1 is not of type 'int64'.`},
		{"increment", []any{1}, `Failed to call "increment": parameter 1 is not of type 'int64'.`},
		{"increment", 1e19, `Failed to call "increment": parameter 1 is not of type 'int64'.`},
	} {
		_, err := h.Call("COUNTERS", "m", tt.method, tt.arg)
		var e *event.Error
		if !errors.As(err, &e) || e.Name != "TypeError" || e.Message != tt.want {
			t.Errorf("%.100s(%v): %.300v, want TypeError: %.300s", tt.method, tt.arg, err, tt.want)
		}
	}
	wantCall(t, h, "m", "getCounterValue", -1)
}

// TestLanguagesKit has the guest side of the kit judge the counter in Go; the
// kit's own tests judge the others, which need not be built.
func TestLanguagesKit(t *testing.T) {
	if testing.Short() {
		t.Skip("short: starts the guest some 300 times")
	}
	t.Parallel()
	r, err := guestkit.Judge(t.Context(), counterIn(t, languages[0]), guestkit.Seed)
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range r.Findings {
		t.Error(f)
	}
	if r.Faults < 50 {
		t.Errorf("%d imports were answered otherwise, want each that the counter calls, in many "+
			"ways", r.Faults)
	}
}

// TestNestedKit has the kit nest entries in an object in Go that calls another.
func TestNestedKit(t *testing.T) {
	if testing.Short() {
		t.Skip("short: starts the guest some 100 times")
	}
	t.Parallel()
	const script = "bind LINKS Link\n" +
		`call Link A run [[["put",1],["call","B",["put",2],["get"]],["get"]]]` + "\n= [2,1]"
	r, err := guestkit.Judge(t.Context(), testguest.Build(t, "chain"), script)
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range r.Findings {
		t.Error(f)
	}
	if r.Nested == 0 {
		t.Error("no entry was nested")
	}
}

// TestLanguagesShareStorage counts on with a module of another language after
// each restart: they store the same bytes.
func TestLanguagesShareStorage(t *testing.T) {
	h := hosttest.Start(t, hosttest.Options{
		Options: host.Options{Wasm: counterIn(t, languages[0])}, NoListener: true})
	for i, folder := range append(languages, languages[0]) {
		h.Restart(func(o *hosttest.Options) { o.Wasm = counterIn(t, folder) })
		wantCall(t, h, "A", "getCounterValue", -9*i)
		wantCall(t, h, "A", "decrement", -9*(i+1), 9)
	}
}

// TestLanguagesForget passes through one activation several times the memory
// that it may have: what a call took is free again when the call is over.
func TestLanguagesForget(t *testing.T) {
	const limit, size, calls = 2 << 20, 100 << 10, 100
	arg := strings.Repeat("a", size)
	for _, folder := range languages[1:] { // Go's runtime alone wants more
		t.Run(folder, func(t *testing.T) {
			h := hosttest.Start(t, hosttest.Options{
				Options:    host.Options{Wasm: counterIn(t, folder), MemoryLimit: limit},
				NoListener: true,
			})
			for i := range calls {
				wantCall(t, h, "A", "increment", i+1, 1, arg)
			}
		})
	}
}
