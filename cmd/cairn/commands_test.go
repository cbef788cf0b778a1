package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/spf13/cobra"

	"github.com/cairn-dev/cairn/host/config"
)

// TestWrongCommandLines wants 2, and one line, of every command with a flag and an
// argument that are none.
func TestWrongCommandLines(t *testing.T) {
	var each func(cmd *cobra.Command, path []string)
	each = func(cmd *cobra.Command, path []string) {
		wantUsage(t, append(path, "--no-such-flag"), "unknown flag: --no-such-flag")
		if cmd.HasSubCommands() {
			wantUsage(t, append(path, "no-such-command"), "unknown command")
		} else if cmd.Args != nil {
			wantUsage(t, append(path, "a", "b", "c"), cmd.Name())
		}
		for _, sub := range cmd.Commands() {
			if sub.Name() != "completion" && sub.Name() != "help" {
				each(sub, append(path[:len(path):len(path)], sub.Name()))
			}
		}
	}
	each(newRoot(), nil)
}

// wantUsage wants a command line to be refused in one line that has all words.
func wantUsage(t *testing.T, args []string, words ...string) {
	t.Helper()
	var out, errs bytes.Buffer
	code := run(t.Context(), args, &out, &errs)
	if code != 2 || strings.Count(errs.String(), "\n") != 1 ||
		!strings.HasPrefix(errs.String(), "cairn: ") || out.Len() > 0 {
		t.Errorf("cairn %q: %d, %q, %q, want one line and 2", args, code, &errs, &out)
	}
	for _, word := range words {
		if !strings.Contains(errs.String(), word) {
			t.Errorf("cairn %q: %q lacks %q", args, &errs, word)
		}
	}
}

// TestHints wants of what wrangler has, and of slips, what to write instead.
func TestHints(t *testing.T) {
	for line, want := range map[string]string{
		"serve --port 8080":         "use --listen 127.0.0.1:PORT",
		"dev --port=8080":           "use --listen 127.0.0.1:PORT",
		"dev -p 8080":               "use --listen",
		"dev --ip 0.0.0.0":          "use --listen IP:8787",
		"dev -c x.toml":             "cairn serve wrangler.jsonc",
		"dev --config x.toml":       "cairn serve wrangler.jsonc",
		"dev --local":               "everything runs here",
		"dev -l":                    "everything runs here",
		"dev --remote":              "everything runs here",
		"dev --persist-to x":        "use --data",
		"dev --inspector-port 9229": "no inspector",
		"dev --test-scheduled":      "no cron handlers yet",
		"dev --live-reload":         "swaps what it has rebuilt",
		"deploy --outdir x y":       "cairn build -o FILE",
		"deploy --keep-vars x":      "leave it out",
		"serve --lisen x":           "did you mean --listen?",
		"serve --evict-idel 1s":     "did you mean --evict-idle?",
		"serv":                      "did you mean serve?",
		"deplyo":                    "did you mean deploy?",
		"objects lst":               "did you mean list?",
		"help nonsense":             `unknown command "nonsense"`,
		"help objects nonsense":     `unknown command "nonsense"`,
		"help serv":                 "did you mean serve?",
		"publish":                   "cairn deploy is the nearest",
		"tail":                      "the log of cairn serve",
		"abi chekc":                 "did you mean check?",
		"new":                       "takes 1 argument",
		"new x --lang ts":           "--lang ts is not in cairn yet",
		"new x --lang cobol":        `"cobol" is not go`,
		"serve --route a":           "is not HOST=SCRIPT",
		"serve --route a.*.b=c":     "has a * within the host",
		"serve --route =c":          "has no host",
		"serve --var x":             "--var takes NAME:VALUE",
	} {
		t.Chdir(appFolder(t, nil))
		wantUsage(t, strings.Fields(line), want)
	}
}

// TestPrints wants what is asked for on standard output, and 0.
func TestPrints(t *testing.T) {
	for line, want := range map[string]string{
		"version": ", ABI cairn_v1\n", "--version": ", ABI cairn_v1\n",
		"help": "Available Commands", "help serve": "--secrets-dir",
		"help objects list": "--after", "abi": "transcript", "objects": "list",
		"help help": "help about any command", "dev --help": "--clear",
	} {
		var out, errs bytes.Buffer
		if code := run(t.Context(), strings.Fields(line), &out, &errs); code != 0 ||
			errs.Len() > 0 || !strings.Contains(out.String(), want) {
			t.Errorf("cairn %s: %d, %q, %q, want %q", line, code, &errs, &out, want)
		}
	}
}

