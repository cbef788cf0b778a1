package main

import (
	"bytes"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"
)

// TestBench loads a running counter and finds its figures true.
func TestBench(t *testing.T) {
	p := startServe(t, nil, "--data", t.TempDir(), counterConfig(t))
	r := cairn("bench", "http://"+p.addr, "--requests", "300", "--duration", "1m",
		"--connections", "4",
		"--names", "1", "--reads", "0.5", "--json").run(t)
	for _, key := range jsonKeys(t, []byte(r.stdout)) {
		if !strings.Contains(benchJSON, key) {
			t.Errorf("--help does not know the key %s", key)
		}
	}
	var report struct {
		OK, Reads, Writes int
		LatencyFrom       string `json:"latency_from"`
	}
	if err := json.Unmarshal([]byte(r.stdout), &report); err != nil || r.code != 0 ||
		r.stderr != "" {
		t.Fatalf("%+v: %v", r, err)
	}
	if report.OK != 300 || report.Reads+report.Writes != 300 || report.Writes < 100 ||
		report.LatencyFrom != "sent" {
		t.Errorf("%+v", report)
	}
	if _, body := p.get("/?name=o1"); !strings.HasSuffix(body,
		"count: "+strconv.Itoa(report.Writes)) {
		t.Errorf("%q after %d writes", body, report.Writes)
	}
	r = cairn("bench", "http://"+p.addr+"/?name={name}", "--requests", "50", "--rate", "1e5",
		"--progress").run(t)
	if r.code != 0 || !strings.Contains(r.stdout, "50 answers with 2xx") ||
		!strings.Contains(r.stdout, "was due") {
		t.Errorf("%+v", r)
	}
}

// TestBenchExitCodes wants one line for each error.
func TestBenchExitCodes(t *testing.T) {
	gone := httptest.NewServer(http.NotFoundHandler())
	gone.Close()
	bad := httptest.NewServer(http.NotFoundHandler())
	defer bad.Close()
	for _, c := range []struct {
		name string
		command
		code int
		want string
	}{
		{"no URL", cairn("bench"), 2, "a URL is missing"},
		{"two URLs", cairn("bench", "a", "b"), 2, `unexpected argument "b"`},
		{"TLS", cairn("bench", "https://a"), 2, "TLS is left out"},
		{"no scheme", cairn("bench", "127.0.0.1:8787"), 2, "does not begin with http://"},
		{"no port", cairn("bench", "http://a:99999"), 2, "want 1 to 65535"},
		{"no connections", cairn("bench", "http://a", "--connections", "0"), 2,
			"--connections is 0"},
		{"no time", cairn("bench", "http://a", "--duration", "0s"), 2, "--duration is 0"},
		{"rate below 0", cairn("bench", "http://a", "--rate", "-1"), 2, "rate -1"},
		{"share", cairn("bench", "http://a", "--reads", "2"), 2, "share of reads"},
		{"no number", cairn("bench", "http://a", "--rate", "fast"), 2, "--rate"},
		{"no server", cairn("bench", gone.URL), 1, "connection refused"},
		{"only errors", cairn("bench", bad.URL, "--requests", "10"), 1,
			"no request had an answer with 2xx"},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := c.run(t)
			if r.code != c.code || strings.Count(r.stderr, "\n") != 1 ||
				!strings.Contains(r.stderr, c.want) {
				t.Errorf("exit code %d, %q, want %d, %q", r.code, r.stderr, c.code, c.want)
			}
		})
	}
}

// TestBenchInterrupt wants the report of what there was.
func TestBenchInterrupt(t *testing.T) {
	var served atomic.Int64
	enough := make(chan struct{})
	h := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {
		if served.Add(1) == 100 {
			close(enough)
		}
	}))
	defer h.Close()
	cmd := exec.Command(binary, "bench", h.URL, "--duration", "1h", "--connections", "2")
	var stdout, stderr bytes.Buffer
	cmd.Env, cmd.Stdout, cmd.Stderr = environment(), &stdout, &stderr
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	late := time.AfterFunc(patience, func() { cmd.Process.Kill() })
	defer late.Stop()
	select {
	case <-enough:
		cmd.Process.Signal(os.Interrupt)
		if err := <-ended; err != nil {
			t.Errorf("%v\n%s", err, &stderr)
		}
	case err := <-ended:
		t.Fatalf("ended by itself: %v\n%s", err, &stderr)
	}
	if !strings.Contains(stdout.String(), "INTERRUPTED") ||
		!strings.Contains(stdout.String(), "answers with 2xx") {
		t.Errorf("printed %s", &stdout)
	}
}

// jsonKeys are the keys of an object and of the objects in it.
func jsonKeys(t *testing.T, b []byte) (keys []string) {
	t.Helper()
	var fields map[string]json.RawMessage
	if err := json.Unmarshal(b, &fields); err != nil {
		t.Fatal(err)
	}
	for key, value := range fields {
		keys = append(keys, key)
		if value[0] == '{' {
			keys = append(keys, jsonKeys(t, value)...)
		}
	}
	return keys
}

// TestBenchServerDies stops a server in the midst: the report tells of both.
func TestBenchServerDies(t *testing.T) {
	var served atomic.Int64
	var h *httptest.Server
	h = httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		switch n := served.Add(1); {
		case n > 100:
			panic(http.ErrAbortHandler) // and with it the connection
		case n == 100:
			h.Listener.Close()
		case n%2 == 0:
			w.WriteHeader(503)
		}
	}))
	h.Start()
	defer h.Close()
	r := cairn("bench", h.URL, "--requests", "200", "--duration", "1m", "--connections", "4",
		"--json").run(t)
	var report struct {
		OK     int
		Errors struct {
			Total, Connect, Read int
			Status               map[string]int
		}
	}
	if err := json.Unmarshal([]byte(r.stdout), &report); err != nil || r.code != 0 {
		t.Fatalf("%+v: %v", r, err)
	}
	e := report.Errors
	if report.OK != 51 || e.Status["503"] != 49 || e.Read == 0 || e.Connect == 0 ||
		report.OK+e.Total != 200 {
		t.Errorf("%+v", report)
	}
}
