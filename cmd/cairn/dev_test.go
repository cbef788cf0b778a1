package main

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// replace writes a file as editors do that save atomically: beside it, and then
// over it.
func replace(t *testing.T, dir, name, text string) {
	t.Helper()
	if err := os.Rename(writeFile(t, dir, ".tmp-"+name, text),
		filepath.Join(dir, name)); err != nil {
		t.Fatal(err)
	}
}

// stepCounter is a counter that counts in steps of up to 63, and compiles at once.
func stepCounter(t *testing.T, step byte) string {
	t.Helper()
	wasm, err := os.ReadFile(watCounter)
	if err != nil {
		t.Fatal(err)
	}
	// i32.const 1, i64.const 1, return: the amount where none is given
	return string(bytes.ReplaceAll(wasm, []byte{0x41, 1, 0x42, 1, 0x0f},
		[]byte{0x41, 1, 0x42, step, 0x0f}))
}

const devConfig = `{"name": "app", "main": %q, "durable_objects": {"bindings": ` +
	`[{"name": "COUNTERS", "class_name": %q}]},
"migrations": [{"tag": "v1", "new_sqlite_classes": ["Counter"]}%s]}`

// TestDev edits the files of an app while it runs: modules and configs, good and
// bad ones, in place and by a rename, and a main that moves elsewhere.
func TestDev(t *testing.T) {
	dir, elsewhere, data := t.TempDir(), t.TempDir(), t.TempDir()
	config := writeFile(t, dir, "wrangler.jsonc",
		fmt.Sprintf(devConfig, "counter.wasm", "Counter", ""))
	writeFile(t, dir, "counter.wasm", stepCounter(t, 1))
	p := startHost(t, nil, "dev", "--data", data, config)
	counts := p.counting()
	counts(1)
	replace(t, dir, "counter.wasm", stepCounter(t, 10))
	p.waitLog("msg=swapped script=app version=2")
	counts(10)
	replace(t, dir, "counter.wasm", "(module)")
	p.waitLog("not a module that cairn can run")
	counts(10)
	replace(t, dir, "counter.wasm", stepCounter(t, 20))
	p.waitLog("msg=swapped script=app version=3")
	counts(20)

	replace(t, dir, "wrangler.jsonc", "{\n  \"name\": \"app\",\n  \"main\": 7\n}")
	p.waitLog("wrangler.jsonc:3:")
	counts(20)
	replace(t, dir, "wrangler.jsonc", fmt.Sprintf(devConfig, "counter.wasm", "Countex", ""))
	p.waitLog("Countex")
	counts(20)
	writeFile(t, elsewhere, "other.wasm",
		strings.ReplaceAll(stepCounter(t, 30), "Counter", "Countex"))
	replace(t, dir, "wrangler.jsonc",
		fmt.Sprintf(devConfig, elsewhere+"/other.wasm", "Countex", ""))
	p.waitLog(`{ "tag": "v2", "renamed_classes": ` + // to copy
		`[{ "from": "Counter", "to": "Countex" }] }],`)
	counts(20)
	replace(t, dir, "wrangler.jsonc", fmt.Sprintf(devConfig, elsewhere+"/other.wasm", "Countex",
		`, { "tag": "v2", "renamed_classes": [{ "from": "Counter", "to": "Countex" }] }`))
	p.waitLog("msg=swapped script=app version=4")
	counts(30)
	replace(t, elsewhere, "other.wasm",
		strings.ReplaceAll(stepCounter(t, 40), "Counter", "Countex"))
	p.waitLog("msg=swapped script=app version=5")
	counts(40)

	// A folder that was not there, with a Go package that does not compile.
	src := filepath.Join(dir, "src")
	if err := os.Mkdir(src, 0o755); err != nil {
		t.Fatal(err)
	}
	writeFile(t, src, "go.mod", "module example\n")
	writeFile(t, src, "main.go", "package main\n\nfunc main() {\n\t(\n}\n")
	good, err := os.ReadFile(config)
	if err != nil {
		t.Fatal(err)
	}
	replace(t, dir, "wrangler.jsonc",
		strings.Replace(string(good), elsewhere+"/other.wasm", "src", 1))
	p.waitLog("main.go:5:")
	counts(40)
	replace(t, src, "main.go", "package main\n\n\n\n\n\nfunc main() {\n\t(\n}\n")
	p.waitLog("main.go:9:")
	replace(t, dir, "wrangler.jsonc", string(good))
	counts(40)

	if r := cairn("dev", "--data", data, "--clear", config).run(t); r.code != 1 ||
		!strings.Contains(r.stderr, "locked") {
		t.Errorf("--clear of a store that is open: exit code %d, %q", r.code, r.stderr)
	}
	counts(40)
	p.signal(os.Interrupt)
	if code := p.wait(); code != 0 {
		t.Errorf("exit code %d after Ctrl-C", code)
	}
}

