package ingress_test

import (
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/cairn-dev/cairn/abi/wire"
	"github.com/cairn-dev/cairn/host/hosttest"
)

func fields(list ...[2]string) (h wire.Header) {
	for _, f := range list {
		h = wire.AppendHeader(h, f[0], f[1])
	}
	return h
}

// TestFraming wants the framing of each status to be what RFC 9110 says, 8.6, 15.3.5,
// 15.3.6 and 15.4.5, whatever the guest says of the length.
func TestFraming(t *testing.T) {
	h := startMirror(t, hosttest.Options{})
	const none = "none"
	for _, c := range []struct {
		method       string
		status       uint32
		length, body string // the guest's
		sent         string // Content-Length
		sentBody     string
	}{
		{"GET", 200, "", "body", "4", "body"},
		{"GET", 200, "", "", "0", ""},
		{"GET", 200, "1", "body", "4", "body"},
		{"GET", 200, "100", "body", "4", "body"},
		{"GET", 200, "-1", "body", "4", "body"},
		{"GET", 404, "", "body", "4", "body"},
		{"POST", 599, "", "body", "4", "body"},
		{"GET", 204, "", "", none, ""},
		{"GET", 204, "4", "body", none, ""},
		{"GET", 205, "", "", "0", ""},
		{"GET", 205, "4", "body", "0", ""},
		{"GET", 304, "", "", none, ""},
		{"GET", 304, "4", "", "4", ""},
		{"GET", 304, "4", "body", "4", ""},
		{"HEAD", 200, "", "body", "4", ""},
		{"HEAD", 200, "", "", none, ""},
		{"HEAD", 200, "100", "", "100", ""},
		{"HEAD", 200, "100", "body", "100", ""},
		{"HEAD", 200, "x", "", none, ""},
		{"HEAD", 200, "1e3", "body", "4", ""},
		{"HEAD", 404, "100", "", "100", ""},
		{"HEAD", 204, "4", "body", none, ""},
		{"HEAD", 205, "4", "body", "0", ""},
		{"HEAD", 304, "4", "", "4", ""},
	} {
		r := &wire.Response{Status: c.status, Body: []byte(c.body)}
		if c.length != "" {
			r.Header = fields([2]string{"content-length", c.length})
		}
		head, body, _ := strings.Cut(respondRaw(t, h, c.method, r), "\r\n\r\n")
		length := none
		if _, rest, ok := strings.Cut(head, "Content-Length: "); ok {
			length, _, _ = strings.Cut(rest, "\r\n")
		}
		if length != c.sent || body != c.sentBody || strings.Contains(head, "Transfer-Encoding") ||
			strings.Count(strings.ToLower(head), "content-length") > 1 {
			t.Errorf("%+v: sent %q %q", c, head, body)
		}
	}
}

// TestAnswerHeader wants a guest's header to go out as it is, each field on its own line
// and in order, but for what frames the message: upstream leaves that out as well.
func TestAnswerHeader(t *testing.T) {
	h := startMirror(t, hosttest.Options{})
	got := respondRaw(t, h, "GET", &wire.Response{Status: 299,
		Body: []byte("whole"), Header: fields(
			[2]string{"Content-Type", "a/b"}, [2]string{"content-type", "c/d"},
			[2]string{"Set-Cookie", "a=1"}, [2]string{"Trailer", "X-A, Set-Cookie"},
			[2]string{"Set-Cookie", "b=2"}, [2]string{"X-A", "1"}, [2]string{"X-A", "2"},
			[2]string{"X-A", ""}, [2]string{"X-Latin", "\xe4"},
			[2]string{"Connection", "keep-alive, X-A"}, [2]string{"Keep-Alive", "timeout=9"},
			[2]string{"Proxy-Connection", "x"}, [2]string{"Upgrade", "h2c"},
			[2]string{"TE", "trailers"}, [2]string{"Transfer-Encoding", "chunked"},
			[2]string{"content-length", "1"}, [2]string{"Content-Encoding", "x"},
			[2]string{"Content-Encoding", "y"}, [2]string{"Server", "mine"},
			[2]string{"Date", "yesterday"}, [2]string{"X-Space", " \tx\t "},
		)})
	want := "HTTP/1.1 299 \r\nContent-Type: a/b\r\ncontent-type: c/d\r\nSet-Cookie: a=1\r\n" +
		"Set-Cookie: b=2\r\n" +
		"X-A: 1\r\nX-A: 2\r\nX-A: \r\nX-Latin: \xe4\r\nContent-Encoding: x\r\n" +
		"Content-Encoding: y\r\n" +
		"Server: mine\r\nDate: yesterday\r\nX-Space: x\r\nContent-Length: 5\r\n" +
		"Connection: close\r\n\r\nwhole"
	if got != want {
		t.Errorf("sent %q\nwant %q", got, want)
	}
	got = respondRaw(t, h, "GET", &wire.Response{Status: 200})
	list, _ := answers(t, got)
	if _, err := http.ParseTime(list[0].Header.Get("Date")); err != nil ||
		list[0].Header.Get("Server") != "cairn" {
		t.Errorf("where the guest names none: %q", got)
	}
}

