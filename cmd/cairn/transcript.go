package main

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"math/rand/v2"
	"net"
	"net/http"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/spf13/cobra"

	"github.com/cairn-dev/cairn/host"
	"github.com/cairn-dev/cairn/host/config"
	"github.com/cairn-dev/cairn/host/module"
	"github.com/cairn-dev/cairn/host/program/abi"
)

const transcriptHelp = `transcript runs a module in a host that has its disk in memory and its own
clock, and prints the conversation: each export that the host enters (==>),
inside it each host function that the guest calls, with its arguments and what
it got (<==). Functions of WASI are left out. The same module and script always
print the same, so that a transcript can be kept and compared.

The script has one step in each line, - is standard input:

  bind NAME CLASS              a binding of the Worker and the objects
  var NAME JSON                a variable
  worker METHOD URL [BODY]     a request to the Worker
  call CLASS OBJECT METHOD [ARGS]
                               a call of an object, by its name; ARGS is a JSON
                               array. CLASS can be the name of a binding
  advance DURATION             the clock moves on, such as 10s, and alarms go off
  restart                      the host stops and starts: memory is forgotten

Each class is bound under its own name as well. bind and var stand before all
else. Empty lines, and lines that begin with # or = (what cairn abi check wants
as an answer), are printed as they are.`

func newABITranscript() *cobra.Command {
	return &cobra.Command{
		Use:   "transcript FILE.wasm SCRIPT",
		Short: "run calls against a module and print its conversation with the host",
		Long:  transcriptHelp,
		Args:  exactArgs(2),
		RunE: func(cmd *cobra.Command, args []string) error {
			wasm, err := readFile("module", args[0])
			if err != nil {
				return err
			}
			var script []byte
			if args[1] == "-" {
				script, err = io.ReadAll(cmd.InOrStdin())
			} else {
				script, err = readFile("script", args[1])
			}
			if err != nil {
				return err
			}
			return transcribe(cmd.Context(), cmd.OutOrStdout(), cmd.ErrOrStderr(), args[0], wasm,
				args[1], string(script))
		},
	}
}

// backgroundLimit is how long a step waits for what guests do behind answers:
// longer than a host lets them compute.
const backgroundLimit = time.Minute

// transcript is a run of a script.
type transcript struct {
	out     io.Writer
	trace   *trace
	clock   stillClock
	options host.Options
	runtime *host.Runtime
	client  http.Client
	address string
	served  chan error
}

// stillClock is an clock.Clock that moves when the script says so. Its timers
// never fire: advance runs what is due.
type stillClock struct {
	mu  sync.Mutex
	now time.Time
}

// Now implements clock.Clock.
func (c *stillClock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

// At implements clock.Clock.
func (c *stillClock) At(time.Time) (<-chan time.Time, func()) { return nil, func() {} }

func transcribe(ctx context.Context, out, log io.Writer, file string, wasm []byte, scriptName,
	script string) error {
	logger := slog.New(slog.NewTextHandler(log, &slog.HandlerOptions{Level: slog.LevelError}))
	report, err := abi.Inspect(ctx, wasm, logger)
	if err != nil {
		return err
	}
	if len(report.Problems) > 0 {
		p := report.Problems[0]
		if p.Hint != "" {
			p.Hint += "; "
		}
		return fmt.Errorf("%s: %s (%scairn abi check says it all)", file, p.Text, p.Hint)
	}
	t := &transcript{out: out, trace: newTrace(),
		clock: stillClock{now: time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)}}
	random := rand.NewChaCha8([32]byte{})
	t.options = host.Options{
		Wasm: wasm, DataDir: "data", FS: host.MemoryFS(), Interpreter: true,
		EvictIdle:   24 * time.Hour,
		Compiler:    module.NewCompiler(1), // for the step restart
		WrapImports: t.trace.wrap, EnterExports: t.trace.enter, Clock: &t.clock,
		Random: func(b []byte) { random.Read(b) }, // never fails
		Logger: logger,
	}
	name := strings.TrimSuffix(filepath.Base(file), filepath.Ext(file))
	c := &config.Config{Path: "wrangler.jsonc", Name: name, Main: file,
		Vars: map[string]json.RawMessage{}}
	m := config.Migration{Tag: "v1"}
	for _, class := range report.Classes {
		m.NewSQLiteClasses = append(m.NewSQLiteClasses, class.Name)
		c.Bindings = append(c.Bindings, config.Binding{Name: class.Name, ClassName: class.Name})
	}
	if len(report.Classes) > 0 {
		c.Migrations = []config.Migration{m}
	}
	t.options.Config = c
	defer t.stop()
	for n, line := range strings.Split(strings.TrimSuffix(script, "\n"), "\n") {
		if err := t.line(ctx, strings.TrimSpace(line)); err != nil {
			return fmt.Errorf("%s:%d: %w", scriptName, n+1, err)
		}
	}
	return nil
}

// line does what a line of the script says.
func (t *transcript) line(ctx context.Context, line string) error {
	verb, rest, _ := strings.Cut(line, " ")
	rest = strings.TrimSpace(rest)
	switch {
	case line == "" || strings.HasPrefix(line, "#") || strings.HasPrefix(line, "="):
		_, err := fmt.Fprintln(t.out, line)
		return err
	case verb == "bind" || verb == "var":
		if t.runtime != nil {
			return fmt.Errorf("%s stands before all steps", verb)
		}
		return t.configure(verb, rest)
	}
	step := t.steps()[verb]
	if step == nil {
		return fmt.Errorf("no step %q (see cairn abi transcript --help)", verb)
	}
	if t.runtime == nil {
		if err := t.start(ctx); err != nil {
			return err
		}
		if err := t.print(ctx, "start", ""); err != nil {
			return err
		}
	}
	told, err := step(ctx, rest)
	if err != nil {
		return err
	}
	return t.print(ctx, line, told)
}

