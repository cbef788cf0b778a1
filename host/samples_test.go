package host_test

import (
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/cairn-dev/cairn/host"
	"github.com/cairn-dev/cairn/host/config"
	"github.com/cairn-dev/cairn/host/hosttest"
	"github.com/cairn-dev/cairn/host/internal/clock/clocktest"
)

// samples are the programs in testdata that readers copy.
var samples = []string{"counter", "chat", "ratelimiter", "todo", "reminder", "bank"}

// TestSamples does what the samples' READMEs say and compares the answers. A
// session there is indented lines: commands begin with "$ ", and what follows
// one is its answer. There are two commands, curl with the flags of parseCurl,
// and sleep, for which the clock is moved.
func TestSamples(t *testing.T) {
	if testing.Short() {
		t.Skip("builds all samples")
	}
	for _, name := range samples {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			steps := readSession(t, filepath.Join(root, "testdata", name, "README.md"))
			if len(steps) < 5 {
				t.Fatalf("the README has %d commands", len(steps))
			}
			for _, noImages := range []bool{false, true} {
				startSample(t, name, noImages).run(steps)
			}
		})
	}
}

// TestSamplesAreListed holds the list above, the Makefile's and the README's
// together.
func TestSamplesAreListed(t *testing.T) {
	for _, file := range []string{"Makefile", "README.md"} {
		text, err := os.ReadFile(filepath.Join(root, file))
		if err != nil {
			t.Fatal(err)
		}
		for _, name := range samples {
			if !strings.Contains(string(text), "testdata/"+name) {
				t.Errorf("%s does not know testdata/%s", file, name)
			}
		}
	}
}

// command is a command of a README, and what it prints.
type command struct {
	line int
	text string
	want string
}

// readSession returns the commands of a README.
func readSession(t *testing.T, file string) (commands []command) {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	inside := false // among the lines of a command
	for i, line := range strings.Split(string(text), "\n") {
		code, indented := strings.CutPrefix(line, "    ")
		prompt, isCommand := strings.CutPrefix(code, "$ ")
		switch {
		case indented && isCommand:
			commands = append(commands, command{line: i + 1, text: prompt})
			inside = true
		case inside && (indented || line == ""):
			commands[len(commands)-1].want += code + "\n"
		default:
			inside = false
		}
	}
	for i := range commands {
		commands[i].want = strings.TrimRight(commands[i].want, "\n")
	}
	return commands
}

// sample is a sample that runs.
type sample struct {
	*hosttest.Host
	t     *testing.T
	clock *clocktest.Clock
}

func startSample(t *testing.T, name string, noImages bool) *sample {
	c, warnings, err := config.Load(filepath.Join(root, "testdata", name, "wrangler.toml"))
	if err != nil || len(warnings) > 0 {
		t.Fatal(err, warnings)
	}
	if strings.TrimPrefix(c.Name, "my-") != name || c.Main != "." { // the seed's has my-
		t.Errorf("the config is of %s in %s, want %s in its own folder", c.Name, c.Main, name)
	}
	bindings, vars := map[string]string{}, map[string]any{}
	for _, b := range c.Bindings {
		bindings[b.Name] = b.ClassName
	}
	for key, value := range c.Vars {
		vars[key] = value
	}
	clock := clocktest.NewClock(time.Unix(1_800_000_000, 0))
	h := hosttest.Start(t, hosttest.Options{Guest: name, Bindings: bindings, Vars: vars,
		Options: host.Options{Clock: clock, NoImages: noImages}})
	return &sample{h, t, clock}
}

// patience is how often a request after a sleep is sent until its answer is as
// wanted: alarms run beside requests. Meanwhile the clock goes on by as many
// milliseconds, which is longer than the first retry of an alarm takes. One that
// failed late in the last sleep, on a busy machine, asked for it only then.
const patience = 3000

