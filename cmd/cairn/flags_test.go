package main

import (
	"net"
	"path/filepath"
	"strings"
	"testing"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// TestExitCodes wants 0 for done, 1 for failed, 2 for a wrong command line, and
// an error of one line that says what is wrong.
func TestExitCodes(t *testing.T) {
	empty, dir := t.TempDir(), t.TempDir()
	wrongType := writeFile(t, dir, "type.jsonc", "{\n  \"name\": 7,\n  \"main\": \"x\"\n}\n")
	syntax := writeFile(t, dir, "syntax.toml", "name = \"a\"\nmain = \n")
	noMain := writeFile(t, dir, "main.jsonc", `{"name": "a", "main": "gone.wasm"}`)
	noModule := writeFile(t, dir, "module.jsonc", `{"name": "a", "main": "type.jsonc"}`)
	noClass := writeFile(t, dir, "class.jsonc", `{"name": "a", "main": "`+counter+
		`", "durable_objects":
		{"bindings": [{"name": "A", "class_name": "Wrong"}]}, "migrations": [{"tag": "1", "new_classes": ["Wrong"]}]}`)
	busy, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer busy.Close()
	config, data := counterConfig(t), t.TempDir()
	startServe(t, nil, "--data", data, config)

	for _, c := range []exitCase{
		{"no command", cairn(), 0, nil},
		{"help", cairn("serve", "--help"), 0, nil},
		{"version", cairn("version"), 0, nil},
		{"unknown command", cairn("nope"), 2, []string{`unknown command "nope"`, "cairn --help"}},
		{"unknown flag", cairn("serve", "--nope"), 2,
			[]string{"unknown flag: --nope", "cairn serve --help"}},
		{"too many arguments", cairn("build", "a", "b"), 2, []string{`unexpected argument "b"`}},
		{"wrong value", cairn("serve", "--evict-idle", "soon"), 2,
			[]string{"--evict-idle", `"soon"`}},
		{"no duration", cairn("serve", "--evict-idle", "-1s"), 2, []string{"--evict-idle", "-1s"}},
		{"no delay", cairn("serve", "--drain-delay", "-1s"), 2, []string{"--drain-delay", "-1s"}},
		{"no proxy", cairn("serve", "--trust-proxy", "10.0.0.0/8,lb"), 2,
			[]string{"--trust-proxy", `"lb"`, "10.0.0.0/8"}},
		{"no range", cairn("serve", "--trust-proxy", "10.0.0.0/33"), 2,
			[]string{"--trust-proxy", "10.0.0.0/33"}},
		{"no size", cairn("serve", "--memory", "much"), 2, []string{"--memory", `"much"`, "2GiB"}},
		{"wrong level", cairn("serve", "--log-level", "loud"), 2,
			[]string{"--log-level", `"loud"`, "debug, info, warn or error"}},
		{"wrong format", cairn("serve", "--log-format", "xml"), 2,
			[]string{"--log-format", `"xml"`, "text or json"}},
		{"wrong variable",
			command{env: []string{"CAIRN_EVICT_IDLE=soon"}, args: []string{"serve"}}, 2,
			[]string{`CAIRN_EVICT_IDLE="soon"`}},
		{"wrong switch", command{env: []string{"CAIRN_INTERPRETER=perhaps"},
			args: []string{"serve"}}, 2,
			[]string{`CAIRN_INTERPRETER="perhaps"`}},
		{"no config", command{dir: empty, args: []string{"serve"}}, 1,
			[]string{"wrangler.jsonc, wrangler.json, wrangler.toml", empty}},
		{"no such config", cairn("serve", "gone.jsonc"), 1, []string{"gone.jsonc"}},
		{"wrong type", cairn("serve", wrongType), 1,
			[]string{wrongType + ":2:11: ", `"name"`, "string"}},
		{"wrong syntax", cairn("serve", syntax), 1, []string{syntax + ":2:8: "}},
		{"no main", cairn("serve", noMain), 1,
			[]string{"gone.wasm", "main names a .wasm file or the folder of a Go package"}},
		{"main is no module", cairn("serve", noModule), 1, []string{"type.jsonc: not a module"}},
		{"no such class", cairn("serve", noClass), 1, []string{noClass, `"Wrong"`, "Counter"}},
		{"address in use", cairn("serve", "--listen", busy.Addr().String(), config), 1,
			[]string{busy.Addr().String(), "address already in use", "--listen"}},
		{"admin address in use",
			cairn("serve", "--listen", "127.0.0.1:0", "--admin", busy.Addr().String(), config), 1,
			[]string{busy.Addr().String(), "address already in use", "--admin"}},
		{"data in use", cairn("serve", "--data", data, config), 1, []string{data, "in use"}},
	} {
		t.Run(c.name, c.check)
	}
}

// exitCase is a command that ends by itself.
type exitCase struct {
	name string
	command
	code int
	want []string // in the one line of standard error; none for silence
}

func (c exitCase) check(t *testing.T) {
	if c.dir == "" {
		c.dir = t.TempDir()
	}
	r := c.run(t)
	if r.code != c.code {
		t.Errorf("exit code %d, want %d", r.code, c.code)
	}
	text := withoutLog(r.stderr)
	if lines := strings.Count(text, "\n"); lines != min(len(c.want), 1) ||
		lines == 1 && !strings.HasPrefix(text, "cairn: ") {
		t.Errorf("the error is not one line: %q", text)
	}
	for _, want := range c.want {
		if !strings.Contains(text, want) {
			t.Errorf("%q lacks %q", text, want)
		}
	}
}

// withoutLog returns standard error without what slog wrote to it.
func withoutLog(stderr string) string {
	var rest strings.Builder
	for line := range strings.Lines(stderr) {
		if !strings.HasPrefix(line, "time=") {
			rest.WriteString(line)
		}
	}
	return rest.String()
}

// TestEnvironment gives each flag of each command a value by its variable, and one
// by the command line, which goes first.
func TestEnvironment(t *testing.T) {
	if seen := environmentOf(t, newRoot()); seen < 10 {
		t.Errorf("saw %d flags", seen)
	}
}

func environmentOf(t *testing.T, cmd *cobra.Command) (seen int) {
	values := map[string]string{ // by type; not the default of any flag
		"string": "from the environment", "duration": "1h2m3s", "bool": "true",
		"int": "77", "uint64": "77", "float64": "0.77", "stringSlice": "[a,b]",
		"stringArray": "[a:b]",
	}
	cmd.Flags().VisitAll(func(f *pflag.Flag) {
		want, ok := values[f.Value.Type()]
		if !ok {
			t.Fatalf("--%s is a %s, which this test does not know", f.Name, f.Value.Type())
		}
		seen++
		if f.Name == "help" || f.Name == "version" {
			return
		}
		name := "CAIRN_" + strings.ToUpper(strings.ReplaceAll(f.Name, "-", "_"))
		t.Setenv(name, strings.Trim(want, "[]"))
		if err := fromEnvironment(cmd.Flags()); err != nil {
			t.Error(err)
		}
		if got := f.Value.String(); got != want {
			t.Errorf("%s: --%s is %q, want %q", name, f.Name, got, want)
		}
		given := f.DefValue
		if strings.HasPrefix(f.Value.Type(), "string") && f.Value.Type() != "string" {
			given = "c"
		}
		if err := cmd.Flags().Set(f.Name, given); err != nil {
			t.Fatal(err)
		}
		told := f.Value.String()
		if err := fromEnvironment(cmd.Flags()); err != nil || f.Value.String() != told {
			t.Errorf("--%s on the command line did not go before %s: %v", f.Name, name, err)
		}
	})
	for _, sub := range cmd.Commands() {
		seen += environmentOf(t, sub)
	}
	return seen
}

// TestEnvironmentServe serves with nothing but variables.
func TestEnvironmentServe(t *testing.T) {
	data := filepath.Join(t.TempDir(), "from", "environment")
	p := startServe(t, []string{
		"CAIRN_LISTEN=127.0.0.1:0", "CAIRN_DATA=" + data, "CAIRN_LOG_FORMAT=json",
		"CAIRN_LOG_LEVEL=debug", "CAIRN_EVICT_IDLE=1m", "CAIRN_NO_IMAGES=true",
		"CAIRN_ADMIN=127.0.0.1:0", "CAIRN_MEMORY=1GiB",
	}, counterConfig(t))
	if status, body := p.get("/increment?name=A"); status != 200 {
		t.Errorf("%d %q", status, body)
	}
	p.stop()
	if files, err := filepath.Glob(filepath.Join(data, "store", "*")); err != nil ||
		len(files) == 0 {
		t.Errorf("nothing is stored in %s: %v", data, err)
	}
}
