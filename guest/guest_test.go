package guest_test

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"github.com/cairn-dev/cairn/guest"
	"github.com/cairn-dev/cairn/guest/guesttest"
)

func init() {
	guest.RegisterObject("Probe", newProbe)
	guest.RegisterWorker(probeWorker)
}

// probe is a class with a method of each kind.
type probe struct {
	state *guest.State
	env   *guest.Env
	calls int
}

func newProbe(state *guest.State, env *guest.Env) (*probe, error) {
	return &probe{state: state, env: env}, nil
}

type point struct{ X, Y int }

func (p *probe) Nothing()                                {}
func (p *probe) Echo(s string) (string, error)           { return s, nil }
func (p *probe) Negate(b bool) bool                      { return !b }
func (p *probe) Half(x float64) float64                  { return x / 2 }
func (p *probe) Join(sep string, parts ...string) string { return strings.Join(parts, sep) }
func (p *probe) Move(a point, dx int) (point, error)     { return point{a.X + dx, a.Y}, nil }
func (p *probe) Raw(m json.RawMessage) json.RawMessage   { return m }
func (p *probe) Sum(list ...int64) (n int64) {
	for _, x := range list {
		n += x
	}
	return n
}
func (p *probe) Two() (int, int)             { return 1, 2 }
func (p *probe) Name() string                { return p.state.ID.Name() }
func (p *probe) Alarm(guest.AlarmInfo) error { return nil }
func (p *probe) Calls() int                  { p.calls++; return p.calls }
func (p *probe) Fail() error                 { return errors.New("failed") }
func (p *probe) FailRange() error {
	return &guest.Error{Name: "RangeError", Message: "far"}
}
func (p *probe) Crash() int                  { var list []int; return list[len("x")] }
func (p *probe) CrashText()                  { panic("text") }
func (p *probe) Put(key string, v any) error { return p.state.Storage.Put(key, v) }
func (p *probe) PutAndAbort(key string) {
	p.state.Storage.Put(key, 1)
	p.state.Abort("enough")
}

// Chain calls itself through a stub, n deep, by way of two objects, and adds a
// character at each turn, so that an inner call that used an outer one's
// buffers would be seen.
func (p *probe) Chain(n int, text string) (string, error) {
	if n == 0 {
		return text, nil
	}
	other := map[string]string{"A": "B", "B": "A"}[p.state.ID.Name()]
	var inner string
	err := p.env.Namespace("PROBES").GetByName(other).Call("chain", &inner, n-1, text+"é"+other)
	return inner + text, err
}

// Break uses one stub twice: for a call that resets its object, and after it.
func (p *probe) Break() ([]string, error) {
	stub := p.env.Namespace("PROBES").GetByName("B")
	first := stub.Call("putAndAbort", nil, "k")
	second := stub.Call("echo", nil, "x")
	fresh := p.env.Namespace("PROBES").GetByName("B").Call("echo", nil, "x")
	if !errors.Is(first, guest.ErrReset) || first != second || fresh != nil {
		return nil, errors.New("not broken as it should be")
	}
	return []string{first.Error(), second.Error()}, nil
}

func (p *probe) Fetch(req *guest.Request) (*guest.Response, error) {
	if req.URL.Path == "/panic" {
		panic(&guest.Error{Name: "TypeError", Message: "thrown"})
	}
	resp := guest.Text(201, req.Method+" "+req.URL.String()+" "+string(req.Body))
	resp.Header.Add("X-Got", req.Header.Get("x-sent"))
	return resp, nil
}

func probeWorker(req *guest.Request, env *guest.Env) (*guest.Response, error) {
	switch req.URL.Path {
	case "/object":
		req.Header.Set("X-Sent", "by the worker")
		return env.Namespace("PROBES").GetByName("A").Fetch(req)
	case "/overloaded":
		return nil, &guest.Error{Message: "busy", Overloaded: true}
	case "/vars":
		var list []int
		_, err := env.DecodeVar("LIST", &list)
		guest.Logger().With("n", 1).WithGroup("g").Info("vars", "list", list)
		return guest.JSON(200, []any{env.Var("TEXT"), env.Var("LIST"), list, env.Var("NONE")}), err
	case "/nothing":
		return nil, nil
	case "/status":
		return &guest.Response{Status: 99}, nil
	}
	return nil, errors.New("failed")
}