// print writes a step, what it made guest and host say, and what it gave.
func (t *transcript) print(ctx context.Context, step, told string) error {
	ctx, cancel := context.WithTimeout(ctx, backgroundLimit)
	defer cancel()
	said, err := t.trace.take(ctx)
	if err != nil {
		return err
	}
	if told != "" {
		told += "\n"
	}
	_, err = fmt.Fprintf(t.out, "> %s\n%s%s", step, said, told)
	return err
}

func (t *transcript) configure(verb, rest string) error {
	name, value, found := strings.Cut(rest, " ")
	value = strings.TrimSpace(value)
	c := t.options.Config
	switch {
	case !found:
		return fmt.Errorf("%s takes two arguments", verb)
	case verb == "var" && !json.Valid([]byte(value)):
		return fmt.Errorf("variable %s: %s is not JSON", name, value)
	case verb == "var":
		c.Vars[name] = json.RawMessage(value)
	default:
		c.Bindings = slices.DeleteFunc(c.Bindings, func(b config.Binding) bool {
			return b.Name == name
		})
		c.Bindings = append(c.Bindings, config.Binding{Name: name, ClassName: value})
	}
	return nil
}

func (t *transcript) steps() map[string]func(context.Context, string) (string, error) {
	return map[string]func(context.Context, string) (string, error){
		"worker": t.worker, "call": t.call, "advance": t.advance, "restart": t.restart,
	}
}

// worker sends a request, and says what came back where the trace does not.
func (t *transcript) worker(ctx context.Context, rest string) (string, error) {
	parts := strings.SplitN(rest, " ", 3)
	if len(parts) < 2 {
		return "", errors.New("worker takes a method, a URL and perhaps a body")
	}
	body := strings.Join(parts[2:], "")
	req, err := http.NewRequestWithContext(ctx, parts[0], parts[1], strings.NewReader(body))
	if err != nil {
		return "", err
	}
	req.Header.Set("User-Agent", "") // none: what a guest is sent depends on the script alone
	resp, err := t.client.Do(req)
	if err != nil {
		return "", err
	}
	defer resp.Body.Close()
	answer, err := io.ReadAll(resp.Body)
	if err != nil || resp.StatusCode < 500 {
		return "", err
	}
	return fmt.Sprintf("answered %d %s", resp.StatusCode, bytes.TrimSpace(answer)), nil
}

// call calls an object. What it gives is in the trace, unless nobody was called.
func (t *transcript) call(ctx context.Context, rest string) (string, error) {
	parts := strings.SplitN(rest, " ", 4)
	if len(parts) < 3 {
		return "",
			errors.New("call takes a class, an object's name, a method and perhaps arguments")
	}
	args := cmp.Or(strings.Join(parts[3:], ""), "[]")
	var list []json.RawMessage
	if err := json.Unmarshal([]byte(args), &list); err != nil {
		return "", fmt.Errorf("the arguments are no JSON array: %s", args)
	}
	if !slices.ContainsFunc(t.options.Config.Bindings, func(b config.Binding) bool {
		return b.Name == parts[0]
	}) {
		return "", fmt.Errorf("no class or binding %q", parts[0])
	}
	if _, err := t.runtime.Call(ctx, parts[0], parts[1], parts[2], []byte(args)); err != nil {
		return "failed: " + err.Error(), nil
	}
	return "", nil
}

func (t *transcript) advance(ctx context.Context, rest string) (string, error) {
	d, err := time.ParseDuration(rest)
	if err != nil || d < 0 {
		return "", fmt.Errorf("advance takes a duration such as 10s, not %q", rest)
	}
	t.clock.mu.Lock()
	t.clock.now = t.clock.now.Add(d)
	t.clock.mu.Unlock()
	_, err = t.runtime.RunAlarms(ctx)
	return "", err
}

func (t *transcript) restart(ctx context.Context, _ string) (string, error) {
	if err := t.stop(); err != nil {
		return "", err
	}
	return "", t.start(ctx)
}

func (t *transcript) start(ctx context.Context) error {
	runtime, err := host.Start(ctx, t.options)
	if err != nil {
		return err
	}
	t.runtime = runtime
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	t.address, t.served = listener.Addr().String(), make(chan error, 1)
	// Whatever host a URL names, it is this one.
	t.client.Transport = &http.Transport{DisableCompression: true,
		DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
			return (&net.Dialer{}).DialContext(ctx, "tcp", t.address)
		}}
	t.client.CheckRedirect = func(*http.Request, []*http.Request) error {
		return http.ErrUseLastResponse
	}
	go func() { t.served <- runtime.Serve(listener) }()
	return nil
}

func (t *transcript) stop() error {
	if t.runtime == nil {
		return nil
	}
	t.client.CloseIdleConnections()
	err := t.runtime.Shutdown(context.Background())
	if t.served != nil {
		err = errors.Join(err, <-t.served)
	}
	t.runtime, t.served = nil, nil
	return err
}
