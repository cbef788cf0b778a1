package release_test

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"testing"

	"github.com/cockroachdb/pebble/v2/vfs"

	"github.com/cairn-dev/cairn/host"
	"github.com/cairn-dev/cairn/host/hosttest"
	"github.com/cairn-dev/cairn/host/internal/testguest"
	"github.com/cairn-dev/cairn/host/release"
)

// scriptsHost is a store that runs one set of scripts after another.
type scriptsHost struct {
	fs      vfs.FS
	runtime *host.Runtime
	log     bytes.Buffer // of the last start
}

// start stops what runs and starts the scripts on the same store.
func (h *scriptsHost) start(t *testing.T, scripts ...release.Script) error {
	t.Helper()
	h.stop(t)
	h.log.Reset()
	var err error
	h.runtime, err = host.Start(t.Context(), host.Options{
		Config: scripts[0].Config, Wasm: scripts[0].Wasm, More: scripts[1:],
		DataDir: "data", Compiler: hosttest.Compiler, CacheDir: testguest.CacheDir(t), FS: h.fs,
		Logger: slog.New(slog.NewTextHandler(&h.log, &slog.HandlerOptions{Level: slog.LevelDebug})),
	})
	return err
}

func (h *scriptsHost) stop(t *testing.T) {
	t.Helper()
	if h.runtime == nil {
		return
	}
	if err := h.runtime.Shutdown(context.Background()); err != nil {
		t.Error(err)
	}
	h.runtime = nil
}

// increment calls a counter and wants a count, -1 for a binding that is not there.
func (h *scriptsHost) increment(t *testing.T, binding, name string, want int) {
	t.Helper()
	got, err := h.runtime.Call(t.Context(), binding, name, "increment", []byte("[]"))
	switch {
	case want < 0 && err == nil:
		t.Errorf("%s/%s: %s, want an error", binding, name, got)
	case want >= 0 && (err != nil || string(got) != fmt.Sprint(want)):
		t.Errorf("%s/%s: %s (%v), want %d", binding, name, got, err, want)
	}
}

// TestScriptsShareClasses is SEMANTICS case 22: two scripts that are bound to
// each other's class, and both see the same objects.
func TestScriptsShareClasses(t *testing.T) {
	t.Parallel()
	h := &scriptsHost{fs: vfs.NewMem()}
	defer h.stop(t)
	a := hosttest.Script(t, "counter", `"name": "a", "durable_objects": {"bindings": [
		{"name": "A", "class_name": "Counter"},
		{"name": "B", "class_name": "Counter", "script_name": "b"}]},
		"migrations": [{"tag": "v1", "new_sqlite_classes": ["Counter"]}]`)
	b := hosttest.Script(t, "counter", `"name": "b", "durable_objects": {"bindings": [
		{"name": "A", "class_name": "Counter", "script_name": "a"},
		{"name": "B", "class_name": "Counter"}]},
		"migrations": [{"tag": "v1", "new_sqlite_classes": ["Counter"]}]`)
	if err := h.start(t, a, b); err != nil {
		t.Fatal(err)
	}
	h.increment(t, "A", "x", 1)
	h.increment(t, "A", "x", 2)
	h.increment(t, "B", "x", 1)
	if err := h.start(t, b, a); err != nil { // b is public now
		t.Fatal(err)
	}
	h.increment(t, "A", "x", 3)
	h.increment(t, "B", "x", 2)

	if err := h.start(t, b); err == nil ||
		!strings.Contains(err.Error(), `"a", which is not served`) {
		t.Errorf("without a: %v", err)
	}
}

// TestScriptsHaveEnvs sends a call around: each script's guests find their own
// bindings, not those of the one that calls them.
func TestScriptsHaveEnvs(t *testing.T) {
	t.Parallel()
	h := &scriptsHost{fs: vfs.NewMem()}
	defer h.stop(t)
	script := func(name, other string) release.Script {
		return hosttest.Script(t, "chain", fmt.Sprintf(`"name": %q,
			"durable_objects": {"bindings": [{"name": "LINKS", "class_name": "Link",
			"script_name": %q}]},
			"migrations": [{"tag": "v1", "new_sqlite_classes": ["Link"]}]`, name, other))
	}
	if err := h.start(t, script("a", "b"), script("b", "a")); err != nil {
		t.Fatal(err)
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	go h.runtime.Serve(l)
	// The Worker is a's and calls b's x; that calls a's x; that calls b's x again.
	const steps = `[["call", "x", ["put", "in b"],
		["call", "x", ["get"], ["put", "in a"], ["get"], ["call", "x", ["get"]]], ["get"]]]`
	resp, err := http.Post("http://"+l.Addr().String(), "application/json",
		strings.NewReader(steps))
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if got := strings.TrimSpace(string(body)); err != nil || got != `[null,"in a","in b","in b"]` {
		t.Errorf("got %s, %v", got, err)
	}
}

// TestMigrations renames a class, deletes it and creates it again, with a restart
// after each that has nothing to do.
func TestMigrations(t *testing.T) {
	t.Parallel()
	h := &scriptsHost{fs: vfs.NewMem()}
	defer h.stop(t)
	const (
		bind = `"name": "app", "durable_objects": {"bindings": [{"name": "C", "class_name": %q}]},
			"migrations": [`
		v1    = `{"tag": "v1", "new_sqlite_classes": ["Counter"]}`
		v2    = `,{"tag": "v2", "renamed_classes": [{"from": "Counter", "to": "Tally"}]}`
		v3    = `,{"tag": "v3", "deleted_classes": ["Tally"]}`
		v4    = `,{"tag": "v4", "new_sqlite_classes": ["Counter"]}`
		other = `,{"tag": "v3", "new_sqlite_classes": ["Tally"]}`
	)
	count, tally := fmt.Sprintf(bind, "Counter"), fmt.Sprintf(bind, "Tally")
	none := `"name": "app", "migrations": [`
	for _, step := range []struct {
		title, guest, config string
		refused              string // what the start says instead of starting
		want                 int    // what increment gives, -1 for no binding
		migrated             int    // changes of the record
	}{
		{"create", "counter", count + v1, "", 1, 1},
		{"restart", "counter", count + v1, "", 2, 0},
		{"rename without migration", "tally", tally + v1, `{ "from": "Counter", "to": "Tally" }`,
			0, 0},
		{"rename", "tally", tally + v1 + v2, "", 3, 1},
		{"restart renamed", "tally", tally + v1 + v2, "", 4, 0},
		{"create again", "tally", tally + v1 + v2 + other,
			"already depended on by existing Durable Objects", 0, 0},
		{"delete", "echo", none + v1 + v2 + v3, "", -1, 1},
		{"restart deleted", "echo", none + v1 + v2 + v3, "", -1, 0},
		{"create after delete", "counter", count + v1 + v2 + v3 + v4, "", 1, 1},
	} {
		err := h.start(t, hosttest.Script(t, step.guest, step.config+"]"))
		if step.refused != "" {
			if err == nil || !strings.Contains(err.Error(), step.refused) {
				t.Fatalf("%s: %v, want %q", step.title, err, step.refused)
			}
			h.runtime = nil
			continue
		}
		if err != nil {
			t.Fatalf("%s: %v", step.title, err)
		}
		if got := strings.Count(h.log.String(), "msg=migrated"); got != step.migrated {
			t.Errorf("%s: %d changes, want %d:\n%s", step.title, got, step.migrated, h.log.String())
		}
		h.increment(t, "C", "x", step.want)
	}
}