func newHost(t *testing.T) *guesttest.Host {
	return guesttest.New(t, guesttest.Options{
		Script:   "test",
		Bindings: map[string]string{"PROBES": "Probe"},
		Vars:     map[string]any{"TEXT": "a\nb", "LIST": []int{1, 2}},
	})
}

func TestCall(t *testing.T) {
	for _, tt := range []struct {
		method string
		args   string // a JSON array
		result string
		err    string // name: message
	}{
		{"nothing", `[]`, `null`, ""},
		{"echo", `["a\"é"]`, `"a\"é"`, ""},
		{"negate", `[true]`, `false`, ""},
		{"half", `[3]`, `1.5`, ""},
		{"sum", `[]`, `0`, ""},
		{"sum", `[1, 2, -4]`, `-1`, ""},
		{"join", `["-"]`, `""`, ""},
		{"join", `["-", "a", "b"]`, `"a-b"`, ""},
		{"move", `[{"X": 1, "Y": 2}, 3]`, `{"X":4,"Y":2}`, ""},
		{"raw", `[[{"a": "],\""}, null]]`, `[{"a":"],\""},null]`, ""},
		{"name", `[]`, `"A"`, ""},
		{"none", `[]`, ``, `TypeError: The RPC receiver does not implement the method "none".`},
		{"Echo", `["a"]`, ``, `TypeError: The RPC receiver does not implement the method "Echo".`},
		{"fetch", `[]`, ``, `TypeError: The RPC receiver does not implement the method "fetch".`},
		{"alarm", `[]`, ``, `TypeError: The RPC receiver does not implement the method "alarm".`},
		{"two", `[]`, ``, `TypeError: The method "two" cannot be called by RPC: ` +
			`it returns more than one value and an error.`},
		{"echo", `[]`, ``,
			`TypeError: Failed to call "echo": it takes 1 arguments, but was given 0.`},
		{"echo", `["a", "b"]`,
			``, `TypeError: Failed to call "echo": it takes 1 arguments, but was given 2.`},
		{"join", `[]`, ``,
			`TypeError: Failed to call "join": it takes at least 1 arguments, but was given 0.`},
		{"echo", `[1]`, ``,
			`TypeError: Failed to call "echo": parameter 1 is not of type 'string'.`},
		{"sum", `[1, 2.5]`,
			``, `TypeError: Failed to call "sum": parameter 2 is not of type 'int64'.`},
		{"move", `[{"X": "1"}, 3]`, ``,
			`TypeError: Failed to call "move": parameter 1 is not of type 'guest_test.point'.`},
		{"join", `["", "a", 1]`,
			``, `TypeError: Failed to call "join": parameter 3 is not of type 'string'.`},
		{"fail", `[]`, ``, `: failed`},
		{"failRange", `[]`, ``, `RangeError: far`},
		{"crash", `[]`, ``, `: runtime error: index out of range [1] with length 0`},
		{"crashText", `[]`, ``, `: text`},
		{"put", `["", null]`, ``, `TypeError: put() called with undefined value.`},
	} {
		t.Run(tt.method+tt.args, func(t *testing.T) {
			stub := newHost(t).Namespace("PROBES").GetByName("A")
			var raw []json.RawMessage
			if err := json.Unmarshal([]byte(tt.args), &raw); err != nil {
				t.Fatal(err)
			}
			args := make([]any, len(raw))
			for i := range raw {
				args[i] = raw[i]
			}
			var result json.RawMessage
			err := stub.Call(tt.method, &result, args...)
			if tt.err == "" {
				if err != nil || string(result) != tt.result {
					t.Errorf("got %s, %v, want %s", result, err, tt.result)
				}
				return
			}
			e, ok := errors.AsType[*guest.Error](err)
			if !ok || e.Name+": "+e.Message != tt.err || !errors.Is(err, guest.ErrRemote) {
				t.Errorf("got %+v, want %s", err, tt.err)
			}
		})
	}
}

// TestLivesOn looks at an object's memory after a panic.
func TestLivesOn(t *testing.T) {
	stub := newHost(t).Namespace("PROBES").GetByName("A")
	stub.Call("calls", nil)
	if err := stub.Call("crash", nil); err == nil {
		t.Fatal("no error from a panic")
	}
	var n int
	if err := stub.Call("calls", &n); err != nil || n != 2 {
		t.Errorf("calls = %d, %v, want 2", n, err)
	}
}

