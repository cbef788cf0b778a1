package main

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// TestNew writes an app in a fresh folder, and wants it formatted, in order, tested and
// served as it is.
func TestNew(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "apps", "my-app")
	if r := cairn("new", dir).run(t); r.code != 0 ||
		!strings.Contains(r.stdout, "my-app is an app") {
		t.Fatalf("%+v", r)
	}
	var names []string
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		names = append(names, e.Name())
	}
	if want := []string{"README.md", "go.mod", "main.go", "main_test.go",
		"wrangler.jsonc"}; !slices.Equal(names, want) {
		t.Errorf("files %v, want %v", names, want)
	}
	for _, tool := range [][]string{{"gofmt", "-l", "."}, {"go", "vet", "."}, {"go", "test", "."}} {
		cmd := exec.Command(tool[0], tool[1:]...)
		cmd.Dir, cmd.Env = dir, append(os.Environ(), "GOFLAGS=-mod=mod",
			"GOPROXY=off", "GOWORK=off")
		if out, err := cmd.CombinedOutput(); err != nil || tool[0] == "gofmt" && len(out) > 0 {
			t.Fatalf("%v: %v\n%s", tool, err, out)
		}
	}
	if r := (command{dir: dir, args: []string{"check"}}).run(t); r.code != 0 ||
		!strings.Contains(r.stdout, "my-app is in order, 0 warnings") {
		t.Errorf("%+v", r)
	}
	p := startServe(t, nil, "--interpreter", "--data", t.TempDir(), dir)
	if status, body := p.get("/hello"); status != 200 || body != `{"page":"/hello","visits":0}` {
		t.Errorf("%d %s", status, body)
	}
	p.stop()

	// The app is there now, and stays as it is.
	before, err := os.ReadFile(filepath.Join(dir, "main.go"))
	if err != nil {
		t.Fatal(err)
	}
	r := cairn("new", dir).run(t)
	after, err := os.ReadFile(filepath.Join(dir, "main.go"))
	if r.code != 1 || !strings.Contains(r.stderr, "is there and not empty") || err != nil ||
		!bytes.Equal(before, after) {
		t.Errorf("again: %+v, %v", r, err)
	}
}

// TestNewRefuses wants nothing written under a name that some tool refuses, nor
// without knowing where the SDK is.
func TestNewRefuses(t *testing.T) {
	for _, name := range []string{"", ".", "..", "/", "My-App", "my app",
		"-a", "a-", "1a", "a_b", "a.b", "@scope", "é", "a\nb", strings.Repeat("a", 64)} {
		t.Chdir(t.TempDir())
		wantUsage(t, []string{"new", "--", name}, "Go, npm and wrangler all take")
		if entries, err := os.ReadDir("."); err != nil || len(entries) > 0 {
			t.Errorf("%q: %v, %v", name, entries, err)
		}
	}
	for _, c := range []struct{ sdk, want string }{
		{"gone", "no such file"}, {".", "no such file"},
		{"other", "is not the folder of the module"},
	} {
		t.Chdir(t.TempDir())
		if err := os.Mkdir("other", 0o700); err != nil {
			t.Fatal(err)
		}
		writeFile(t, "other", "go.mod", "module example.com/other\n")
		r := command{dir: ".", args: []string{"new", "--sdk", c.sdk, "app"}}.run(t)
		if _, err := os.Stat("app"); r.code != 1 ||
			!strings.Contains(r.stderr, c.want) || err == nil {
			t.Errorf("--sdk %s: %+v", c.sdk, r)
		}
	}
	file := writeFile(t, t.TempDir(), "taken", "")
	if r := cairn("new", file).run(t); r.code != 1 ||
		!strings.Contains(r.stderr, "choose another name") {
		t.Errorf("a file: %+v", r)
	}
}
