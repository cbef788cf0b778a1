package ingress_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/cairn-dev/cairn/abi"
	"github.com/cairn-dev/cairn/host"
	"github.com/cairn-dev/cairn/host/hosttest"
)

func startEcho(t *testing.T) *hosttest.Host {
	return hosttest.Start(t, hosttest.Options{Guest: "echo", Bindings: map[string]string{}})
}

// said is what testdata/echo answers.
type said struct {
	Method, URL string
	Header      [][2]string
	Body        []byte
}

func (s *said) values(name string) []string {
	var values []string
	for _, h := range s.Header {
		if h[0] == name {
			values = append(values, h[1])
		}
	}
	return values
}

func decode(t *testing.T, body string) *said {
	t.Helper()
	s := new(said)
	if err := json.Unmarshal([]byte(body), s); err != nil {
		t.Fatalf("%v: %q", err, body)
	}
	return s
}

// TestRequest wants a request to reach the Worker as it was sent.
func TestRequest(t *testing.T) {
	h := startEcho(t)
	body := "\x00binary\xff\r\n"
	_, answer := do(t, "POST", h.URL+"/a%2Fb/c;d?q=1&q=%20+&e", body,
		[2]string{"X-Twice", "one"}, [2]string{"X-Twice", "two, three"},
		[2]string{"Cookie", "a=1; b=x=y"}, [2]string{"Content-Type", "application/x; y=z"},
		[2]string{"User-Agent", "tester/1"}, [2]string{"Authorization", "Bearer ä"})
	s := decode(t, answer)
	if s.Method != "POST" || s.URL != h.URL+"/a%2Fb/c;d?q=1&q=%20+&e" || string(s.Body) != body {
		t.Errorf("%s %s %q", s.Method, s.URL, s.Body)
	}
	for name, want := range map[string][]string{
		"X-Twice":        {"one", "two, three"},
		"Cookie":         {"a=1; b=x=y"},
		"Content-Type":   {"application/x; y=z"},
		"Content-Length": {strconv.Itoa(len(body))},
		"User-Agent":     {"tester/1"},
		"Authorization":  {"Bearer ä"},
		"Host":           {strings.TrimPrefix(h.URL, "http://")},
	} {
		if got := s.values(name); !slices.Equal(got, want) {
			t.Errorf("%s: %q, want %q", name, got, want)
		}
	}
}

// TestRequestLine covers what clients seldom write.
func TestRequestLine(t *testing.T) {
	h := startEcho(t)
	for _, c := range []struct{ request, method, url, body string }{
		{"GET / HTTP/1.1\r\nHost: example.com\r\n\r\n", "GET", "http://example.com/", ""},
		{"GET /a/../b//c?x#y HTTP/1.1\r\nHost: h\r\n\r\n", "GET", "http://h/a/../b//c?x#y", ""},
		{"GET http://other:81/x?y HTTP/1.1\r\nHost: h\r\n\r\n", "GET", "http://other:81/x?y", ""},
		{"PROPFIND /x HTTP/1.1\r\nHost: h\r\n\r\n", "PROPFIND", "http://h/x", ""},
		{"DELETE /x HTTP/1.1\r\nHost: h\r\nContent-Length: 2\r\n\r\nab",
			"DELETE", "http://h/x", "ab"},
		{"POST /x HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\n1\r\nc\r\n" +
			"0\r\n\r\n", "POST", "http://h/x", "abc"},
		{"GET //double/slash HTTP/1.1\r\nHost: h\r\n\r\n", "GET", "http://h//double/slash", ""},
	} {
		resp, answer := raw(t, h, c.request)
		if resp.StatusCode != 200 {
			t.Errorf("%q: %d %s", c.request, resp.StatusCode, answer)
			continue
		}
		if s := decode(t, answer); s.Method != c.method || s.URL != c.url ||
			string(s.Body) != c.body {
			t.Errorf("%q: %s %s %q", c.request, s.Method, s.URL, s.Body)
		}
	}
	for _, c := range []struct {
		request string
		status  int
	}{
		{"GET / HTTP/1.1\r\n\r\n", 400}, // no Host
		{"nonsense\r\n\r\n", 400},
		{"GET / HTTP/1.1\r\nHost: h\r\nX: " + strings.Repeat("x", 64<<10) + "\r\n\r\n", 431},
	} {
		if resp, _ := raw(t, h, c.request); resp.StatusCode != c.status {
			t.Errorf("%.60q: %d, want %d", c.request, resp.StatusCode, c.status)
		}
	}
}