// counting returns what increments the object A, and wants it to have grown by step.
func (p *process) counting() (counts func(step int)) {
	count := 0
	return func(step int) {
		p.t.Helper()
		count += step
		if status, body := p.get("/increment?name=A"); status != 200 ||
			!strings.HasSuffix(body, fmt.Sprintf(": %d", count)) {
			p.t.Errorf("%d %q, want %d", status, body, count)
		}
	}
}

// TestDevFiles begins with what the files say, though something else was deployed.
func TestDevFiles(t *testing.T) {
	dir, data := t.TempDir(), t.TempDir()
	config := writeFile(t, dir, "wrangler.jsonc",
		fmt.Sprintf(devConfig, "counter.wasm", "Counter", ""))
	writeFile(t, dir, "counter.wasm", stepCounter(t, 1))
	ten := writeFile(t, t.TempDir(), "ten.wasm", stepCounter(t, 10))
	o := startOperated(t, "--data", data, config)
	o.prints("deploy "+ten, versionsHead, versionRow(2, 100))
	o.counts("/increment?name=A", ": 10")
	o.stop()
	o = startOperated(t, "--data", data, config)
	o.counts("/increment?name=A", ": 20")
	if !strings.Contains(o.log(), "what was deployed serves") {
		t.Errorf("the log does not say what serves: %s", o.log())
	}
	o.stop()
	p := startHost(t, nil, "dev", "--data", data, config)
	if _, body := p.get("/increment?name=A"); !strings.HasSuffix(body, ": 21") {
		t.Errorf("dev serves another version than the files': %q", body)
	}
	p.stop()
	p = startHost(t, nil, "dev", "--data", data, "--clear", config)
	if _, body := p.get("/increment?name=A"); !strings.HasSuffix(body, ": 1") {
		t.Errorf("after --clear: %q", body)
	}
	p.stop()
}

// TestDevClearSpares does not remove what is not a store.
func TestDevClearSpares(t *testing.T) {
	dir, data := t.TempDir(), t.TempDir()
	config := writeFile(t, dir, "wrangler.jsonc",
		fmt.Sprintf(devConfig, "counter.wasm", "Counter", ""))
	writeFile(t, dir, "counter.wasm", stepCounter(t, 1))
	store := filepath.Join(data, "store")
	for _, file := range []string{"invoices.txt", "wal/notes", "000001.sst/x"} {
		path := filepath.Join(store, file)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		writeFile(t, store, "MANIFEST-000001", "")
		writeFile(t, filepath.Dir(path), filepath.Base(path), "mine")
		r := cairn("dev", "--data", data, "--clear", config).run(t)
		if r.code != 1 || strings.Count(r.stderr, "\n") != 1 ||
			!strings.Contains(r.stderr, "nothing was removed") {
			t.Errorf("%s: exit code %d, %q", file, r.code, r.stderr)
		}
		if _, err := os.Stat(path); err != nil {
			t.Error(err)
		}
		if err := os.RemoveAll(store); err != nil {
			t.Fatal(err)
		}
	}
}