func TestReentrancy(t *testing.T) {
	var got string
	stub := newHost(t).Namespace("PROBES").GetByName("A")
	if err := stub.Call("chain", &got, 20, "."); err != nil {
		t.Fatal(err)
	}
	// The innermost returns its text, each of the others adds its own.
	text, want := ".", ""
	for i := range 20 {
		want = text + want
		text += "é" + string("BA"[i%2])
	}
	if got != text+want {
		t.Errorf("got %q\nwant %q", got, text+want)
	}
	if err := stub.Call("chain", nil, 100, "."); err == nil ||
		!strings.Contains(err.Error(), "chain") {
		t.Errorf("a chain of 100: %v", err)
	}
}

func TestBrokenStub(t *testing.T) {
	var texts []string
	err := newHost(t).Namespace("PROBES").GetByName("A").Call("break", &texts)
	if err != nil || len(texts) != 2 || texts[0] != "enough" {
		t.Errorf("got %q, %v", texts, err)
	}
}

func TestFetch(t *testing.T) {
	h := newHost(t)
	req, err := guest.NewRequest("POST", "http://h/object?a=%20", []byte("body"))
	if err != nil {
		t.Fatal(err)
	}
	resp := h.Fetch(req)
	if got, want := string(resp.Body), "POST http://h/object?a=%20 body"; got != want ||
		resp.Status != 201 {
		t.Errorf("got %d %q, want 201 %q", resp.Status, got, want)
	}
	if got := resp.Header.Get("x-got"); got != "by the worker" {
		t.Errorf("X-Got is %q", got)
	}
	for path, status := range map[string]int{
		"/fail": 500, "/overloaded": 503, "/nothing": 500, "/status": 500,
	} {
		if resp := h.Get(path); resp.Status != status {
			t.Errorf("%s: status %d, want %d", path, resp.Status, status)
		}
	}
	req, _ = guest.NewRequest("", "http://h/panic", nil)
	_, err = h.Namespace("PROBES").GetByName("A").Fetch(req)
	e, ok := errors.AsType[*guest.Error](err)
	if !ok || e.Name != "TypeError" || e.Message != "thrown" || !e.Remote {
		t.Errorf("a panic with an Error: %+v", err)
	}
	_, err = guest.NewRequest("", "http://h:x/", nil)
	if err == nil {
		t.Error("a wrong URL is accepted")
	}
}

func TestVars(t *testing.T) {
	resp := newHost(t).Get("/vars")
	if got, want := string(resp.Body), `["a\nb","[1,2]",[1,2],""]`; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

// TestNamesThatAreNoText wants a TypeError that a program can tell apart, and no
// panic, of whatever takes a name or an ID from outside.
func TestNamesThatAreNoText(t *testing.T) {
	h := newHost(t)
	ns := h.Namespace("PROBES")
	wantTypeError := func(what string, err error) {
		t.Helper()
		if e, ok := errors.AsType[*guest.Error](err); !ok || e.Name != "TypeError" || e.Remote {
			t.Errorf("%s: %v", what, err)
		}
	}
	for _, name := range []string{"\xff", "a\xc3", "\xed\xa0\x80", strings.Repeat("\xff", 1<<20)} {
		id := ns.IDFromName(name)
		wantTypeError("ID.Err", id.Err())
		if id.Name() != name {
			t.Errorf("the ID of %.20q has the name %.20q", name, id.Name())
		}
		wantTypeError("Get", ns.Get(id).Call("echo", nil, "x"))
		wantTypeError("GetByName", ns.GetByName(name).Call("echo", nil, "x"))
		wantTypeError("the stub's ID", ns.GetByName(name).ID().Err())
		req, _ := guest.NewRequest("GET", "http://h/", nil)
		_, err := ns.Get(id).Fetch(req)
		wantTypeError("Fetch", err)
		_, err = ns.IDFromString(name)
		wantTypeError("IDFromString", err)
		_, err = ns.IDFromString(id.String())
		wantTypeError("IDFromString of no ID", err)
		wantTypeError("a method", ns.GetByName("A").Call(name, nil))
	}
	for _, name := range []string{"", "\x00", "\uFFFD", "漢"} {
		if id := ns.IDFromName(name); id.Err() != nil || ns.Get(id).Call("echo", nil, "x") != nil {
			t.Errorf("%q is no name: %v", name, id.Err())
		}
	}
}
