package main

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

func TestBuild(t *testing.T) {
	out := filepath.Join(t.TempDir(), "built.wasm")
	r := command{dir: root, args: []string{"build", "testdata/counter", "-o", out}}.run(t)
	want := regexp.MustCompile(`^` + regexp.QuoteMeta(out) +
		`: \d+ bytes, a Worker, classes \[Counter\]\n$`)
	if r.code != 0 || r.stderr != "" || !want.MatchString(r.stdout) {
		t.Fatalf("exit code %d, printed %q and %q", r.code, r.stdout, r.stderr)
	}
	// What was built can be served.
	config := writeFile(t, filepath.Dir(out), "wrangler.toml",
		"name = \"x\"\nmain = \"built.wasm\"\n"+
			"[[durable_objects.bindings]]\nname = \"COUNTERS\"\nclass_name = \"Counter\"\n"+
			"[[migrations]]\ntag = \"1\"\nnew_classes = [\"Counter\"]\n")
	p := startServe(t, nil, "--data", t.TempDir(), config)
	if _, body := p.get("/increment?name=A"); body != "Durable Object 'A' count: 1" {
		t.Errorf("answered %q", body)
	}
}

// TestBuildFails wants errors that say where, and what is missing.
func TestBuildFails(t *testing.T) {
	for _, c := range []struct {
		name, source string
		want         []string
	}{
		{"does not compile", "package main\n\nfunc main() {\n\tx := 1\n}\n",
			[]string{"main.go:4:2: declared and not used: x"}},
		{"no syntax", "package main\n\nfunc main( {}\n", []string{"main.go:3:12: "}},
		{"no main package", "package other\n", []string{"main package"}},
		{"no guest", "package main\n\nfunc main() {}\n",
			[]string{`lacks the export "abi_version"`, "github.com/cairn-dev/cairn/guest"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			dir := t.TempDir()
			writeFile(t, dir, "go.mod", "module example.com/broken\n\ngo 1.26\n")
			writeFile(t, dir, "main.go", c.source)
			r := command{dir: dir, args: []string{"build"}}.run(t)
			if r.code != 1 || r.stdout != "" || !strings.HasPrefix(r.stderr, "cairn: ") {
				t.Errorf("exit code %d, printed %q and %q", r.code, r.stdout, r.stderr)
			}
			for _, want := range c.want {
				if !strings.Contains(r.stderr, want) {
					t.Errorf("%q lacks %q", r.stderr, want)
				}
			}
		})
	}
}

// TestBuildNothing imports the SDK and registers nothing: the mistake of a first
// program.
func TestBuildNothing(t *testing.T) {
	dir, err := os.MkdirTemp(root, ".nothing-*") // in this module, for the import
	if err != nil {
		t.Fatal(err)
	}
	defer os.RemoveAll(dir)
	writeFile(t, dir, "main.go", "package main\n\nimport _ \"github.com/cairn-dev/cairn/guest\"\n"+
		"\nfunc main() {}\n")
	r := command{dir: dir, args: []string{"build", "-o",
		filepath.Join(t.TempDir(), "out.wasm")}}.run(t)
	if r.code != 1 || !strings.Contains(r.stderr, "registers no Worker and no class") {
		t.Errorf("exit code %d, printed %q", r.code, r.stderr)
	}
}