// TestCheck wants places and sentences, for people and as JSON, and 1 if something is
// wrong.
func TestCheck(t *testing.T) {
	good := appFolder(t, nil)
	bad := appFolder(t, nil)
	writeFile(t, bad, "wrangler.jsonc", "{\n\"mian\": \"x.wasm\",\n\"vars\": 3,\n\"queues\": {}\n}")
	script := appFolder(t, nil)
	writeFile(t, script, "wrangler.jsonc", "{\n"+
		"\"name\": \"a\", \"main\": \"src/index.ts\", \"queues\": {}\n}")
	guest := t.TempDir()
	writeFile(t, guest, "wrangler.toml", "name = \"g\"\nmain = \".\"\n")
	writeFile(t, guest, "main.go", "package main\n\nimport \"github.com/cairn-dev/cairn/guest\"\n"+
		"\nfunc main() {}\n\nfunc init() { guest.RegisterObject(\"T\", func(*guest.State, "+
		"*guest.Env) (*T, error) { return nil, nil }) }\n\n"+
		"func (t *T) Two() (int, int) { return 0, 0 }\n\ntype T struct{}\n")
	for name, c := range map[string]struct {
		args []string
		code int
		want []string
	}{
		"good": {[]string{good}, 0, []string{"wrangler.jsonc: a is in order, 0 warnings\n"}},
		"bad": {[]string{bad}, 1, []string{`wrangler.jsonc:1:1: error: "main" is a required`,
			`has "mian": did you mean "main"?`, ":3:9: error: ", ":4:1: warning: "}},
		"guest": {[]string{guest}, 0,
			[]string{"main.go:9:13: warning: the method Two cannot be called", "1 warning\n"}},
		"script": {[]string{script}, 1, []string{":2:22: error: main: ", "is a script"}},
		"both":   {[]string{good, bad}, 1, []string{"is in order", "error: "}},
		"none": {[]string{filepath.Join(good, "gone.toml")}, 1,
			[]string{"error: config: open "}},
		"JSON": {[]string{"--json", bad}, 1, []string{`"line": 3`, `"column": 9`,
			`"warnings": [`}},
		"env": {[]string{"--env", "staging", good}, 0, []string{"a-staging is in order"}},
		"no env": {[]string{"--env", "x", good}, 1,
			[]string{`No environment found in configuration with name "x"`}},
		"variant": {[]string{"-e", "staging", filepath.Join(good, "wrangler.jsonc")}, 0,
			[]string{"a-staging is in order"}},
	} {
		t.Run(name, func(t *testing.T) {
			var out, errs bytes.Buffer
			code := run(t.Context(), append([]string{"check"}, c.args...), &out, &errs)
			if code != c.code || (code == 1) != (strings.Count(errs.String(), "\n") == 1) {
				t.Errorf("%d, %q", code, &errs)
			}
			for _, want := range c.want {
				if !strings.Contains(out.String(), want) {
					t.Errorf("%q lacks %q", &out, want)
				}
			}
			if c.args[0] == "--json" && !json.Valid(out.Bytes()) {
				t.Errorf("no JSON: %s", &out)
			}
		})
	}
}

// TestErrorAlone wants the reason that nothing works without the warnings about a file
// that has a lot. cairn dev waits for a module that another tool is to make, and not
// for a script to become one.
func TestErrorAlone(t *testing.T) {
	dir := appFolder(t, nil)
	for _, main := range []string{"index.ts", "index.js", "index.mjs", "main.py", "gone.wasm"} {
		writeFile(t, dir, "wrangler.jsonc", `{"name": "a", "main": "`+main+
			`", "queues": {}, "kv_namespaces": [], "ai": {}, "site": {}}`)
		commands := []string{"serve", "dev"}
		if main == "gone.wasm" {
			commands = commands[:1]
		}
		for _, command := range commands {
			r := serveOnce(t, dir, command)
			if r.code != 1 || strings.Count(r.stderr, "\n") != 1 ||
				!strings.Contains(r.stderr, "wrangler.jsonc:1:23: main: ") {
				t.Errorf("%s with %s: %d, %q", command, main, r.code, r.stderr)
			}
		}
	}
}

