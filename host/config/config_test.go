package config

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/cockroachdb/datadriven"
)

// TestTranscripts runs testdata/*.txt. A command is "parse NAME [env=NAME]" with
// the file below it; the answer is the config, then warnings, then errors.
func TestTranscripts(t *testing.T) {
	files, err := filepath.Glob("testdata/*.txt")
	if err != nil || len(files) == 0 {
		t.Fatalf("no transcripts: %v", err)
	}
	for _, file := range files {
		t.Run(filepath.Base(file), func(t *testing.T) {
			datadriven.RunTest(t, file, func(t *testing.T, d *datadriven.TestData) string {
				if d.Cmd != "parse" || len(d.CmdArgs) < 1 {
					d.Fatalf(t, "want: parse NAME [env=NAME]")
				}
				env := ""
				d.MaybeScanArgs(t, "env", &env)
				cfg, warns, err := ParseEnv(d.CmdArgs[0].Key, []byte(d.Input), env)
				return transcript(cfg, warns, err)
			})
		})
	}
}

func transcript(cfg *Config, warns []Warning, err error) string {
	var b strings.Builder
	if cfg != nil {
		printConfig(&b, cfg)
	}
	for _, w := range warns {
		fmt.Fprintf(&b, "warning %s\n", w)
	}
	for _, e := range problems(err) {
		fmt.Fprintf(&b, "error %s\n", e)
	}
	return b.String()
}

func printConfig(b *strings.Builder, c *Config) {
	fmt.Fprintf(b, "name=%s main=%s", c.Name, c.MainPath())
	if c.CompatibilityDate != "" {
		fmt.Fprintf(b, " date=%s", c.CompatibilityDate)
	}
	if c.CompatibilityFlags != nil {
		fmt.Fprintf(b, " flags=%v", c.CompatibilityFlags)
	}
	if c.CPULimit != 0 {
		fmt.Fprintf(b, " cpu=%s", c.CPULimit)
	}
	b.WriteByte('\n')
	for _, name := range slices.Sorted(maps.Keys(c.Vars)) {
		fmt.Fprintf(b, "var %s=%s\n", name, c.Vars[name])
	}
	for _, x := range c.Bindings {
		fmt.Fprintf(b, "binding %d:%d %s=%s script=%q environment=%q\n",
			x.Pos.Line, x.Pos.Col, x.Name, x.ClassName, x.ScriptName, x.Environment)
	}
	for _, m := range c.Migrations {
		fmt.Fprintf(b, "migration %d:%d %s new=%v sqlite=%v renamed=%v deleted=%v transferred=%v\n",
			m.Pos.Line, m.Pos.Col, m.Tag, m.NewClasses, m.NewSQLiteClasses, m.Renamed,
			m.Deleted, m.Transferred)
	}
	for _, e := range c.Exports {
		fmt.Fprintf(b, "export %d:%d %s %s kv=%v to=%q script=%q\n",
			e.Pos.Line, e.Pos.Col, e.Class, e.State, e.KV, e.To, e.Script)
	}
	for _, r := range c.Routes {
		fmt.Fprintf(b, "route %d:%d %s custom=%v\n", r.Pos.Line, r.Pos.Col, r.Pattern, r.Custom)
	}
}

// problems takes a joined error apart.
func problems(err error) []*Error {
	if err == nil {
		return nil
	}
	var list []*Error
	for _, e := range err.(interface{ Unwrap() []error }).Unwrap() {
		list = append(list, e.(*Error))
	}
	return list
}

