package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestServeScripts serves two scripts, of which one has the class and both have a
// Worker: the first is public, and its binding reaches the objects of the other.
func TestServeScripts(t *testing.T) {
	dir, data := t.TempDir(), t.TempDir()
	wasm, err := filepath.Abs(filepath.Join(root, "testdata/counter-wat/counter.wasm"))
	if err != nil {
		t.Fatal(err)
	}
	write := func(name, script, migrations string) string {
		file := filepath.Join(dir, name+".toml")
		text := fmt.Sprintf("name = %q\nmain = %q\n%s\n[[durable_objects.bindings]]\n"+
			"name = \"COUNTERS\"\nclass_name = \"Counter\"\n%s",
			name, wasm, migrations, script)
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return file
	}
	front := write("front", "script_name = \"back\"\n", "")
	back := write("back", "", "[[migrations]]\ntag = \"v1\"\nnew_sqlite_classes = [\"Counter\"]")
	for i, configs := range [][]string{{front, back}, {back, front}, {back}} {
		p := startServe(t, nil, append([]string{"--data", data}, configs...)...)
		var names []string
		for _, file := range configs {
			names = append(names, strings.TrimSuffix(filepath.Base(file), ".toml"))
		}
		if want := "cairn serves " + strings.Join(names, ", ") + " on http://" + p.addr +
			"\n"; p.line != want {
			t.Errorf("%v: printed %q, want %q", configs, p.line, want)
		}
		want := fmt.Sprintf("Durable Object 'A' count: %d", i+1)
		if status, body := p.get("/increment?name=A"); status != 200 || body != want {
			t.Errorf("%v: %d %q, want %q", configs, status, body, want)
		}
		p.stop()
	}
	r := cairn("serve", "--data", data, front).run(t)
	want := `is to script "back", which is not served (served: front). Add its config: ` +
		`cairn serve ` + front
	if r.code != 1 || !strings.Contains(r.stderr, want) {
		t.Errorf("without the other: exit code %d, %q, want %q", r.code, r.stderr, want)
	}
}