func serveOnce(t *testing.T, dir string, args ...string) result {
	t.Helper()
	return command{dir: dir, args: append(args, "--listen", "127.0.0.1:0", "--admin",
		"127.0.0.1:0")}.run(t)
}

// TestWarningsOnce starts twice and wants the warnings in full, and then one line, and
// in full again when they have changed.
func TestWarningsOnce(t *testing.T) {
	dir, data := t.TempDir(), t.TempDir()
	write := func(more string) string {
		return writeFile(t, dir, "wrangler.jsonc",
			fmt.Sprintf(`{"name": "a", "main": %q, "queues": {}, "ai": {}%s}`, counter, more))
	}
	for i, c := range []struct {
		more  string
		lines int
	}{{"", 2}, {"", 1}, {`, "site": {}`, 3}, {`, "site": {}`, 1}} {
		p := startServe(t, nil, "--data", data, write(c.more))
		p.stop()
		lines := strings.Count(p.log(), "msg=config ") +
			strings.Count(p.log(), `msg="config has warnings`)
		if lines != c.lines {
			t.Errorf("start %d: %d lines, want %d:\n%s", i, lines, c.lines, p.log())
		}
	}
}

// TestServeRoutes serves two apps and wants to be told who answers what.
func TestServeRoutes(t *testing.T) {
	other := writeFile(t, t.TempDir(), "wrangler.toml",
		fmt.Sprintf("name = \"other\"\nmain = %q\nroute = \"o.example/*\"\n"+
			"[[durable_objects.bindings]]\nname = \"COUNTERS\"\nclass_name = \"Counter\"\n"+
			"[[migrations]]\ntag = \"v1\"\nnew_classes = [\"Counter\"]\n", counter))
	var out bytes.Buffer
	var configs []*config.Config
	for _, path := range []string{counterConfig(t), other, counterConfig(t)} {
		c, _, err := config.Load(path)
		if err != nil {
			t.Fatal(err)
		}
		configs = append(configs, c)
	}
	printRoutes(&out, configs, nil)
	for _, want := range []string{"  my-counter answers every request that no route gives to " +
		"another\n", "  other answers o.example/*\n",
		"  my-counter answers no request, only bindings reach it"} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("%q lacks %q", &out, want)
		}
	}
	p := startServe(t, nil, "--data", t.TempDir(), "--route", "my.example=other",
		counterConfig(t), other)
	for _, c := range []struct{ host, want string }{
		{"", "count: 1"}, {"o.example", "count: 1"}, {"my.example:99", "count: 2"},
		{"nobody.example", "count: 2"},
	} {
		req, err := http.NewRequest("GET", "http://"+p.addr+"/increment?name=A", nil)
		if err != nil {
			t.Fatal(err)
		}
		req.Host = c.host
		resp, err := http.DefaultClient.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		body, _ := io.ReadAll(resp.Body)
		resp.Body.Close()
		if !strings.HasSuffix(string(body), c.want) {
			t.Errorf("%s: %s, want %s", c.host, body, c.want)
		}
	}
	p.stop()
}

// TestDeployDryRun wants a deploy tried, with a host and without, and nothing done.
func TestDeployDryRun(t *testing.T) {
	served := counterConfig(t)
	r := cairn("deploy", "--dry-run", "--admin", "127.0.0.1:1", served).run(t)
	if r.code != 0 || !strings.Contains(r.stdout, "classes [Counter]") ||
		!strings.Contains(r.stdout, "no host answers at 127.0.0.1:1") {
		t.Errorf("without a host: %+v", r)
	}
	p := startOperated(t, "--data", t.TempDir(), served)
	text, err := os.ReadFile(served)
	if err != nil {
		t.Fatal(err)
	}
	next := writeFile(t, t.TempDir(), "wrangler.jsonc",
		strings.Replace(string(text), `"new_sqlite_classes": ["Counter"]}`,
			`"new_sqlite_classes": ["Counter"]}, {"tag": "v2", "deleted_classes": ["Counter"]},`+
				` {"tag": "v3", "new_classes": ["Counter"]}`, 1))
	r = cairn("deploy", "--dry-run", "--admin", p.admin, next).run(t)
	if r.code != 0 || !strings.Contains(r.stdout, "would change my-counter: v2: delete Counter") {
		t.Errorf("with a host: %+v", r)
	}
	if r := cairn("versions", "--admin", p.admin).run(t); strings.Count(r.stdout, "\n") != 2 {
		t.Errorf("it was done: %+v", r)
	}
}