func TestSeed(t *testing.T) {
	want := &Config{
		Name:     "my-counter",
		Main:     "src/index.ts",
		Bindings: []Binding{{Name: "COUNTERS", ClassName: "Counter"}},
		Migrations: []Migration{
			{Tag: "v1", NewSQLiteClasses: []string{"Counter"}},
		},
	}
	for _, file := range []string{"wrangler.jsonc", "wrangler.toml"} {
		path := filepath.Join("testdata", "seed", file)
		cfg, warns, err := Load(path)
		if err != nil || len(warns) > 0 {
			t.Fatalf("%s: warnings %v, error %v", file, warns, err)
		}
		if cfg.Path != path || cfg.Dir != filepath.Dir(path) {
			t.Errorf("%s: Path %q, Dir %q", file, cfg.Path, cfg.Dir)
		}
		if got := filepath.ToSlash(cfg.MainPath()); got != "testdata/seed/src/index.ts" {
			t.Errorf("%s: MainPath %q", file, got)
		}
		if got := withoutPlace(cfg); !reflect.DeepEqual(got, want) {
			t.Errorf("%s:\ngot  %+v\nwant %+v", file, got, want)
		}
	}
}

// withoutPlace returns c without what depends on the file it came from.
func withoutPlace(c *Config) *Config {
	out := *c
	out.Path, out.Dir, out.MainPos, out.shape = "", "", Pos{}, shape{}
	out.Bindings = slices.Clone(c.Bindings)
	for i := range out.Bindings {
		out.Bindings[i].Pos = Pos{}
	}
	out.Migrations = slices.Clone(c.Migrations)
	for i := range out.Migrations {
		out.Migrations[i].Pos = Pos{}
	}
	return &out
}

const fullJSONC = `{
  // every field that cairn uses
  "name": "app", "main": "./cmd/app", "compatibility_date": "2026-01-01",
  "compatibility_flags": ["nodejs_compat"],
  "limits": { "cpu_ms": 50 },
  "vars": { "S": "hi \"you\" <&> é", "N": 3, "F": -1.50, "B": false, "T": "1979-05-27T07:32:00Z",
    "O": { "a": [1, [2, "x"], {}], "b.c": { "d": true } }, "H": 255, "E": [], },
  "durable_objects": { "bindings": [
    { "name": "COUNTERS", "class_name": "Counter2" },
    { "name": "OTHER", "class_name": "Room", "script_name": "other", "environment": "staging" },
  ] },
  "migrations": [
    { "tag": "v1", "new_sqlite_classes": ["Counter"], "new_classes": ["Old"] },
    { "tag": "v2", "renamed_classes": [{ "from": "Counter", "to": "Counter2" }],
      "deleted_classes": ["Old"] },
    { "tag": "v3", "transferred_classes": [
      { "from": "Room", "from_script": "old", "to": "Room" }] },
  ],
}`

const fullTOML = `
name = 'app'
main = "./cmd/app"
compatibility_date = 2026-01-01
compatibility_flags = [
  "nodejs_compat", # the only one
]
limits.cpu_ms = 5_0
durable_objects.bindings = [
  { name = "COUNTERS", class_name = "Counter2" },
  { name = "OTHER", class_name = "Room", script_name = "other", environment = "staging" },
]
[vars]
S = "hi \"you\" <&> \u00e9"
N = +3
F = -1.50
B = false
T = 1979-05-27 07:32:00Z
O = { a = [1, [2, "x"], {}], "b.c".d = true }
H = 0xff
E = []
[[migrations]]
tag = "v1"
new_sqlite_classes = ["Counter"]
new_classes = ["Old"]
[[migrations]]
tag = "v2"
renamed_classes = [{ from = "Counter", to = "Counter2" }]
deleted_classes = ["Old"]
[[migrations]]
tag = "v3"
[[migrations.transferred_classes]]
from = "Room"
from_script = "old"
to = "Room"
`

func TestFormatsAgree(t *testing.T) {
	var got []*Config
	for name, text := range map[string]string{"w.jsonc": fullJSONC, "w.toml": fullTOML} {
		cfg, warns, err := Parse(name, []byte(text))
		if err != nil || len(warns) > 0 {
			t.Fatalf("%s: warnings %v, error %v", name, warns, err)
		}
		for _, value := range cfg.Vars {
			if !json.Valid(value) {
				t.Errorf("%s: %s is not JSON", name, value)
			}
		}
		got = append(got, withoutPlace(cfg))
	}
	if !reflect.DeepEqual(got[0], got[1]) {
		t.Errorf("the formats differ:\n%+v\n%+v", got[0], got[1])
	}
	if got[0].CPULimit != 50*time.Millisecond || len(got[0].Vars) != 8 {
		t.Errorf("got %+v", got[0])
	}
}