// TestForm wants a form to reach the Worker as its bytes: what it means is the
// guest's business.
func TestForm(t *testing.T) {
	h := startEcho(t)
	const form = "preamble\r\n--b\r\nX-Own: 1\r\nContent-Disposition: form-data; name=\"a\"\r\n" +
		"\r\n1\r\n--b--\r\nepilogue"
	_, answer := do(t, "POST", h.URL+"/", form,
		[2]string{"Content-Type", "multipart/form-data; boundary=b"})
	if s := decode(t, answer); string(s.Body) != form {
		t.Errorf("the Worker got %q, want %q", s.Body, form)
	}
	_, answer = do(t, "POST", h.URL+"/", "a=%31&a",
		[2]string{"Content-Type", "application/x-www-form-urlencoded"})
	if s := decode(t, answer); string(s.Body) != "a=%31&a" {
		t.Errorf("the Worker got %q", s.Body)
	}
}

// answer is what testdata/echo is told to answer.
type answer struct {
	Status int         `json:"status"`
	Header [][2]string `json:"header"`
	Body   []byte      `json:"body"`
}

func respond(t *testing.T, h *hosttest.Host, a answer) (*http.Response, string) {
	t.Helper()
	text, err := json.Marshal(a)
	if err != nil {
		t.Fatal(err)
	}
	return do(t, "POST", h.URL+"/respond", string(text))
}

// TestResponse wants the Worker's response to reach the client as it is, with
// nothing of ours but the date, the framing, and a Server where it names none.
func TestResponse(t *testing.T) {
	h := startEcho(t)
	for _, status := range []int{200, 201, 204, 302, 304, 404, 418, 500, 503, 599} {
		body := []byte("body")
		if status == 204 || status == 304 {
			body = nil
		}
		resp, got := respond(t, h, answer{Status: status, Body: body})
		if resp.StatusCode != status || got != string(body) {
			t.Errorf("%d: answered %d %q", status, resp.StatusCode, got)
		}
		for name := range resp.Header {
			if !slices.Contains([]string{"Server", "Date", "Content-Length", "Connection"}, name) {
				t.Errorf("%d: %s: %q is not the guest's", status, name, resp.Header[name])
			}
		}
	}
	resp, _ := respond(t, h, answer{Header: [][2]string{
		{"Set-Cookie", "a=1; Path=/x"}, {"Set-Cookie", "a=2; Path=/y"}, {"set-cookie", "b=3"},
		{"X-Many", "1"}, {"x-many", "2"}, {"Location", "/elsewhere"}, {"Content-Type", "a/b"},
		{"Server", "mine"}, {"Content-Length", "1"}, {"content-length", "2"},
		{"Transfer-Encoding", "chunked"},
	}, Body: []byte("whole")})
	for name, want := range map[string][]string{
		"Set-Cookie": {"a=1; Path=/x", "a=2; Path=/y", "b=3"}, "X-Many": {"1", "2"},
		"Location":     {"/elsewhere"},
		"Content-Type": {"a/b"}, "Server": {"mine"}, "Content-Length": {"5"},
	} {
		if got := resp.Header[name]; !slices.Equal(got, want) {
			t.Errorf("%s: %q, want %q", name, got, want)
		}
	}
}

