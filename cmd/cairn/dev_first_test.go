package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// goApp writes an app of a Go package that needs no SDK to fail, and one of another
// folder that it imports.
func goApp(t *testing.T, main string) (dir, config string) {
	t.Helper()
	dir = t.TempDir()
	for _, folder := range []string{"app", "lib"} {
		if err := os.Mkdir(filepath.Join(dir, folder), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	writeFile(t, dir, "go.mod", "module example.com/edited\n\ngo 1.26\n")
	writeFile(t, filepath.Join(dir, "app"), "main.go", main)
	return dir, writeFile(t, filepath.Join(dir, "app"), "wrangler.jsonc",
		`{"name": "app", "main": "."}`)
}

// TestDevFirstBuild begins with files that cannot be served: a package that does not
// compile, one that is no guest, a config that is wrong. The listener says why, and
// serves as soon as they are right; whoever asks meanwhile is answered.
func TestDevFirstBuild(t *testing.T) {
	dir, config := goApp(t, "package main\n\nfunc main() {\n\tbroken\n}\n")
	p := startHost(t, nil, "dev", "--data", t.TempDir(), config)
	says := func(want string) {
		t.Helper()
		for {
			status, body := p.get("/x?y=z")
			if status != 503 {
				t.Fatalf("%d %q", status, body)
			}
			if strings.Contains(body, want) {
				return
			}
		}
	}
	says("main.go:4:")
	p.waitLog("building")
	replace(t, filepath.Join(dir, "app"), "main.go", "package main\n\n"+
		"import \"example.com/edited/lib\"\n\nfunc main() { lib.None() }\n")
	says("main.go:3:")
	// A folder that is there since the start, which nothing names until now, and is not
	// in the config's.
	writeFile(t, filepath.Join(dir, "lib"), "lib.go", "package lib\n\nfunc None() { nothing }\n")
	says("lib.go:3:")
	replace(t, filepath.Join(dir, "lib"), "lib.go", "package lib\n\nfunc None() {}\n")
	says("lacks the export")
	replace(t, filepath.Join(dir, "app"), "wrangler.jsonc", `{"name": 7}`)
	says("wrangler.jsonc:1:")
	writeFile(t, filepath.Join(dir, "app"), "counter.wasm", stepCounter(t, 1))
	replace(t, filepath.Join(dir, "app"), "wrangler.jsonc", `{"name": "app", "main": "counter.wasm",
		"durable_objects": {"bindings": [{"name": "COUNTERS", "class_name": "Counter"}]},
		"migrations": [{"tag": "v1", "new_sqlite_classes": ["Counter"]}]}`)
	p.waitLog("cairn serves app on ")
	if status, body := p.get("/increment?name=A"); status != 200 ||
		!strings.HasSuffix(body, ": 1") {
		t.Errorf("%d %q", status, body)
	}
	p.waitLog("GET /increment?name=A 200 ")
	p.stop()
}

// TestDevGone takes an app's files away and brings them back: what serves serves on.
func TestDevGone(t *testing.T) {
	parent := t.TempDir()
	dir := filepath.Join(parent, "app")
	if err := os.Mkdir(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	text := `{"name": "app", "main": "counter.wasm", "durable_objects": {"bindings": ` +
		`[{"name": "COUNTERS", "class_name": "Counter"}]},
		"migrations": [{"tag": "v1", "new_sqlite_classes": ["Counter"]}]}`
	config := writeFile(t, dir, "wrangler.jsonc", text)
	writeFile(t, dir, "counter.wasm", stepCounter(t, 1))
	p := startHost(t, nil, "dev", "--data", t.TempDir(), config)
	counts := p.counting()
	counts(1)
	if err := os.Remove(config); err != nil {
		t.Fatal(err)
	}
	p.waitLog("config is gone, the old version keeps serving")
	counts(1)
	writeFile(t, dir, "wrangler.jsonc", text)
	p.waitLog(`msg="as it was again" script=app version=1`)
	if err := os.Rename(dir, dir+"2"); err != nil {
		t.Fatal(err)
	}
	p.waitLogs("config is gone, the old version keeps serving", 2)
	counts(1)
	replace(t, dir+"2", "counter.wasm", stepCounter(t, 10))
	if err := os.Rename(dir+"2", dir); err != nil {
		t.Fatal(err)
	}
	p.waitLog("msg=swapped script=app version=2")
	counts(10)
	replace(t, dir, "counter.wasm", stepCounter(t, 20)) // the folder is watched again
	p.waitLog("msg=swapped script=app version=3")
	counts(20)
	p.stop()
}