func TestByteOrderMarkAndLineEnds(t *testing.T) {
	for name, text := range map[string]string{"w.jsonc": fullJSONC + " // end",
		"w.toml": fullTOML} {
		want, _, err := Parse(name, []byte(text))
		if err != nil {
			t.Fatal(err)
		}
		got, _, err := Parse(name, []byte("\ufeff"+strings.ReplaceAll(text, "\n", "\r\n")))
		if err != nil {
			t.Fatal(err)
		}
		if !reflect.DeepEqual(got, want) {
			t.Errorf("%s: got %+v\nwant %+v", name, got, want)
		}
	}
}

func TestRefusedFiles(t *testing.T) {
	const head = `{"name":"a","main":"m",`
	tests := []struct {
		title, name, text string
		want              string
	}{
		{"too large", "w.json", strings.Repeat(" ", maxFileBytes+1),
			"w.json: The file is larger than 1048576 bytes."},
		{"large enough", "w.json", strings.Repeat(" ", maxFileBytes-2) + "{}",
			`w.json:1:1048575: "main" is a required field`},
		{"extension", "w.yaml", "a: 1", `w.yaml: The extension ".yaml" is not one of a config`},
		{"UTF-16", "w.json", "\xff\xfe{\x00}\x00",
			"w.json:1:1: syntax error: the file is not UTF-8"},
		{"Latin-1", "w.toml", "a = 1\nb = '\xe9'",
			"w.toml:2:6: syntax error: the file is not UTF-8"},
		{"empty JSON", "w.json", "", "w.json:1:1: syntax error: parsing value: unexpected EOF"},
		{"deep JSON", "w.json", head + `"vars":` + strings.Repeat("[", 1000000),
			"w.json:1:130: Values nest more than 100 levels deep."},
		{"deep objects", "w.json", strings.Repeat(`{"":`, 100000),
			"w.json:1:401: Values nest more than 100 levels deep."},
		{"deep TOML array", "w.toml", "a = " + strings.Repeat("[", 5000) +
			strings.Repeat("]", 5000),
			"w.toml:1:105: Values nest more than 100 levels deep."},
		{"deeper TOML array", "w.toml", "a = " + strings.Repeat("[", 500000),
			"w.toml:1:10005: syntax error: arrays and inline tables are nested more than"},
		{"deep TOML key", "w.toml", strings.Repeat("a.", 5000) + "a = 1",
			"w.toml:1:201: Values nest more than 100 levels deep."},
		{"deep TOML table", "w.toml", "[" + strings.Repeat("a.", 5000) + "a]",
			"w.toml:1:202: Values nest more than 100 levels deep."},
		{"many TOML keys", "w.toml", "a.b = 1\n[c]\nd" + strings.Repeat(".d", maxTOMLKeys) + " = 1",
			"w.toml:3:19995: The file has more than 10000 keys."},
		{"deep TOML tables", "w.toml", nestedTables(200),
			"w.toml:51:3: Values nest more than 100 levels deep."},
	}
	for _, test := range tests {
		cfg, _, err := Parse(test.name, []byte(test.text))
		if cfg != nil || err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%s: got %v, want %s", test.title, err, test.want)
		}
	}
}

// nestedTables returns arrays of tables, each inside the one before.
func nestedTables(n int) string {
	var b strings.Builder
	key := "a"
	for range n {
		b.WriteString("[[" + key + "]]\n")
		key += ".a"
	}
	return b.String()
}

// TestBracketsInText keeps the guard against deep files from counting brackets
// that are no structure.
func TestBracketsInText(t *testing.T) {
	many := strings.Repeat("[{", 200)
	text := `{"name":"a","main":"m", // ` + many + "\n/*" + many +
		`*/"vars":{"A":"\"` + many + `"}}`
	if _, _, err := Parse("w.json", []byte(text)); err != nil {
		t.Error(err)
	}
}

