package ingress_test

import (
	"bytes"
	"fmt"
	"io"
	"net"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/cairn-dev/cairn/abi"
	"github.com/cairn-dev/cairn/host"
	"github.com/cairn-dev/cairn/host/account"
	"github.com/cairn-dev/cairn/host/hosttest"
	"github.com/cairn-dev/cairn/host/ingress"
)

func startEchoWith(t *testing.T, o hosttest.Options) *hosttest.Host {
	t.Helper()
	o.Guest, o.Bindings = "echo", map[string]string{}
	return hosttest.Start(t, o)
}

// announce begins a request with a body of so many bytes, and waits until the host has
// read that.
func announce(t *testing.T, h *hosttest.Host, bytes int) net.Conn {
	t.Helper()
	c := dial(t, h)
	fmt.Fprintf(c, "POST /length HTTP/1.1\r\n%sExpect: 100-continue\r\nContent-Length: %d\r\n\r\n",
		toH, bytes)
	told := make([]byte, len("HTTP/1.1 100 Continue\r\n\r\n"))
	if _, err := io.ReadFull(c, told); err != nil {
		t.Fatal(err)
	}
	return c
}

// TestClaims lets clients announce more than there is memory, and send little for now:
// each of them is answered when it sends what it announced, and others meanwhile.
func TestClaims(t *testing.T) {
	h := startEchoWith(t, hosttest.Options{Options: host.Options{MemoryBudget: 128 << 20}})
	const clients, announced = 100, 2 << 20
	var waiting []net.Conn
	for range clients {
		c := announce(t, h, announced)
		if _, err := c.Write(make([]byte, 1024)); err != nil {
			t.Fatal(err)
		}
		waiting = append(waiting, c)
	}
	if resp, _ := do(t, "GET", h.URL+"/", ""); resp.StatusCode != 200 {
		t.Errorf("another client: %d", resp.StatusCode)
	}
	// A connection is counted with 30 KiB, and a body's first buffer is 4.
	if used := h.Runtime.Account().Used(account.Requests); used > (clients+1)*34<<10 {
		t.Errorf("%d clients that have sent 1 KiB take %s", clients, account.Size(used))
	}
	rest := make([]byte, announced-1024)
	for i, c := range waiting {
		if _, err := c.Write(rest); err != nil {
			t.Fatal(err)
		}
		got, err := io.ReadAll(io.LimitReader(c, 15))
		if string(got) != "HTTP/1.1 200 OK" {
			t.Fatalf("client %d: %q, %v", i, got, err)
		}
		c.Close()
	}
}

// TestShed lets clients that stop in the middle hold all memory there is: the slowest go,
// and others' bodies have room.
func TestShed(t *testing.T) {
	h := startEchoWith(t, hosttest.Options{
		Options: host.Options{MemoryBudget: 192 << 20, Limits: ingress.Limits{Spare: 1}}})
	const announced, sent = 16 << 20, 9 << 20
	var stuck []net.Conn
	for range 16 { // 256 MiB, if all had what they announce
		c := announce(t, h, announced)
		// A client is slow here from the first nanosecond on, so one that still sends may
		// be given up as well.
		_, _ = c.Write(make([]byte, sent))
		stuck = append(stuck, c)
		resp, body := do(t, "POST", h.URL+"/length", strings.Repeat("x", 1<<20))
		if resp.StatusCode != 200 || body != "1048576" {
			t.Fatalf("behind %d that are stuck: %d %s", len(stuck), resp.StatusCode, body)
		}
		if total := h.Runtime.Account().Total(); total > 192<<20 {
			t.Fatalf("%s are taken", account.Size(total))
		}
	}
	if !slices.ContainsFunc(h.Logs(), func(r hosttest.Record) bool {
		return strings.Contains(r.Message, "slow clients were given up")
	}) {
		t.Error("the log does not say that clients were given up")
	}
}

func isTimeout(err error) bool {
	network, ok := err.(net.Error)
	return ok && network.Timeout()
}

// TestStall wants an answer that nobody takes to be given up, and its memory with it.
func TestStall(t *testing.T) {
	h := startEchoWith(t, hosttest.Options{
		Options: host.Options{Limits: ingress.Limits{Stall: 20 * time.Millisecond}}})
	c := dial(t, h)
	fmt.Fprintf(c, "GET /large?bytes=%d HTTP/1.1\r\n%s\r\n", 30<<20, toH)
	// Nobody reads what is sent here, so this fails when the host has closed.
	filler := make([]byte, 1<<20)
	for {
		if _, err := c.Write(filler); isTimeout(err) {
			t.Fatal("the host goes on writing")
		} else if err != nil {
			break
		}
	}
}

