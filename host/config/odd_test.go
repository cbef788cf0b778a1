package config

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestOddForms reads files that say one thing in every way that editors and people
// write it, and wants the same of each.
func TestOddForms(t *testing.T) {
	const json = `{
  "$schema": "node_modules/wrangler/config-schema.json",
  /* a block */ "name": "app", // a line
  "main": "m.wasm",
  "vars": { "É": "é", "N": 1e3, "B": true, "O": { "a": [1, null] }, },
  "durable_objects": { "bindings": [ { "name": "A", "class_name": "A", }, ], },
  "migrations": [ { "tag": "v1", "new_sqlite_classes": [ "A", ], }, ],
  "env": { "e": { "vars": { "É": "é", "N": 1e3, "B": true, "O": {} }, "durable_objects": { "bindings": [] } } },
}`
	const toml = `"$schema" = "x"
name = 'app' # a comment
main = """m.wasm"""
vars = { "É" = "\u00e9", N = 1e3, B = true, O.a = [1] }
durable_objects.bindings = [
  { name = "A", class_name = "A" },
]
[[migrations]]
tag = "v1"
new_sqlite_classes = ["A"]
[env.e]
vars = { "É" = "é", N = 1, B = true, O = 1 }
durable_objects.bindings = []
`
	const tables = `name = "app"
main = "m.wasm"
vars."É" = "é"
vars.N = 1_000
vars.B = true
[vars.O]
a = [1]
[durable_objects]
[[durable_objects.bindings]]
name = "A"
class_name = "A"
[[migrations]]
tag = "v1"
new_sqlite_classes = ["A"]
[env.e.vars]
"É" = "é"
N = 1
B = true
O = 1
[env.e.durable_objects]
bindings = []
`
	for name, c := range map[string]struct{ file, text string }{
		"JSONC": {"w.jsonc", json}, "JSON": {"w.json", json}, "upper case": {"w.JSONC", json},
		"BOM":  {"w.jsonc", "\ufeff" + json},
		"CRLF": {"w.jsonc", strings.ReplaceAll(json, "\n", "\r\n")},
		"tabs": {"w.jsonc", strings.ReplaceAll(json, "  ", "\t")},
		"one line": {"w.json", `{"name": "app", "main": "m.wasm", "vars": {"É": "\u00e9",
			"N": 1000, "B": true, "O": {}}, "durable_objects": {"bindings": [{"class_name": "A", "name": "A"}]}, "migrations": [{"new_sqlite_classes":
			["A"], "tag": "v1"}], "env": {"e": {"vars": {"É": "é", "N": 1, "B": 1, "O": 1}, "durable_objects": {"bindings": []}}}}`},
		"TOML": {"w.toml", toml}, "TOML, BOM and CRLF": {"w.toml",
			"\ufeff" + strings.ReplaceAll(toml, "\n", "\r\n")},
		"TOML, tables": {"w.toml", tables},
	} {
		for _, env := range []string{"", "e"} {
			cfg, warns, err := ParseEnv(c.file, []byte(c.text), env)
			if err != nil || len(warns) > 0 {
				t.Errorf("%s, %q: %v, %v", name, env, warns, err)
				continue
			}
			bindings, app := 1, "app"
			if env != "" {
				bindings, app = 0, "app-e"
			}
			if cfg.Name != app || cfg.Main != "m.wasm" || string(cfg.Vars["É"]) != `"é"` ||
				len(cfg.Bindings) != bindings ||
				len(cfg.Migrations) != 1 || cfg.Migrations[0].NewSQLiteClasses[0] != "A" {
				t.Errorf("%s, %q: %+v", name, env, cfg)
			}
		}
	}
}

// TestNoFile wants one line about what is no file to read.
func TestNoFile(t *testing.T) {
	dir := t.TempDir()
	folder := filepath.Join(dir, "wrangler.toml")
	if err := os.Mkdir(folder, 0o700); err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{folder, filepath.Join(dir, "gone.toml"),
		filepath.Join(dir, "a\x00b.toml")} {
		_, _, err := LoadEnv(path, "")
		if err == nil || strings.Contains(err.Error(), "\n") ||
			!strings.Contains(err.Error(), "config: ") {
			t.Errorf("%q: %v", path, err)
		}
	}
}