// run runs the commands in turn.
func (s *sample) run(commands []command) {
	slept := false
	for _, c := range commands {
		if text, ok := strings.CutPrefix(c.text, "sleep "); ok {
			d, err := time.ParseDuration(text + "s")
			if err != nil {
				s.t.Fatalf("line %d: %v", c.line, err)
			}
			s.clock.Advance(d)
			slept = true
			continue
		}
		req, err := parseCurl(c.text)
		if err != nil {
			s.t.Fatalf("line %d: %s: %v", c.line, c.text, err)
		}
		got := s.send(req, c.want)
		for i := 0; slept && got != c.want && req.method == "GET" && i < patience; i++ {
			time.Sleep(5 * time.Millisecond)
			s.clock.Advance(time.Millisecond)
			got = s.send(req, c.want)
		}
		if slept = slept && req.method == "GET"; got != c.want {
			s.t.Errorf("line %d: %s\ngot:\n%s\nwant:\n%s", c.line, c.text, got, c.want)
		}
	}
}

// send returns what curl prints, without the last newline. Of the headers, which
// -i prints first, it has those that are wanted.
func (s *sample) send(r curl, want string) string {
	req, err := http.NewRequest(r.method, strings.Replace(r.url, "http://127.0.0.1:8787", s.URL, 1),
		strings.NewReader(r.body))
	if err != nil {
		s.t.Fatal(err)
	}
	req.Close = true // nothing is left open when the host stops
	for _, h := range r.headers {
		name, value, _ := strings.Cut(h, ":")
		req.Header.Set(name, strings.TrimSpace(value))
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		s.t.Fatal(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		s.t.Fatal(err)
	}
	var head strings.Builder
	if r.showHeaders {
		fmt.Fprintf(&head, "%s %s\n", resp.Proto, resp.Status)
		wanted, _, _ := strings.Cut(want, "\n\n")
		for line := range strings.SplitSeq(wanted, "\n") {
			name, value, ok := strings.Cut(line, ": ")
			if ok && slices.Contains(resp.Header.Values(name), value) {
				fmt.Fprintln(&head, line)
			}
		}
		fmt.Fprintln(&head)
	}
	return strings.TrimRight(head.String()+string(body), "\n")
}

// curl is a curl command, as far as the READMEs need it.
type curl struct {
	method, url, body string
	headers           []string
	showHeaders       bool
}

// parseCurl reads a command with the flags -X, -H, -d and -i.
func parseCurl(text string) (r curl, err error) {
	words, err := shellWords(text)
	if err != nil {
		return r, err
	}
	if words[0] != "curl" {
		return r, fmt.Errorf("the command is not curl or sleep")
	}
	for words = words[1:]; len(words) > 0; words = words[1:] {
		flag := words[0]
		if flag == "-i" {
			r.showHeaders = true
			continue
		}
		if strings.HasPrefix(flag, "-") {
			if words = words[1:]; len(words) == 0 {
				return r, fmt.Errorf("%s has no value", flag)
			}
		}
		switch {
		case flag == "-X":
			r.method = words[0]
		case flag == "-H":
			r.headers = append(r.headers, words[0])
		case flag == "-d":
			r.body = words[0]
		case strings.HasPrefix(flag, "-"):
			return r, fmt.Errorf("no such flag here: %s", flag)
		default:
			r.url = flag
		}
	}
	switch {
	case r.method != "":
	case r.body != "":
		r.method = "POST"
	default:
		r.method = "GET"
	}
	return r, nil
}

// shellWords splits a line as a shell does where only single quotes quote. It
// refuses what a shell would see more in.
func shellWords(line string) (words []string, err error) {
	for i, part := range strings.Split(line, "'") {
		if i%2 == 1 { // between two quotes
			words = append(words, part)
			continue
		}
		if strings.ContainsAny(part, "?&*$;|<>()`\"\\~!#") {
			return nil, fmt.Errorf("quote %q for the shell", part)
		}
		words = append(words, strings.Fields(part)...)
	}
	if strings.Count(line, "'")%2 == 1 || len(words) == 0 {
		return nil, fmt.Errorf("a quote is open")
	}
	return words, nil
}
