package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/cairn-dev/cairn/host/build"
)

// root is the module's folder, seen from this package's.
const root = "../.."

// binary is the cairn that the tests run, counter and chain are modules of
// testdata, all built once.
var binary, counter, chain string

func TestMain(m *testing.M) {
	dir, err := os.MkdirTemp("", "cairn-test-*")
	if err == nil {
		err = buildAll(dir)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	code := m.Run()
	os.RemoveAll(dir)
	os.Exit(code)
}

func buildAll(dir string) error {
	binary = filepath.Join(dir, "cairn")
	if out, err := exec.Command("go", "build", "-o", binary, ".").CombinedOutput(); err != nil {
		return fmt.Errorf("build cairn: %w\n%s", err, out)
	}
	counter, chain = filepath.Join(dir, "counter.wasm"), filepath.Join(dir, "chain.wasm")
	return errors.Join(
		build.Package(context.Background(), root, "./testdata/counter", counter),
		build.Package(context.Background(), root, "./testdata/chain", chain))
}

// writeFile writes a file of the test and returns its path.
func writeFile(t *testing.T, dir, name, text string) string {
	t.Helper()
	path := filepath.Join(dir, name)
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	return path
}

// counterConfig writes a config that runs the counter's module.
func counterConfig(t *testing.T) string {
	return writeFile(t, t.TempDir(), "wrangler.jsonc", fmt.Sprintf(`{
		"name": "my-counter",
		"main": %q,
		"durable_objects": {"bindings": [{"name": "COUNTERS", "class_name": "Counter"}]},
		"migrations": [{"tag": "v1", "new_sqlite_classes": ["Counter"]}]
	}`, counter))
}

// command is one run of cairn that ends by itself.
type command struct {
	dir  string
	env  []string
	args []string
}

// result is what it left.
type result struct {
	code           int
	stdout, stderr string
}

func cairn(args ...string) command { return command{args: args} }

// patience is how long a test waits for what has to happen. Reaching it is a
// failure, so it is long enough for a busy machine.
const patience = time.Minute

func (c command) run(t *testing.T) result {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	cmd := exec.CommandContext(ctx, binary, c.args...)
	var stdout, stderr bytes.Buffer
	cmd.Dir, cmd.Stdout, cmd.Stderr = c.dir, &stdout, &stderr
	cmd.Env = append(environment(), c.env...)
	err := cmd.Run()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) || ctx.Err() != nil {
		t.Fatalf("cairn %v: %v, %v\n%s", c.args, err, ctx.Err(), &stderr)
	}
	return result{cmd.ProcessState.ExitCode(), stdout.String(), stderr.String()}
}

// environment is the test's without cairn's own variables.
func environment() []string {
	var env []string
	for _, v := range os.Environ() {
		if !strings.HasPrefix(v, "CAIRN_") {
			env = append(env, v)
		}
	}
	return env
}
