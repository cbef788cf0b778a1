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
	r := cairn("bench", "http://"+p.addr, "--requests", "300", "--duration", "1m", "--connections", "4",
		"--names", "1", "--reads", "0.5", "--json").run(t)
	var report struct {
		OK, Reads, Writes int
		LatencyFrom       string `json:"latency_from"`
	}
	if err := json.Unmarshal([]byte(r.stdout), &report); err != nil || r.code != 0 || r.stderr != "" {
		t.Fatalf("%+v: %v", r, err)
	}
	if report.OK != 300 || report.Reads+report.Writes != 300 || report.Writes < 100 || report.LatencyFrom != "sent" {
		t.Errorf("%+v", report)
	}
	if _, body := p.get("/?name=o1"); !strings.HasSuffix(body, "count: "+strconv.Itoa(report.Writes)) {
		t.Errorf("%q after %d writes", body, report.Writes)
	}
	r = cairn("bench", "http://"+p.addr+"/?name={name}", "--requests", "50", "--rate", "1e5", "--progress").run(t)
	if r.code != 0 || !strings.Contains(r.stdout, "50 answers with 2xx") || !strings.Contains(r.stdout, "was due") {
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
		{"TLS", cairn("bench", "https://a"), 2, "does not begin with http://"},
		{"share", cairn("bench", "http://a", "--reads", "2"), 2, "share of reads"},
		{"no number", cairn("bench", "http://a", "--rate", "fast"), 2, "--rate"},
		{"no server", cairn("bench", gone.URL), 1, "connection refused"},
		{"only errors", cairn("bench", bad.URL, "--requests", "10"), 1, "no request had an answer with 2xx"},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := c.run(t)
			if r.code != c.code || strings.Count(r.stderr, "\n") != 1 || !strings.Contains(r.stderr, c.want) {
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
	if !strings.Contains(stdout.String(), "INTERRUPTED") || !strings.Contains(stdout.String(), "answers with 2xx") {
		t.Errorf("printed %s", &stdout)
	}
}
