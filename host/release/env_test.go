package release_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"testing"

	"github.com/cockroachdb/pebble/v2/vfs"

	"github.com/cairn-dev/cairn/host"
	"github.com/cairn-dev/cairn/host/config"
	"github.com/cairn-dev/cairn/host/release"
)

// counterApp is a config of a script with the class Counter.
func counterApp(t *testing.T, text string) *config.Config {
	t.Helper()
	c, _, err := config.Parse("wrangler.jsonc",
		[]byte(`{"main": "m.wasm", "migrations": [{"tag": "v1",
		"new_sqlite_classes": ["Counter"]}], `+text+`}`))
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func startApp(t *testing.T, o host.Options) *host.Runtime {
	t.Helper()
	o.DataDir = "data"
	r, err := host.Start(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func stopApp(t *testing.T, r *host.Runtime) {
	t.Helper()
	if err := r.Shutdown(context.Background()); err != nil {
		t.Error(err)
	}
}

// TestSecrets gives an app secrets, and wants them before its variables, with every
// version that runs, and nowhere that is kept or logged.
func TestSecrets(t *testing.T) {
	const secret = "hunter2hunter2"
	fs, wasm := vfs.NewMem(), tinyCounter(t, 1)
	var log bytes.Buffer
	start := func(text, secret string) *host.Runtime {
		c := counterApp(t, text)
		if secret != "" {
			c.Secrets = map[string]json.RawMessage{"KEY": json.RawMessage(`"` + secret + `"`)}
		}
		return startApp(t, host.Options{Config: c, Wasm: wasm, FS: fs,
			Logger: slog.New(slog.NewTextHandler(&log,
				&slog.HandlerOptions{Level: slog.LevelDebug}))})
	}
	wantKey := func(r *host.Runtime, want string) {
		t.Helper()
		if got := string(r.Releases().Serving().Scripts[0].Stable.Vars["KEY"]); got != want {
			t.Errorf("KEY is %s, want %s", got, want)
		}
	}
	const first = `"name": "app", "vars": {"KEY": "public", "N": 1}`
	const second = `"name": "app", "vars": {"KEY": "public", "N": 2}`
	r := start(first, secret)
	wantKey(r, `"`+secret+`"`)
	if _, err := r.Releases().Deploy(t.Context(),
		release.Deploy{Wasm: wasm, Config: counterApp(t, second)}); err != nil {
		t.Fatal(err)
	}
	wantKey(r, `"`+secret+`"`) // the host's, whichever version runs
	if _, err := r.Releases().Rollback(t.Context(), "", 1); err != nil {
		t.Fatal(err)
	}
	wantKey(r, `"`+secret+`"`)
	list, err := r.Releases().Versions("")
	if err != nil || len(list) != 2 {
		t.Fatalf("%v, %v", list, err)
	}
	for _, v := range list {
		c, err := r.Releases().Kept("app", &v)
		if err != nil {
			t.Fatal(err)
		}
		if text := fmt.Sprintf("%+v", c); strings.Contains(text, secret) || len(c.Secrets) > 0 {
			t.Errorf("version %d is kept with the secret: %s", v.Number, text)
		}
	}
	stopApp(t, r)

	// Another value is no new version: what was deployed last serves on, with it.
	r = start(first, "other")
	wantKey(r, `"other"`)
	if again, err := r.Releases().Versions(""); err != nil || len(again) != 2 {
		t.Errorf("%d versions (%v) after another secret", len(again), err)
	}
	stopApp(t, r)
	r = start(first, "")
	wantKey(r, `"public"`)
	stopApp(t, r)
	if strings.Contains(log.String(), secret) {
		t.Errorf("the secret is in the log:\n%s", &log)
	}
}

// TestSecretsOfFiles wants new secrets with what dev deploys, and the old ones after
// a deploy that fails.
func TestSecretsOfFiles(t *testing.T) {
	wasm := tinyCounter(t, 1)
	c := counterApp(t, `"name": "app"`)
	c.Secrets = map[string]json.RawMessage{"KEY": json.RawMessage(`1`)}
	r := startApp(t, host.Options{Config: c, Wasm: wasm, FS: vfs.NewMem()})
	defer stopApp(t, r)
	for _, step := range []struct {
		wasm []byte
		want string
	}{{wasm, "2"}, {[]byte("\x00asm"), "2"}} {
		next := counterApp(t, `"name": "app"`)
		next.Secrets = map[string]json.RawMessage{"KEY": json.RawMessage(`2`)}
		_, err := r.Releases().Deploy(t.Context(), release.Deploy{Wasm: step.wasm, Config: next})
		if (err == nil) != bytes.Equal(step.wasm, wasm) {
			t.Fatal(err)
		}
		if got := string(r.Releases().Serving().Scripts[0].Stable.Vars["KEY"]); got != step.want {
			t.Errorf("KEY is %s, want %s", got, step.want)
		}
	}
}

// TestRoutes serves three apps and asks each by its routes.
func TestRoutes(t *testing.T) {
	wasm := tinyCounter(t, 1)
	app := func(name, more string) *config.Config {
		return counterApp(t, fmt.Sprintf(`"name": %q,
			"durable_objects": {"bindings": [{"name": "COUNTERS", "class_name": "Counter"}]}%s`,
			name, more))
	}
	r := startApp(t, host.Options{
		Config: app("first", ""), Wasm: wasm, FS: vfs.NewMem(),
		More: []release.Script{
			{Config: app("second", `, "routes": ["*.second.example/*", "path.example/second/*"]`),
				Wasm: wasm},
			{Config: app("third", ""), Wasm: wasm},
		},
		Routes: []release.Route{{Route: config.Route{Pattern: "third.second.example/*"},
			Script: "third"}},
	})
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	served := make(chan error, 1)
	go func() { served <- r.Serve(l) }()
	defer func() {
		stopApp(t, r)
		<-served
	}()
	counts := map[string]int{} // by script, whose counters are its own
	for _, c := range []struct{ host, path, script string }{
		{"", "/increment", "first"},
		{"a.second.example", "/increment", "second"},
		{"A.Second.Example.:99", "/increment", "second"},
		{"second.example", "/increment", "first"},
		{"third.second.example", "/increment", "third"},
		{"path.example", "/increment", "first"},
	} {
		req, err := http.NewRequest("POST", "http://"+l.Addr().String()+c.path+"?name=A", nil)
		if err != nil {
			t.Fatal(err)
		}
		req.Host = c.host
		resp, err := http.DefaultClient.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		body, _ := io.ReadAll(resp.Body)
		resp.Body.Close()
		counts[c.script]++
		want := fmt.Sprintf("count: %d", counts[c.script])
		if !strings.HasSuffix(string(body), want) {
			t.Errorf("%s %s: %s, want %s of %s", c.host, c.path, body, want, c.script)
		}
	}
	if s := r.Releases().Serving().For([]byte("path.example"),
		[]byte("/second/x?y")); s.Name != "second" {
		t.Errorf("a path of the second one's is answered by %s", s.Name)
	}
}

// TestRoutesRefused wants one script for a pattern, and one that is served.
func TestRoutesRefused(t *testing.T) {
	wasm := tinyCounter(t, 1)
	both := func(name string) *config.Config {
		return counterApp(t, `"name": "`+name+`", "route": "a.example/*"`)
	}
	o := host.Options{Config: both("a"), Wasm: wasm, DataDir: "data", FS: vfs.NewMem(),
		More: []release.Script{{Config: both("b"), Wasm: wasm}}}
	if _, err := host.Start(t.Context(), o); err == nil ||
		!strings.Contains(err.Error(), `"a.example/*" is also one of script a`) {
		t.Errorf("one pattern, two scripts: %v", err)
	}
	o.Routes = []release.Route{{Route: config.Route{Pattern: "a.example/*"}, Script: "c"}}
	if _, err := host.Start(t.Context(), o); err == nil ||
		!strings.Contains(err.Error(), `"c", which is not served`) {
		t.Errorf("a script that is not served: %v", err)
	}
	o.Routes[0].Script = "b"
	r := startApp(t, o)
	if s := r.Releases().Serving().For([]byte("a.example"), []byte("/")); s.Name != "b" {
		t.Errorf("%s, want what the host was told", s.Name)
	}
	stopApp(t, r)
}

// TestPlan wants to hear what a deploy would do, and nothing done.
func TestPlan(t *testing.T) {
	wasm := tinyCounter(t, 1)
	r := startApp(t, host.Options{Config: counterApp(t, `"name": "app"`), Wasm: wasm,
		FS: vfs.NewMem()})
	defer stopApp(t, r)
	c, _, err := config.Parse("wrangler.jsonc",
		[]byte(`{"name": "app", "main": "m", "migrations": [{"tag": "v1", "new_sqlite_classes":
		["Counter"]}, {"tag": "v2", "deleted_classes": ["Counter"]}, {"tag": "v3",
		"new_sqlite_classes": ["Counter"]}]}`))
	if err != nil {
		t.Fatal(err)
	}
	changes, err := r.Releases().Plan(t.Context(), release.Deploy{Wasm: wasm, Config: c})
	if err != nil || len(changes) != 2 || !strings.Contains(changes[0], "v2: delete Counter") {
		t.Errorf("%q, %v", changes, err)
	}
	if list, err := r.Releases().Versions(""); err != nil || len(list) != 1 || list[0].Tag != "v1" {
		t.Errorf("it was done: %+v, %v", list, err)
	}
	if _, err := r.Releases().Plan(t.Context(),
		release.Deploy{Wasm: []byte("\x00asm")}); err == nil {
		t.Error("no module, and no error")
	}
}