// TestAnswerRefused wants what a guest says by the ABI, and nobody may send, to be an
// error of the guest, named in the log, and no byte of it on the wire.
func TestAnswerRefused(t *testing.T) {
	h := startMirror(t, hosttest.Options{})
	var many []([2]string)
	for range 1025 {
		many = append(many, [2]string{"a", ""})
	}
	for _, c := range []struct {
		status uint32
		header wire.Header
		logged string
	}{
		{200, fields([2]string{"a b", "Injected"}), "Invalid header name"},
		{200, fields([2]string{"", "Injected"}), "Invalid header name"},
		{200, fields([2]string{"a:", "Injected"}), "Invalid header name"},
		{200, fields([2]string{"a: b\r\nInjected", "x"}), "Invalid header name"},
		{200, fields([2]string{"\xc3\xa4", "Injected"}), "Invalid header name"},
		{200, fields([2]string{"a\x00", "Injected"}), "Invalid header name"},
		{200, fields([2]string{"ok", "x"}, [2]string{"a", "x\r\nInjected: y"}),
			"that of \\\"a\\\""},
		{200, fields([2]string{"a", "x\nInjected: y"}), "Invalid header value"},
		{200, fields([2]string{"a", "x\rInjected: y"}), "Invalid header value"},
		{200, fields([2]string{"a", "Injected\x00"}), "Invalid header value"},
		{200, fields([2]string{"Content-Type", "x\r\n\r\nInjected"}), "Invalid header value"},
		{200, fields([2]string{"Set-Cookie", "x\r\nInjected: y"}), "Invalid header value"},
		{200, fields([2]string{"Content-Length", "1\r\nInjected: y"}), "Invalid header value"},
		{200, fields([2]string{"Transfer-Encoding", "x\r\nInjected: y"}), "Invalid header value"},
		{200, fields([2]string{"a", strings.Repeat("x", 128<<10)}), "more than 131072"},
		{200, fields(many...), "1025 fields"},
		{200, wire.Header("Injected"), "does not decode"},
		{0, nil, "status 0"},
		{99, nil, "status 99"},
		{100, nil, "status 100"},
		{101, nil, "status 101"},
		{199, nil, "status 199"},
		{600, nil, "status 600"},
		{1 << 31, nil, "status 2147483648"},
	} {
		before := len(h.Logs())
		got := respondRaw(t, h, "GET",
			&wire.Response{Status: c.status, Header: c.header, Body: []byte("Injected")})
		list, bodies := answers(t, got)
		if len(list) != 1 || list[0].StatusCode != 500 || bodies[0] != "Internal Server Error" ||
			strings.Contains(got, "Injected") {
			t.Errorf("%d %.60q: sent %q", c.status, c.header, got)
		}
		if !slices.ContainsFunc(h.Logs()[before:], func(r hosttest.Record) bool {
			return strings.Contains(r.Attr("error"), strings.ReplaceAll(c.logged, `\"`, `"`))
		}) {
			t.Errorf("%d %.60q: the log lacks %s", c.status, c.header, c.logged)
		}
	}
}
