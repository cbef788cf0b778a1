package main

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"strings"
	"syscall"
	"testing"
	"time"
)

// TestDrain sends SIGTERM while one call is inside a guest, another request has
// arrived in part, and a connection is idle. Both are answered, the idle one does
// not hold anything up, and the exit code is 0.
func TestDrain(t *testing.T) {
	for _, sig := range []os.Signal{syscall.SIGTERM, os.Interrupt} {
		t.Run(sig.String(), func(t *testing.T) { drain(t, sig) })
	}
}

func drain(t *testing.T, sig os.Signal) {
	config := writeFile(t, t.TempDir(), "wrangler.json", fmt.Sprintf(`{
		"name": "chain",
		"main": %q,
		"durable_objects": {"bindings": [{"name": "LINKS", "class_name": "Link"}]},
		"migrations": [{"tag": "v1", "new_sqlite_classes": ["Link"]}]
	}`, chain))
	data := t.TempDir()
	p := startServe(t, nil, "--data", data, config)

	// The server accepts in order, so once the third connection is answered the
	// first two are its own, and not the kernel's to reset.
	const release = `[["call", "A", ["put", 1]]]`
	partial, inside, idle := dial(t, p), dial(t, p), dial(t, p)
	fmt.Fprintf(partial, "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n", len(release))
	post(inside, `[["log", "I am inside"], ["await", "A"], ["call", "A", ["put", 2], ["get"]]]`)
	post(idle, `[["call", "B", ["get"]]]`)
	if status, body := answer(t, idle); status != 200 || body != "[null]" {
		t.Fatalf("%d %q", status, body)
	}
	p.waitLog("I am inside")

	p.signal(sig)
	p.waitLog("draining")
	fmt.Fprint(partial, release)
	if status, body := answer(t, partial); status != 200 || body != "[]" {
		t.Errorf("the request that had arrived in part: %d %q", status, body)
	}
	if status, body := answer(t, inside); status != 200 || body != "[1,2]" {
		t.Errorf("the call that was inside: %d %q", status, body)
	}
	if code := p.wait(); code != 0 {
		t.Errorf("exit code %d", code)
	}
	if c, err := net.Dial("tcp", p.addr); err == nil {
		c.Close()
		t.Error("something still listens")
	}

	p = startServe(t, nil, "--data", data, config)
	c := dial(t, p)
	post(c, `[["call", "A", ["get"]]]`)
	if status, body := answer(t, c); status != 200 || body != "[2]" {
		t.Errorf("after a restart: %d %q", status, body)
	}
	p.stop()
}

func dial(t *testing.T, p *process) net.Conn {
	t.Helper()
	c, err := net.Dial("tcp", p.addr)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	if err := c.SetDeadline(time.Now().Add(patience)); err != nil {
		t.Fatal(err)
	}
	return c
}

func post(c net.Conn, body string) {
	fmt.Fprintf(c, "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n%s", len(body), body)
}

// answer reads one response from a connection.
func answer(t *testing.T, c net.Conn) (int, string) {
	t.Helper()
	resp, err := http.ReadResponse(bufio.NewReader(c), nil)
	if err != nil {
		t.Errorf("no answer: %v", err)
		return 0, ""
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Error(err)
	}
	return resp.StatusCode, strings.TrimSpace(string(body))
}

// TestDrainDelay wants readiness to fail first, while both listeners serve, so that a
// load balancer sends new requests elsewhere before they would be refused. A second
// signal ends all that at once.
func TestDrainDelay(t *testing.T) {
	p := startOperated(t, "--drain-delay", "1h", "--data", t.TempDir(), counterConfig(t))
	status := func(path string) int {
		t.Helper()
		resp, err := http.Get(path)
		if err != nil {
			t.Errorf("%s: %v", path, err)
			return 0
		}
		resp.Body.Close()
		return resp.StatusCode
	}
	admin, public := "http://"+p.admin, "http://"+p.addr
	if status(admin+"/readyz") != 200 {
		t.Error("it is not ready")
	}
	p.signal(syscall.SIGTERM)
	p.waitLog("draining")
	for status(admin+"/readyz") == 200 { // the line comes just before
	}
	if got := [3]int{status(admin + "/readyz"), status(admin + "/healthz"),
		status(public + "/")}; got != [3]int{503, 200, 200} {
		t.Errorf("ready, healthy and an answer: %v", got)
	}
	p.signal(syscall.SIGTERM)
	p.wait()
	if s := p.cmd.ProcessState.Sys().(syscall.WaitStatus); !s.Signaled() ||
		s.Signal() != syscall.SIGTERM {
		t.Errorf("after a second signal: %v", p.cmd.ProcessState)
	}
}

// TestDrainCloses wants connections to end with the answers that they wait for.
func TestDrainCloses(t *testing.T) {
	p := startServe(t, []string{"CAIRN_DRAIN_DELAY=1ms"}, "--data", t.TempDir(), counterConfig(t))
	busy := dial(t, p)
	fmt.Fprint(busy, "POST /increment?name=A HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\n"+
		"Expect: 100-continue\r\n\r\n")
	if line, err := bufio.NewReader(busy).ReadString('\n'); err != nil ||
		line != "HTTP/1.1 100 Continue\r\n" {
		t.Fatalf("%q, %v", line, err)
	}
	p.signal(syscall.SIGTERM)
	p.waitLog("draining")
	for { // once nothing new is taken, what was under way goes on
		c, err := net.Dial("tcp", p.addr)
		if err != nil {
			break
		}
		c.Close()
	}
	fmt.Fprint(busy, "x")
	resp, err := http.ReadResponse(bufio.NewReader(busy), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	if resp.StatusCode != 200 || !resp.Close {
		t.Errorf("%d, the connection closes: %v", resp.StatusCode, resp.Close)
	}
	if code := p.wait(); code != 0 {
		t.Errorf("exit code %d", code)
	}
}