// TestResponseSplitting wants a header of a guest to stay one header.
func TestResponseSplitting(t *testing.T) {
	h := startEcho(t)
	for _, header := range [][2]string{
		{"X-Value", "a\r\nX-Injected: 1\r\n\r\nbody"},
		{"X-Name: a\r\nX-Injected", "1"},
		{"Content-Type", "a/b\r\nX-Injected: 1"},
		{"Set-Cookie", "a=1\r\nX-Injected: 1"},
	} {
		resp, body := respond(t, h, answer{Header: [][2]string{header}, Body: []byte("whole")})
		if resp.Header.Get("X-Injected") != "" || resp.StatusCode == 200 && body != "whole" {
			t.Errorf("%q: %v %q", header, resp.Header, body)
		}
	}
}

// TestHead wants the headers of a GET, and no body.
func TestHead(t *testing.T) {
	h := startEcho(t)
	resp, body := raw(t, h, "HEAD /large?bytes=100 HTTP/1.1\r\nHost: h\r\n\r\n")
	if resp.StatusCode != 200 || resp.ContentLength != 100 || body != "" {
		t.Errorf("%d, length %d, body %q", resp.StatusCode, resp.ContentLength, body)
	}
}

// TestBodyLimit sends and answers bodies at the limit, and one byte above it.
func TestBodyLimit(t *testing.T) {
	h := startEcho(t)
	for _, n := range []int{0, 1 << 20, abi.MaxMessageBytes} {
		resp, got := do(t, "POST", h.URL+"/length", string(make([]byte, n)))
		if resp.StatusCode != 200 || got != strconv.Itoa(n) {
			t.Errorf("sent %d bytes: %d %q", n, resp.StatusCode, got)
		}
	}
	// The answer comes before the body, which nobody would read.
	resp, _ := raw(t, h, fmt.Sprintf("POST /length HTTP/1.1\r\nHost: h\r\nContent-Length: %d\r\n"+
		"\r\n", abi.MaxMessageBytes+1))
	if resp.StatusCode != 413 {
		t.Errorf("a body above the limit: %d", resp.StatusCode)
	}
	for _, c := range []struct{ bytes, status int }{
		{1 << 20, 200},
		{abi.MaxMessageBytes - 64, 200}, // 64 are enough for what else is in the message
		{abi.MaxMessageBytes, 500},
	} {
		resp, body := do(t, "GET", h.URL+"/large?bytes="+strconv.Itoa(c.bytes), "")
		if resp.StatusCode != c.status || c.status == 200 && len(body) != c.bytes {
			t.Errorf("asked for %d bytes: %d with %d", c.bytes, resp.StatusCode, len(body))
		}
	}
}

// TestUncaught wants upstream's answer to an error that nobody caught, and its
// text in the log only.
func TestUncaught(t *testing.T) {
	h := hosttest.Start(t, hosttest.Options{Guest: "echo", Bindings: map[string]string{},
		Options: host.Options{CPULimit: 200 * time.Millisecond}})
	for _, c := range []struct {
		path, body string
		status     int
		retryAfter string
		logged     string
	}{
		{"/throw", "Internal Server Error", 500, "", "thrown by the Worker"},
		{"/throw?overloaded", "Service Unavailable", 503, "1", "thrown by the Worker"},
		{"/panic", "Internal Server Error", 500, "", "panicked in the Worker"},
		{"/loop", "Internal Server Error", 500, "", "CPU"},
	} {
		before := len(h.Logs())
		resp, body := do(t, "GET", h.URL+c.path, "")
		if resp.StatusCode != c.status || body != c.body ||
			resp.Header.Get("Retry-After") != c.retryAfter {
			t.Errorf("%s: %d %q, Retry-After %q", c.path, resp.StatusCode, body,
				resp.Header.Get("Retry-After"))
		}
		logged := slices.ContainsFunc(h.Logs()[before:], func(r hosttest.Record) bool {
			return strings.Contains(r.Message+r.Attr("error"), c.logged)
		})
		if !logged {
			t.Errorf("%s: the log lacks %q", c.path, c.logged)
		}
	}
	// Nothing of it is left for the next request.
	if resp, _ := do(t, "GET", h.URL+"/", ""); resp.StatusCode != 200 {
		t.Errorf("after all that: %d", resp.StatusCode)
	}
}
