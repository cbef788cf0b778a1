package ingress_test

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/cairn-dev/cairn/abi/wire"
	"github.com/cairn-dev/cairn/host/hosttest"
)

// talk sends bytes and returns everything that comes back until the server closes the
// connection. Requests that keep it open end with one that does not.
func talk(t *testing.T, h *hosttest.Host, request string) string {
	t.Helper()
	c := dial(t, h)
	if _, err := io.WriteString(c, request); err != nil {
		t.Fatal(err)
	}
	answer, err := io.ReadAll(c)
	if err != nil {
		t.Errorf("%.80q: %v", request, err)
	}
	return string(answer)
}

func dial(t *testing.T, h *hosttest.Host) net.Conn {
	t.Helper()
	c, err := net.Dial("tcp", strings.TrimPrefix(h.URL, "http://"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	if err := c.SetDeadline(time.Now().Add(time.Minute)); err != nil {
		t.Fatal(err)
	}
	return c
}

// answers reads responses to GETs until the connection ends.
func answers(t *testing.T, text string) (list []*http.Response, bodies []string) {
	t.Helper()
	r := bufio.NewReader(strings.NewReader(text))
	for {
		if _, err := r.Peek(1); err != nil {
			return list, bodies
		}
		resp, err := http.ReadResponse(r, nil)
		if err != nil {
			t.Fatalf("%v: %q", err, text)
		}
		body, err := io.ReadAll(resp.Body)
		if err != nil {
			t.Fatalf("%v: %q", err, text)
		}
		list, bodies = append(list, resp), append(bodies, string(body))
	}
}

const (
	toH = "Host: h\r\n"
	end = "Connection: close\r\n\r\n"
	ok  = "GET /ok HTTP/1.1\r\n" + toH + end
)

// TestURL wants every target that RFC 9112 allows, and more that clients send, to reach
// the Worker as it was sent, as workerd's request.url shows it.
func TestURL(t *testing.T) {
	h := startMirror(t, hosttest.Options{})
	for _, c := range []struct{ line, url string }{
		{"GET /100%", "http://h/100%"},
		{"GET /?a=%&b=%zz&c=%F", "http://h/?a=%&b=%zz&c=%F"},
		{"GET /%", "http://h/%"},
		{"GET /%zz/%FF/%00/%2", "http://h/%zz/%FF/%00/%2"},
		{"GET /x#%", "http://h/x#%"},
		{"GET //", "http://h//"},
		{"GET //double//slash/", "http://h//double//slash/"},
		{"GET /a/../b/./c/%2e%2E/", "http://h/a/../b/./c/%2e%2E/"},
		{"GET /..", "http://h/.."},
		{"GET /?", "http://h/?"},
		{"GET /??#?", "http://h/??#?"},
		{"GET /a;b?c;d&e=f+g", "http://h/a;b?c;d&e=f+g"},
		{"GET /a:b@c", "http://h/a:b@c"},
		{"GET /http://x/", "http://h/http://x/"},
		{"GET /[|]^`{}<>\"\\", "http://h/[|]^`{}<>\"\\"},
		// Not ASCII: escaped, as the URL standard does.
		{"GET /\xc3\xa4?\xff#\x80", "http://h/%C3%A4?%FF#%80"},
		// RFC 9112, 3.2.2: the authority of the target goes before Host.
		{"GET http://o/a%2fb/../c//d", "http://o/a%2fb/../c//d"},
		{"GET http://O:81/x?y#z", "http://O:81/x?y#z"},
		{"GET HTTP://o/%", "http://o/%"},
		{"GET https://o/x", "https://o/x"},
		{"GET http://o", "http://o/"},
		{"GET http://o?q", "http://o/?q"},
		{"GET http://[::1]:8/x", "http://[::1]:8/x"},
		{"PROPFIND /x", "http://h/x"},
		{"get /x", "http://h/x"},
		{"M-SEARCH /!", "http://h/!"},
		{"TRACE /x", "http://h/x"},
	} {
		got := talk(t, h, c.line+" HTTP/1.1\r\n"+toH+end)
		list, bodies := answers(t, got)
		if len(list) != 1 || list[0].StatusCode != 200 {
			t.Errorf("%q: %q", c.line, got)
			continue
		}
		method, _, _ := strings.Cut(c.line, " ")
		if r := decodeReceived(t, bodies[0]); r.method != method || r.url != c.url {
			t.Errorf("%q: the Worker sees %s %s, want %s", c.line, r.method, r.url, c.url)
		} else if want := authority(c.url); !slices.Equal(r.values("Host"), []string{want}) {
			t.Errorf("%q: Host %q, want %q", c.line, r.values("Host"), want)
		}
	}
}

// authority is what stands between the slashes of a URL.
func authority(url string) string {
	rest := url[strings.Index(url, "://")+3:]
	return rest[:strings.IndexAny(rest+"/", "/?#")]
}

// TestAsterisk: RFC 9112, 3.3 says that the target URI of OPTIONS * has no path.
func TestAsterisk(t *testing.T) {
	h := startMirror(t, hosttest.Options{})
	_, bodies := answers(t, talk(t, h, "OPTIONS * HTTP/1.1\r\n"+toH+end))
	if r := decodeReceived(t, bodies[0]); r.method != "OPTIONS" || r.url != "http://h" {
		t.Errorf("the Worker sees %s %s", r.method, r.url)
	}
}

// TestRefused wants what could be read in two ways, and what is no HTTP at all, to be
// refused, the connection to end, and nothing behind it to be taken for a request.
func TestRefused(t *testing.T) {
	h := startMirror(t, hosttest.Options{})
	const post = "POST / HTTP/1.1\r\n" + toH
	for _, c := range []struct {
		request string
		status  int
	}{
		// The target.
		{"GET /a b HTTP/1.1\r\n" + toH + end, 400},
		{"GET /\x01 HTTP/1.1\r\n" + toH + end, 400},
		{"GET /\x7f HTTP/1.1\r\n" + toH + end, 400},
		{"GET /a\tb HTTP/1.1\r\n" + toH + end, 400},
		{"GET /\x00 HTTP/1.1\r\n" + toH + end, 400},
		{"GET ?x HTTP/1.1\r\n" + toH + end, 400},
		{"GET x HTTP/1.1\r\n" + toH + end, 400},
		{"GET  HTTP/1.1\r\n" + toH + end, 400},
		{"GET * HTTP/1.1\r\n" + toH + end, 400},
		{"GET http:///x HTTP/1.1\r\n" + toH + end, 400},
		{"GET ftp://o/x HTTP/1.1\r\n" + toH + end, 400},
		{"GET http://u:p@o/ HTTP/1.1\r\n" + toH + end, 400}, // RFC 9110, 4.2.4
		{"GET http://o:99999/ HTTP/1.1\r\n" + toH + end, 400},
		// RFC 9110, 15.6.2: a method that no target takes.
		{"CONNECT h:443 HTTP/1.1\r\n" + toH + end, 501},
		{"CONNECT / HTTP/1.1\r\n" + toH + end, 501},
		{"CONNECT http://h/ HTTP/1.1\r\n" + toH + end, 501},
		// The method.
		{"G\xc3\xa4T / HTTP/1.1\r\n" + toH + end, 400},
		{"G(T / HTTP/1.1\r\n" + toH + end, 400},
		{"G\x00T / HTTP/1.1\r\n" + toH + end, 400},
		{" GET / HTTP/1.1\r\n" + toH + end, 400},
		// The version.
		{"GET / HTTP/2.0\r\n" + toH + end, 505},
		{"GET / HTTP/0.9\r\n" + toH + end, 505},
		{"GET / HTTP/1.2\r\n" + toH + end, 505},
		{"GET / http/1.1\r\n" + toH + end, 400},
		{"GET / HTTP/1.1x\r\n" + toH + end, 400},
		{"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 400},
		{"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n", 400}, // TLS
		// RFC 9112, 3.2: one Host, and it is a host.
		{"GET / HTTP/1.1\r\n" + end, 400},
		{"GET http://o/ HTTP/1.1\r\n" + end, 400},
		{"GET / HTTP/1.1\r\nHost:\r\n" + end, 400},
		{"GET / HTTP/1.1\r\nHost: h\r\nHost: h\r\n" + end, 400},
		{"GET / HTTP/1.0\r\nHost: h\r\nHost: g\r\n" + end, 400},
		{"GET / HTTP/1.1\r\nHost: user:pw@h\r\n" + end, 400},
		{"GET / HTTP/1.1\r\nHost: user@h\r\n" + end, 400},
		{"GET / HTTP/1.1\r\nHost: a b\r\n" + end, 400},
		{"GET http://o/ HTTP/1.1\r\nHost: a b\r\n" + end, 400},
		{"GET / HTTP/1.1\r\nHost: a/b\r\n" + end, 400},
		{"GET / HTTP/1.1\r\nHost: a?b\r\n" + end, 400},
		{"GET / HTTP/1.1\r\nHost: a#b\r\n" + end, 400},
		{"GET / HTTP/1.1\r\nHost: a\\b\r\n" + end, 400},
		{"GET / HTTP/1.1\r\nHost: http://h\r\n" + end, 400},
		{"GET / HTTP/1.1\r\nHost: h:x\r\n" + end, 400},
		{"GET / HTTP/1.1\r\nHost: h:65536\r\n" + end, 400},
		{"GET / HTTP/1.1\r\nHost: h:1:2\r\n" + end, 400},
		{"GET / HTTP/1.1\r\nHost: :80\r\n" + end, 400},
		{"GET / HTTP/1.1\r\nHost: [::1\r\n" + end, 400},
		{"GET / HTTP/1.1\r\nHost: [::1%25eth0]\r\n" + end, 400},
		{"GET / HTTP/1.1\r\nHost: [h]\r\n" + end, 400},
		{"GET / HTTP/1.1\r\nHost: %41b\r\n" + end, 400},
		{"GET / HTTP/1.1\r\nHost: \xc3\xa4\r\n" + end, 400},
		{"GET / HTTP/1.1\r\nHost: h, g\r\n" + end, 400},
		// RFC 9112, 5: names, folded lines, and what is between name and colon.
		{"GET / HTTP/1.1\r\nA b: c\r\n" + toH + end, 400},
		{"GET / HTTP/1.1\r\nA : c\r\n" + toH + end, 400},
		{"GET / HTTP/1.1\r\n: c\r\n" + toH + end, 400},
		{"GET / HTTP/1.1\r\nA\xc3\xa4: c\r\n" + toH + end, 400},
		{"GET / HTTP/1.1\r\nA(: c\r\n" + toH + end, 400},
		{"GET / HTTP/1.1\r\nA\r\n" + toH + end, 400},
		{"GET / HTTP/1.1\r\n A: c\r\n" + toH + end, 400},
		{"GET / HTTP/1.1\r\nA: b\r\n c\r\n" + toH + end, 400},
		{"GET / HTTP/1.1\r\nA: b\r\n\tc\r\n" + toH + end, 400},
		{"GET / HTTP/1.1\r\nA: b\x00c\r\n" + toH + end, 400},
		{"GET / HTTP/1.1\r\nA: b\rc\r\n" + toH + end, 400},
		{"GET / HTTP/1.1\r\nA: \x01\r\n" + toH + end, 400},
		// RFC 9112, 6: two lengths, or none that is one.
		{post + "Transfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\n" + ok, 400},
		{post + "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n" + ok, 400},
		{post + "Content-Length: 0\r\nContent-Length: 0\r\n\r\n" + ok, 400},
		{post + "Content-Length: 2\r\nContent-Length: 3\r\n\r\nabc" + ok, 400},
		{post + "Content-Length: 2, 2\r\n\r\nab" + ok, 400},
		{post + "Content-Length: +2\r\n\r\nab" + ok, 400},
		{post + "Content-Length: -2\r\n\r\nab" + ok, 400},
		{post + "Content-Length: 0x2\r\n\r\nab" + ok, 400},
		{post + "Content-Length: 2_0\r\n\r\nab" + ok, 400},
		{post + "Content-Length:\r\n\r\n" + ok, 400},
		{post + "Content-Length: 2 \x0b\r\n\r\nab" + ok, 400},
		{post + "Content-Length: 99999999999999999999\r\n\r\nab" + ok, 400},
		{post + "Transfer-Encoding : chunked\r\n\r\n0\r\n\r\n" + ok, 400},
		{post + "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n" +
			"\r\n" + ok, 400},
		{post + "Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n" + ok, 400},
		{post + "Transfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n" + ok, 400},
		{post + "Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n" + ok, 400},
		{post + "Transfer-Encoding: identity\r\n\r\n" + ok, 501},
		{post + "Transfer-Encoding:\r\n\r\n" + ok, 400},
		{post + "Transfer-Encoding: chunked\r\n chunked\r\n\r\n0\r\n\r\n" + ok, 400},
		{"POST / HTTP/1.0\r\n" + toH + "Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n" + ok, 400},
		// RFC 9112, 7.1: chunks.
		{post + chunked + "0x2\r\nab\r\n0\r\n\r\n" + ok, 400},
		{post + chunked + "-1\r\n\r\n" + ok, 400},
		{post + chunked + "+2\r\nab\r\n0\r\n\r\n" + ok, 400},
		{post + chunked + "2\r\nabc\r\n0\r\n\r\n" + ok, 400},
		{post + chunked + "3\r\nab\r\n0\r\n\r\n" + ok, 400},
		{post + chunked + "2\nab\r\n0\r\n\r\n" + ok, 400},
		{post + chunked + "g\r\n\r\n" + ok, 400},
		{post + chunked + "\r\n\r\n" + ok, 400},
		{post + chunked + "fffffffffffffffff\r\n\r\n" + ok, 400},
		{post + chunked + "2;a\nb\r\nab\r\n0\r\n\r\n" + ok, 400},
		{post + chunked + "0\r\nno colon\r\n\r\n" + ok, 400},
		// Sizes.
		{"GET /" + strings.Repeat("x", 20<<10) + " HTTP/1.1\r\n" + toH + end, 431},
		{"GET / HTTP/1.1\r\nA: " + strings.Repeat("x", 20<<10) + "\r\n" + toH + end, 431},
		{"GET / HTTP/1.1\r\n" + strings.Repeat("A:\r\n", 300) + toH + end, 431},
		{post + "Content-Length: 99999999999\r\n\r\nab", 413},
		{post + "Expect: 100-continue\r\nContent-Length: 99999999999\r\n\r\n", 413},
		// RFC 9110, 10.1.1: an expectation that cannot be met.
		{post + "Expect: else\r\nContent-Length: 2\r\n\r\n", 417},
		{post + "Expect: 100-continue, else\r\nContent-Length: 2\r\n\r\n", 417},
		{post + "Expect:\r\nContent-Length: 2\r\n\r\n", 417},
	} {
		got := talk(t, h, c.request)
		list, _ := answers(t, got)
		if len(list) != 1 || list[0].StatusCode != c.status || !list[0].Close {
			t.Errorf("%.90q: %q, want %d once", c.request, got, c.status)
		}
	}
	if list, _ := answers(t, talk(t, h, ok)); list[0].StatusCode != 200 {
		t.Error("after all that nothing is answered")
	}
}

const chunked = "Transfer-Encoding: chunked\r\n\r\n"

// TestBodies wants each way to frame a body to reach the Worker as the same bytes, and
// the next request on the connection to be the next.
func TestBodies(t *testing.T) {
	h := startMirror(t, hosttest.Options{})
	message := string(wire.AppendResponse(nil, &wire.Response{Status: 201, Body: []byte("said")}))
	n := len(message)
	post := "POST / HTTP/1.1\r\n" + toH
	for _, c := range []struct{ request, continued string }{
		{post + fmt.Sprintf("Content-Length: %d\r\n\r\n", n) + message, ""},
		{post + fmt.Sprintf("content-length:\t%d \r\n\r\n", n) + message, ""},
		// RFC 9112, 2.2.
		{"\r\n" + post + fmt.Sprintf("Content-Length: %d\r\n\r\n", n) + message, ""},
		{post + chunked + fmt.Sprintf("%x\r\n%s\r\n0\r\n\r\n", n, message), ""},
		{post + chunked + fmt.Sprintf("00%X;a=b\r\n%s\r\n1\r\n%s\r\n0\r\nTrailing: yes\r\n\r\n",
			n-1, message[:n-1], message[n-1:]), ""},
		{post + "transfer-encoding: CHUNKED\r\n\r\n" + fmt.Sprintf("%x\r\n%s\r\n0\r\n\r\n",
			n, message), ""},
		{"POST / HTTP/1.0\r\nConnection: keep-alive\r\nExpect: 100-continue\r\n" +
			fmt.Sprintf("Content-Length: %d\r\n\r\n", n) + message, ""},
		{"PUT / HTTP/1.1\r\n" + toH + fmt.Sprintf("Content-Length: %d\r\n\r\n", n) + message, ""},
		{"GET / HTTP/1.1\r\n" + toH + fmt.Sprintf("Content-Length: %d\r\n\r\n", n) + message, ""},
	} {
		list, bodies := answers(t, talk(t, h, c.request+ok))
		if len(list) != 2 || list[0].StatusCode != 201 || bodies[0] != "said" || list[0].Close {
			t.Errorf("%.80q: %d answers, %q", c.request, len(list), bodies)
			continue
		}
		if r := decodeReceived(t, bodies[1]); r.url != "http://h/ok" {
			t.Errorf("%.80q: the next request is %s", c.request, r.url)
		}
	}
	// A client that waits is told to go on, once.
	c := dial(t, h)
	fmt.Fprintf(c, "%sExpect: 100-Continue\r\nContent-Length: %d\r\n\r\n", post, n)
	told := make([]byte, len("HTTP/1.1 100 Continue\r\n\r\n"))
	if _, err := io.ReadFull(c, told); string(told) != "HTTP/1.1 100 Continue\r\n\r\n" {
		t.Fatalf("%q, %v", told, err)
	}
	io.WriteString(c, message+ok)
	rest, _ := io.ReadAll(c)
	if list, _ := answers(t, string(rest)); len(list) != 2 || list[0].StatusCode != 201 {
		t.Errorf("after 100: %q", rest)
	}
}

// TestPersistence: RFC 9112, 9.3.
func TestPersistence(t *testing.T) {
	h := startMirror(t, hosttest.Options{})
	for _, c := range []struct {
		request string
		stays   bool
	}{
		{"GET / HTTP/1.1\r\n" + toH + "\r\n", true},
		{"GET / HTTP/1.1\r\n" + toH + "Connection: keep-alive\r\n\r\n", true},
		{"GET / HTTP/1.1\r\n" + toH + "Connection: Close\r\n\r\n", false},
		{"GET / HTTP/1.1\r\n" + toH + "Connection: x, close\r\n\r\n", false},
		{"GET / HTTP/1.1\r\n" + toH + "Connection: x\r\nConnection: close\r\n\r\n", false},
		{"GET / HTTP/1.0\r\n" + toH + "\r\n", false},
		{"GET / HTTP/1.0\r\n\r\n", false},
		{"GET / HTTP/1.0\r\nConnection: Keep-Alive\r\n\r\n", true},
		{"GET / HTTP/1.1\n" + "Host: h\n\r\n\r\n", true}, // RFC 9112, 2.2: a line may end in LF
	} {
		list, _ := answers(t, talk(t, h, c.request+ok))
		if want := map[bool]int{true: 2, false: 1}[c.stays]; len(list) != want ||
			list[0].Close == c.stays {
			t.Errorf("%q: %d answers, closes %v", c.request, len(list), list[0].Close)
		}
	}
	// Pipelined requests are answered in order.
	var many strings.Builder
	for i := range 100 {
		fmt.Fprintf(&many, "GET /%d HTTP/1.1\r\n%s\r\n", i, toH)
	}
	_, bodies := answers(t, talk(t, h, many.String()+ok))
	if len(bodies) != 101 {
		t.Fatalf("%d answers", len(bodies))
	}
	for i, body := range bodies[:100] {
		if r := decodeReceived(t, body); r.url != fmt.Sprintf("http://h/%d", i) {
			t.Errorf("answer %d is to %s", i, r.url)
		}
	}
}

// TestRequestHeader wants every header as it came, in order, the repeated ones too.
func TestRequestHeader(t *testing.T) {
	h := startMirror(t, hosttest.Options{})
	_, bodies := answers(t, talk(t, h, "GET / HTTP/1.1\r\ncontent-TYPE: a\r\nContent-Type: b\r\n"+
		"User-Agent: x\r\nuser-agent: y\r\nX-Empty:\r\nx_a.b: \tc \r\nCookie: a=1\r\n"+
		"Cookie: b=2\r\n"+
		"X-Latin: \xe4\r\nTrailer: X-Empty\r\n"+toH+end))
	got := decodeReceived(t, bodies[0]).header
	want := [][2]string{{"Content-Type", "a"}, {"Content-Type", "b"}, {"User-Agent", "x"},
		{"User-Agent", "y"},
		{"X-Empty", ""}, {"X_a.b", "c"}, {"Cookie", "a=1; b=2"}, {"X-Latin", "\xe4"},
		{"Trailer", "X-Empty"}, {"Host", "h"}, {"Connection", "close"},
		{"Cf-Connecting-Ip", "127.0.0.1"},
		{"X-Forwarded-For", "127.0.0.1"}, {"X-Forwarded-Proto", "http"}}
	if !slices.Equal(got, want) {
		t.Errorf("the Worker sees %q, want %q", got, want)
	}
}