// TestSlowRequests wants each wait for a client to end.
func TestSlowRequests(t *testing.T) {
	const soon = 20 * time.Millisecond
	h := startMirror(t,
		hosttest.Options{
			Options: host.Options{Limits: ingress.Limits{Head: soon, Body: soon, Idle: soon}}})
	for _, c := range []struct {
		name, sent string
		status     int // of the last answer; 0 is none
	}{
		{"nothing", "", 0},
		{"part of a line", "GET /", 408},
		{"part of a head", "GET / HTTP/1.1\r\nHo", 408},
		{"no body", "POST / HTTP/1.1\r\n" + toH + "Content-Length: 3\r\n\r\n", 408},
		{"part of a body", "POST / HTTP/1.1\r\n" + toH + "Content-Length: 3\r\n\r\na", 408},
		{"part of the chunks", "POST / HTTP/1.1\r\n" + toH + chunked + "2\r\nab\r\n", 408},
		{"part of a chunk", "POST / HTTP/1.1\r\n" + toH + chunked + "2\r\na", 408},
		{"part of the trailer", "POST / HTTP/1.1\r\n" + toH + chunked + "0\r\nA: b\r\n", 408},
		{"no second request", "GET / HTTP/1.1\r\n" + toH + "\r\n", 200},
		{"part of a second request", "GET / HTTP/1.1\r\n" + toH + "\r\nGET /", 408},
	} {
		list, _ := answers(t, talk(t, h, c.sent))
		if last := len(list) - 1; c.status == 0 && last >= 0 ||
			c.status != 0 && (last < 0 || list[last].StatusCode != c.status) {
			t.Errorf("%s: %d answers", c.name, len(list))
		}
	}
	// A client that never stops, and never gets on: the extension of a chunk, bytes that
	// are no part of the body.
	c := dial(t, h)
	fmt.Fprint(c, "POST / HTTP/1.1\r\n"+toH+chunked+"2;")
	go func() {
		for more := []byte("x"); ; {
			if _, err := c.Write(more); err != nil {
				return
			}
		}
	}()
	answer := make([]byte, len("HTTP/1.1 408"))
	if _, err := io.ReadFull(c, answer); string(answer) != "HTTP/1.1 408" {
		t.Errorf("an endless extension: %q, %v", answer, err)
	}
}

// TestRefusedInTheMiddle wants a client that is still sending to see why it is refused.
func TestRefusedInTheMiddle(t *testing.T) {
	h := startMirror(t, hosttest.Options{
		Options: host.Options{Limits: ingress.Limits{Linger: time.Minute}}})
	for _, length := range []int64{-1, abi.MaxMessageBytes + 1} {
		req, err := http.NewRequest("POST", h.URL, io.LimitReader(zeros{}, abi.MaxMessageBytes+1))
		if err != nil {
			t.Fatal(err)
		}
		req.ContentLength = length
		resp, err := http.DefaultTransport.RoundTrip(req)
		if err != nil {
			t.Fatalf("length %d: %v", length, err)
		}
		resp.Body.Close()
		if resp.StatusCode != 413 {
			t.Errorf("length %d: %d", length, resp.StatusCode)
		}
	}
}

type zeros struct{}

func (zeros) Read(b []byte) (int, error) { clear(b); return len(b), nil }

// TestConnections wants a flood of connections to end those that wait longest for
// nothing, and none that is being answered.
func TestConnections(t *testing.T) {
	inside, release := make(chan struct{}), make(chan struct{})
	h := hosttest.Start(t, hosttest.Options{Guest: "box", Bindings: map[string]string{"BOX": "Box"},
		Options: host.Options{Limits: ingress.Limits{Connections: 4, Spare: time.Hour}},
		OnLog: func(r hosttest.Record) {
			if r.Message == "hold" {
				inside <- struct{}{}
				<-release
			}
		}})
	const get = "GET /BOX/A/get HTTP/1.1\r\n" + toH + "\r\n"
	keep := func() net.Conn {
		c := dial(t, h)
		fmt.Fprint(c, get)
		if got, err := io.ReadAll(io.LimitReader(c, 15)); string(got) != "HTTP/1.1 200 OK" {
			t.Fatalf("%q, %v", got, err)
		}
		return c
	}
	first := keep()
	for range 100 { // each in the place of another; the first has become idle long before
		keep()
	}
	if rest, err := io.ReadAll(first); err != nil || !bytes.HasSuffix(rest, []byte("null")) {
		t.Errorf("the connection that was idle longest: %q, %v", rest, err)
	}
	// Four that are being answered stay, whatever comes. One is refused if the last that
	// was kept has not become idle yet; then another takes its place.
	var held []<-chan string
	for len(held) < 4 {
		c := dial(t, h)
		fmt.Fprintf(c, "POST /BOX/%d/log HTTP/1.1\r\n%sConnection: close\r\nContent-Length: 8\r\n"+
			"\r\n[\"hold\"]", len(held), toH)
		answer := make(chan string, 1)
		go func() {
			got, err := io.ReadAll(c)
			answer <- fmt.Sprint(string(got), err)
		}()
		select {
		case <-inside:
			held = append(held, answer)
		case got := <-answer:
			if !strings.HasPrefix(got, "HTTP/1.1 503") {
				t.Fatalf("one that is to be held: %s", got)
			}
		}
	}
	for range 3 {
		list, _ := answers(t, talk(t, h, ""))
		if len(list) != 1 || list[0].StatusCode != 503 || list[0].Header.Get("Retry-After") != "1" {
			t.Errorf("a fifth connection: %v", list)
		}
	}
	close(release)
	for _, answer := range held {
		if got := <-answer; !strings.HasPrefix(got, "HTTP/1.1 200 OK") ||
			!strings.HasSuffix(got, fmt.Sprint(error(nil))) {
			t.Errorf("one that was being answered: %s", got)
		}
	}
	keep()
}