func TestProblemsAreTyped(t *testing.T) {
	_, _, err := Parse("dir/w.toml", []byte("main = 3\nname = \"a\"\n[vars]\nA = 1\n"))
	var e *Error
	if !errors.As(err, &e) {
		t.Fatalf("%T is no *Error", err)
	}
	want := Error{Pos: Pos{"dir/w.toml", 1, 8},
		Message: `Expected "main" to be of type string but got 3.`}
	if *e != want {
		t.Errorf("got %+v, want %+v", *e, want)
	}
}

func TestLoad(t *testing.T) {
	dir := t.TempDir()
	if _, _, err := Load(filepath.Join(dir, "wrangler.toml")); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("got %v", err)
	}
	path := filepath.Join(dir, "wrangler.json")
	if err := os.WriteFile(path, bytes.Repeat([]byte("\n"), maxFileBytes+1), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, _, err := Load(path); err == nil || !strings.Contains(err.Error(), "larger than") {
		t.Errorf("got %v", err)
	}
}

func TestMainPath(t *testing.T) {
	abs, err := filepath.Abs("x.wasm")
	if err != nil {
		t.Fatal(err)
	}
	if got := (&Config{Dir: "d", Main: abs}).MainPath(); got != abs {
		t.Errorf("got %q, want %q", got, abs)
	}
}

func TestFind(t *testing.T) {
	dir := t.TempDir()
	_, err := Find(dir)
	if !errors.Is(err, ErrNotFound) || !strings.Contains(err.Error(), dir) ||
		!strings.Contains(err.Error(), "wrangler.jsonc, wrangler.json, wrangler.toml") {
		t.Errorf("got %v", err)
	}
	if err := os.Mkdir(filepath.Join(dir, "wrangler.jsonc"), 0o700); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"wrangler.toml", "wrangler.json"} {
		want := filepath.Join(dir, name)
		if err := os.WriteFile(want, nil, 0o600); err != nil {
			t.Fatal(err)
		}
		if got, err := Find(dir); err != nil || got != want {
			t.Errorf("got %q, %v, want %q", got, err, want)
		}
	}
}

// BenchmarkHostile reads files that are as large as allowed and made of what
// costs the most: a rule that is quadratic shows.
func BenchmarkHostile(b *testing.B) {
	const head = `{"name":"a","main":"m",`
	repeat := func(n int, text string) string {
		var out strings.Builder
		for i := range n {
			fmt.Fprintf(&out, text, i)
		}
		return out.String()
	}
	files := map[string]string{
		"keys.json": head + repeat(40_000, `"triger%x":1,`) + "}",
		"bindings.json": head + `"durable_objects":{"bindings":[` +
			repeat(10_000, `{"name":"%x","class_name":"%[1]x"},`) + `]},"migrations":[` +
			repeat(20_000, `{"tag":"v%d"},`) + "]}",
		"syntax.json": head + repeat(60_000, `"%x": 1,`) + "!",
		"keys.toml":   repeat(maxTOMLKeys, "a%x=1\n"),
		"tables.toml": repeat(maxTOMLKeys/2, "[[a.b%x]]\n"),
		"arrays.toml": "a=[" + strings.Repeat("[],", 300_000) + "]",
	}
	for name, text := range files {
		if len(text) > maxFileBytes {
			b.Fatalf("%s is too large: %d bytes", name, len(text))
		}
		b.Run(name, func(b *testing.B) {
			b.SetBytes(int64(len(text)))
			for b.Loop() {
				_, _, _ = Parse(name, []byte(text))
			}
		})
	}
}

// TestTOMLKeys has more keys than a file may have.
func TestTOMLKeys(t *testing.T) {
	const head = "name=\"a\"\nmain=\"m\"\n"
	var keys strings.Builder
	for i := range maxTOMLKeys + 1 {
		fmt.Fprintf(&keys, "a%x=1\n", i)
	}
	_, _, err := Parse("wrangler.toml", []byte(head+keys.String()))
	if err == nil || !strings.Contains(err.Error(), "keys") {
		t.Errorf("%d keys: %v", maxTOMLKeys+3, err)
	}
}
