package main

import (
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// watConfig writes a config of the counter in WAT, which compiles in no time.
func watConfig(t *testing.T, dir, migrations, bindings string) string {
	t.Helper()
	module, err := filepath.Abs(filepath.Join(root, "testdata/counter-wat/counter.wasm"))
	if err != nil {
		t.Fatal(err)
	}
	return writeFile(t, dir, "wrangler.jsonc", fmt.Sprintf(
		`{"name": "wat", "main": %q, "migrations": [%s], "durable_objects": {"bindings": [%s]}}`,
		module, migrations, bindings))
}

// files returns the bytes of every file below a folder.
func files(t *testing.T, dir string) map[string]string {
	t.Helper()
	all := map[string]string{}
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		text, err := os.ReadFile(path)
		all[path] = string(text)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// TestFolderReplaced: a host whose folder is moved away or restored under it ends
// within seconds, with one line, and another can serve what is there now.
func TestFolderReplaced(t *testing.T) {
	data := t.TempDir()
	config := watConfig(t, t.TempDir(), `{"tag": "v1", "new_sqlite_classes": ["Counter"]}`,
		`{"name": "COUNTERS", "class_name": "Counter"}`)
	p := startServe(t, nil, "--data", data, config)
	if status, body := p.get("/increment?name=A"); status != 200 {
		t.Fatalf("%d %s", status, body)
	}
	store := filepath.Join(data, "store")
	if err := os.CopyFS(store+".copy", os.DirFS(store)); err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(os.Rename(store, store+".moved"),
		os.Rename(store+".copy", store)); err != nil {
		t.Fatal(err)
	}
	if code := p.wait(); code != 1 {
		t.Errorf("exit code %d", code)
	}
	if n := strings.Count(p.log(), "\ncairn: "); n != 1 ||
		!strings.Contains(p.log(), "was replaced under the running host") {
		t.Errorf("it said\n%s", p.log())
	}
	p = startServe(t, nil, "--data", data, config)
	if status, body := p.get("/?name=A"); status != 200 || !strings.Contains(body, "count: 1") {
		t.Errorf("the next: %d %s", status, body)
	}
	p.stop()
}

// TestStartFails: a start that cannot serve says why in a line, never that it
// serves, and has changed nothing: it has not even opened the store.
func TestStartFails(t *testing.T) {
	dir, data := t.TempDir(), t.TempDir()
	const created = `{"tag": "v1", "new_sqlite_classes": ["Counter"]}`
	const binding = `{"name": "COUNTERS", "class_name": "Counter"}`
	p := startServe(t, nil, "--data", data, watConfig(t, dir, created, binding))
	if status, body := p.get("/increment?name=A"); status != 200 {
		t.Fatalf("%d %s", status, body)
	}
	p.stop()
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	before := files(t, filepath.Join(data, "store"))

	// What each of them would do is destroy the counter's objects.
	module := writeFile(t, dir, "wrong.wasm", "this is no module")
	destroys := watConfig(t, dir, created+`, {"tag": "v2", "deleted_classes": ["Counter"]}`, "")
	noModule := writeFile(t, dir, "wrong.json", fmt.Sprintf(
		`{"name": "wat", "main": %q, "migrations": [%s]}`, module, created))
	for name, args := range map[string][]string{
		"public port is taken":   {"--listen", taken.Addr().String(), destroys},
		"public address is none": {"--listen", "nonsense", destroys},
		"public port is none":    {"--listen", "127.0.0.1:99999", destroys},
		"public host is another": {"--listen", "192.0.2.1:0", destroys}, // RFC 5737: nobody's
		"admin port is taken":    {"--admin", taken.Addr().String(), destroys},
		"both are one": {"--listen", taken.Addr().String(), "--admin",
			taken.Addr().String(), destroys},
		"admin is open to others": {"--admin", "0.0.0.0:0", destroys},
		"admin is open by IPv6":   {"--admin", "[::]:0", destroys},
		"allowed host is none":    {"--allow-host", "http://x y", destroys},
		"memory is none":          {"--memory", "much", destroys},
		"log level is none":       {"--log-level", "loud", destroys},
		"config is missing":       {filepath.Join(dir, "nowhere.json")},
		"second is missing":       {destroys, filepath.Join(dir, "nowhere.json")},
	} {
		t.Run(name, func(t *testing.T) {
			for _, command := range [][]string{{"serve"}, {"dev"}, {"dev", "--clear"}} {
				for _, flag := range []string{"listen", "admin"} {
					if !hasFlag(nil, args, flag) {
						command = append(command, "--"+flag, "127.0.0.1:0")
					}
				}
				got := cairn(append(append(command, "--data", data), args...)...).run(t)
				if got.code == 0 || got.stdout != "" || !strings.Contains(got.stderr, "cairn: ") {
					t.Errorf("%v: %+v", command, got)
				}
				if now := files(t, filepath.Join(data, "store")); !maps.Equal(before, now) {
					t.Errorf("%v changed the store", command)
				}
			}
		})
	}
	// These need the store to be open, and change nothing that it says. A store that
	// was to be cleared is back when dev gives up waiting for a module that it can run.
	args := []string{"serve", "--listen", "127.0.0.1:0", "--admin", "127.0.0.1:0",
		"--data", data, noModule}
	if got := cairn(args...).run(t); got.code == 0 || got.stdout != "" {
		t.Errorf("serve of what is no module: %+v", got)
	}
	startHost(t, nil, "dev", "--clear", "--data", data, noModule).stop()
	p = startServe(t, nil, "--data", data, watConfig(t, dir, created, binding))
	if status, body := p.get("/?name=A"); status != 200 ||
		!strings.HasSuffix(strings.TrimSpace(body), "count: 1") {
		t.Errorf("after them: %d %q, want 1", status, body)
	}
	p.stop()
}
