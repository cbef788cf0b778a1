package host_test

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/cockroachdb/pebble/v2/vfs"

	"github.com/cairn-dev/cairn/abi/wire"
	"github.com/cairn-dev/cairn/host"
	"github.com/cairn-dev/cairn/host/admin"
	"github.com/cairn-dev/cairn/host/event"
	"github.com/cairn-dev/cairn/host/hosttest"
	"github.com/cairn-dev/cairn/host/internal/testguest"
)

// The behaviour suite: what durable objects promise (SEMANTICS 6), as scripts for
// the guest testdata/probe and what they print. A case has the number that it
// has there; one that is not there has the section that says it.

// durableCase is one promise. Its script is run by an object of its own; each part
// behind a semicolon is a call of its own, and "restart" stops the host and
// starts it on the same store. What the calls print is joined in the same way.
type durableCase struct{ name, script, want string }

var probeBindings = map[string]string{"PROBE": "Probe", "PLAIN": "Plain", "OTHER": "Counter"}

// probe is a host that runs testdata/probe.
type probe struct {
	*hosttest.Host
	t testing.TB

	mu    sync.Mutex
	gates map[string]*gate // where an object that logs this line waits
	lines []loggedLine     // that objects logged
}

type loggedLine struct{ name, text string }

func startProbe(t testing.TB, o hosttest.Options) *probe {
	t.Helper()
	p := &probe{t: t, gates: map[string]*gate{}}
	o.Guest, o.OnLog = "probe", p.onLog
	if o.Bindings == nil {
		o.Bindings = probeBindings
	}
	p.Host = hosttest.Start(t, o)
	return p
}

func (p *probe) onLog(r hosttest.Record) {
	if r.Attr("class") == "" || r.Attr("guest") == "" {
		return // a line of the host
	}
	p.mu.Lock()
	p.lines = append(p.lines, loggedLine{r.Attr("name"), r.Message})
	g := p.gates[r.Message]
	delete(p.gates, r.Message)
	p.mu.Unlock()
	if g != nil {
		close(g.reached)
		<-g.open
	}
}

// gate holds the next object that logs a line.
func (p *probe) gate(line string) *gate {
	g := &gate{make(chan struct{}), make(chan struct{})}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.gates[line] = g
	return g
}

// logged returns what an object, and those named after it, logged since the last
// time.
func (p *probe) logged(name string) string {
	p.mu.Lock()
	defer p.mu.Unlock()
	var lines []string
	p.lines = slices.DeleteFunc(p.lines, func(l loggedLine) bool {
		own := l.name == name || strings.HasPrefix(l.name, name+".")
		if own {
			lines = append(lines, l.text)
		}
		return own
	})
	return strings.Join(lines, ", ")
}

// run runs a script in an object and returns what it printed, or the error.
func (p *probe) run(object, script string) string { return p.runIn("PROBE", object, script) }

func (p *probe) runIn(binding, object, script string) string {
	p.t.Helper()
	got, err := p.Call(binding, object, "run", script)
	if err != nil {
		return told(err)
	}
	var out string
	unmarshal(p.t, got, &out)
	return out
}

// start is run on a goroutine of its own.
func (p *probe) start(object, script string) <-chan string {
	done := make(chan string, 1)
	go func() { done <- p.run(object, script) }()
	return done
}

// told writes an error as the guest does.
func told(err error) string {
	var e *event.Error
	if !errors.As(err, &e) {
		return "host: " + err.Error()
	}
	var flags []string
	for _, p := range []struct {
		flag byte
		name string
	}{{wire.ErrorRemote, "remote"}, {wire.ErrorRetryable, "retryable"},
		{wire.ErrorOverloaded, "overloaded"}, {wire.ErrorReset, "reset"}} {
		if e.Flags&p.flag != 0 {
			flags = append(flags, p.name)
		}
	}
	text := e.Message
	if e.Name != "" {
		text = e.Name + ": " + text
	}
	if len(flags) > 0 {
		text = "[" + strings.Join(flags, " ") + "] " + text
	}
	return text
}

// check runs cases, each in an object with the name of the case.
func (p *probe) check(t *testing.T, cases []durableCase) {
	t.Helper()
	seen := map[string]bool{}
	for _, c := range cases {
		if seen[c.name] {
			t.Fatalf("%q: a case needs a name of its own", c.name)
		}
		seen[c.name] = true
		t.Run(c.name, func(t *testing.T) {
			name := strings.ReplaceAll(c.name, ".", "_") // the guest knows dots
			var got []string
			for part := range strings.SplitSeq(c.script, ";") {
				if part = strings.TrimSpace(part); part == "restart" {
					p.Restart()
					continue
				}
				got = append(got, p.run(name, part))
			}
			if got := strings.Join(got, "; "); got != c.want {
				t.Errorf("%s\n got %s\nwant %s", short(c.script), short(got), short(c.want))
			}
		})
	}
}

// short cuts what is long only because a limit is.
func short(s string) string {
	if len(s) > 600 {
		return s[:300] + " ... " + s[len(s)-300:]
	}
	return s
}

// onStores runs a test on a disk in memory and on one in a folder.
func onStores(t *testing.T, test func(t *testing.T, o hosttest.Options)) {
	t.Run("memory", func(t *testing.T) { test(t, hosttest.Options{NoListener: true}) })
	t.Run("folder", func(t *testing.T) {
		test(t, hosttest.Options{NoListener: true,
			Options: host.Options{FS: vfs.Default, DataDir: t.TempDir()}})
	})
}

// buildProbe does outside of a bubble what runs the go command.
func buildProbe(t *testing.T) {
	testguest.Build(t, "probe")
	testguest.CacheDir(t)
}

// objects asks the admin listener for the names of what is stored, in the order
// of IDs.
func (p *probe) objects(t *testing.T, class string) []string {
	t.Helper()
	const token = "token"
	server := admin.New(admin.Options{Host: p.Runtime.Admin(), Token: token})
	l := newPipeListener()
	served := make(chan error)
	go func() { served <- server.Serve(l) }()
	req, err := http.NewRequest("GET", "http://admin/v1/objects/"+class, nil)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer "+token)
	client := http.Client{Transport: &http.Transport{DisableKeepAlives: true, DialContext: l.dial}}
	resp, err := client.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	var list struct{ Objects []admin.Object }
	if err := json.NewDecoder(resp.Body).Decode(&list); err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(server.Shutdown(context.Background()), <-served); err != nil {
		t.Error(err)
	}
	names := []string{}
	for i, o := range list.Objects {
		names = append(names, o.Name)
		if i > 0 && list.Objects[i-1].ID >= o.ID {
			t.Errorf("%s is listed behind %s", o.ID, list.Objects[i-1].ID)
		}
	}
	return names
}
