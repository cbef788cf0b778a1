package main

import (
	"encoding/json"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/cairn-dev/cairn/host/config"
)

// appFolder makes a folder with an app named a, an environment staging, and files.
func appFolder(t *testing.T, files map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	writeFile(t, dir, "wrangler.jsonc", `{"name": "a", "main": "m.wasm", "vars": {"A": "config"},
		"durable_objects": {"bindings": [{"name": "BOUND", "class_name": "C"}]},
		"migrations": [{"tag": "v1", "new_sqlite_classes": ["C"]}], "env": {"staging": {"vars": {"A": "env"}, "durable_objects": {"bindings": []}}}}`)
	writeFile(t, dir, "m.wasm", "")
	for name, text := range files {
		if err := os.MkdirAll(filepath.Dir(filepath.Join(dir, name)), 0o700); err != nil {
			t.Fatal(err)
		}
		writeFile(t, dir, name, text)
	}
	return dir
}

// TestSources gives variables in each way, and wants of each the one that counts: the
// files beside the config as wrangler's page "Environment variables and secrets" has
// them, and everything else as cairn serve --help does.
func TestSources(t *testing.T) {
	beside := map[string]string{".dev.vars": "D=dev", ".dev.vars.staging": "S=staging",
		".env": "E=env"}
	env := map[string]string{".env": "W=1\nX=1\nY=1\nZ=1", ".env.staging": "X=2\nY=2\nZ=2",
		".env.local":         "Y=3\nZ=3",
		".env.staging.local": "Z=4"}
	outside := map[string]string{"f1": "K=f1\nL=f1\nM=f1\nN=f1\nO=f1",
		"f2": "L=f2\nM=f2\nN=f2\nO=f2", "s/M": "s\n", "s/N": "s",
		"s/O": "s", "s/a/N": "of a", "s/b/N": "of b", "s/.hidden": "x", "s/..data/x": "x"}
	for name, c := range map[string]struct {
		files   map[string]string
		sources sources
		environ map[string]string
		want    config.Vars
	}{
		"nothing":         {nil, sources{beside: true}, nil, config.Vars{}},
		".dev.vars alone": {beside, sources{beside: true}, nil, config.Vars{"D": "dev"}},
		".dev.vars.ENV alone": {beside, sources{beside: true, env: "staging"}, nil,
			config.Vars{"S": "staging"}},
		"serve reads none of them": {beside, sources{}, nil, config.Vars{}},
		".env": {env, sources{beside: true}, nil,
			config.Vars{"W": "1", "X": "1", "Y": "3", "Z": "3"}},
		".env of an environment": {env, sources{beside: true, env: "staging"}, nil,
			config.Vars{"W": "1", "X": "2", "Y": "3", "Z": "4"}},
		"what goes before what": {outside, sources{varsFiles: []string{"f1", "f2"}, secretsDir: "s",
			vars: []string{"P:v:1", "b/Q:2", "a/R:3"}},
			map[string]string{"CAIRN_VAR_O": "environ", "CAIRN_VAR_P": "environ"},
			config.Vars{"K": "f1", "L": "f2", "M": "s", "N": "of a",
				"O": "environ", "P": "v:1", "R": "3"}},
		"a file of one script": {outside, sources{varsFiles: []string{"b=f1", "a=f2"}}, nil,
			config.Vars{"L": "f2", "M": "f2", "N": "f2", "O": "f2"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Chdir(appFolder(t, c.files))
			for name, value := range c.environ {
				t.Setenv(name, value)
			}
			cfg, warnings, err := c.sources.load(".")
			if err != nil || len(warnings) > 0 {
				t.Fatalf("%v, %v", warnings, err)
			}
			got := config.Vars{}
			for name, text := range cfg.Secrets {
				var value string
				if err := json.Unmarshal(text, &value); err != nil {
					t.Fatal(err)
				}
				got[name] = value
			}
			if !maps.Equal(got, c.want) {
				t.Errorf("got %v, want %v", got, c.want)
			}
			if text, err := cfg.Encode(); err != nil || strings.Contains(string(text), "environ") {
				t.Errorf("%s keeps a secret, %v", text, err)
			}
		})
	}
}

// TestSourcesRefuse wants to hear what is wrong, and not what the secret is.
func TestSourcesRefuse(t *testing.T) {
	files := map[string]string{"bad name/a b": "hunter2", "bound": "BOUND=hunter2",
		"latin": "A=hunter2\xff"}
	for name, c := range map[string]struct {
		sources sources
		want    string
	}{
		"no such file":       {sources{varsFiles: []string{"gone"}}, "gone"},
		"no such folder":     {sources{secretsDir: "gone"}, "gone"},
		"a folder as a file": {sources{varsFiles: []string{"bad name"}}, "bad name"},
		"a file as a folder": {sources{secretsDir: "bound"}, "bound"},
		"no name":            {sources{secretsDir: "bad name"}, "no name of a variable"},
		"no UTF-8": {sources{varsFiles: []string{"latin"}},
			"latin:1:10: syntax error: the file is not UTF-8"},
		"a binding's name": {sources{varsFiles: []string{"bound"}},
			`"BOUND", which comes from outside, has the name of a binding`},
		"no colon":              {sources{vars: []string{"hunter2"}}, "--var takes NAME:VALUE"},
		"no name in the option": {sources{vars: []string{":hunter2"}}, "--var takes NAME:VALUE"},
		"no such environment":   {sources{env: "stagin"}, `Did you mean "staging"?`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Chdir(appFolder(t, files))
			_, _, err := c.sources.load(".")
			if err == nil || !strings.Contains(err.Error(), c.want) ||
				strings.Contains(err.Error(), "hunter2") {
				t.Errorf("%v, want %q", err, c.want)
			}
		})
	}
}

// TestSecretsRequired wants of the files beside the config those that it lists alone,
// and a warning for one that has no value, as wrangler does.
func TestSecretsRequired(t *testing.T) {
	dir := appFolder(t, map[string]string{".dev.vars": "A=1\nB=2"})
	writeFile(t, dir, "wrangler.jsonc",
		`{"name": "a", "main": "m.wasm", "secrets": {"required": ["A", "C"]}}`)
	c, warnings, err := (&sources{beside: true}).load(dir)
	if err != nil || len(warnings) != 1 ||
		!strings.Contains(warnings[0].Message, `"C" is required`) {
		t.Fatalf("%v, %v", warnings, err)
	}
	if names := slices.Collect(maps.Keys(c.Secrets)); !slices.Equal(names, []string{"A"}) {
		t.Errorf("%v, want A", names)
	}
}
