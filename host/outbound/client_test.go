package outbound

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"net/url"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/cairn-dev/cairn/abi"
	"github.com/cairn-dev/cairn/abi/wire"
	"github.com/cairn-dev/cairn/host/event"
	"github.com/cairn-dev/cairn/host/gate"
	"github.com/cairn-dev/cairn/host/hostfunc"
	"github.com/cairn-dev/cairn/host/placement"
)

// durable is a gate before which all is durable that was ever asked for.
func durable() *gate.Gate {
	return gate.New(func(context.Context, uint64) error { return nil }, placement.Local{})
}

// internet is names, and one server behind all of their addresses.
type internet struct {
	server *httptest.Server

	mu     sync.Mutex
	names  map[string][][]string // the answers, one after another; the last stays
	looked []string
	dialed []string
}

func newInternet(t *testing.T, handler http.HandlerFunc) *internet {
	n := &internet{server: httptest.NewServer(handler), names: map[string][][]string{}}
	t.Cleanup(n.server.Close)
	return n
}

func (n *internet) LookupNetIP(_ context.Context, _, host string) (ips []netip.Addr, err error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.looked = append(n.looked, host)
	answers := n.names[host]
	if len(answers) == 0 {
		return nil, &net.DNSError{Err: "no such host", Name: host, IsNotFound: true}
	}
	if len(answers) > 1 {
		n.names[host] = answers[1:]
	}
	for _, text := range answers[0] {
		ips = append(ips, netip.MustParseAddr(text))
	}
	return ips, nil
}

func (n *internet) dial(ctx context.Context, network, address string) (net.Conn, error) {
	n.mu.Lock()
	n.dialed = append(n.dialed, address)
	n.mu.Unlock()
	return new(net.Dialer).DialContext(ctx, network, n.server.Listener.Addr().String())
}

func newClient(t *testing.T, n *internet, o Options) *Client {
	t.Helper()
	if o.Gate == nil {
		o.Gate = durable()
	}
	if n != nil {
		o.Resolver, o.Dial = n, n.dial
	}
	c, err := New(o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	return c
}

type answer struct {
	status int
	header http.Header
	body   string
}

// fetch sends a request with header pairs.
func fetch(c *Client, method, url, body string, header ...string) (answer, error) {
	r := wire.Request{Method: []byte(method), URL: []byte(url), Body: []byte(body)}
	for i := 0; i < len(header); i += 2 {
		r.Header = wire.AppendHeader(r.Header, header[i], header[i+1])
	}
	out, err := c.Fetch(context.Background(), gate.Mark{},
		wire.AppendRequest(nil, &r), []byte("kept"))
	if err != nil {
		return answer{}, err
	}
	var resp wire.Response
	if err := wire.DecodeResponse(bytes.TrimPrefix(out, []byte("kept")), &resp); err != nil {
		return answer{}, err
	}
	a := answer{int(resp.Status), http.Header{}, string(resp.Body)}
	return a, resp.Header.Each(func(name, value []byte) bool {
		a.header.Add(string(name), string(value))
		return true
	})
}

// wantError checks that an error is a guest's, and what it says.
func wantError(t *testing.T, err error, flags byte, parts ...string) {
	t.Helper()
	var told *event.Error
	if !errors.As(err, &told) || told.Flags != flags {
		t.Fatalf("error %#v, want a *event.Error with flags %d", err, flags)
	}
	for _, part := range parts {
		if !strings.Contains(told.Message, part) {
			t.Errorf("error %q does not say %q", told.Message, part)
		}
	}
}

// A loopback server that is listed gets the request, and the guest its answer,
// without what belongs to the connection.
func TestFetch(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		w.Header().Set("Connection", "X-Hop")
		w.Header().Set("X-Hop", "1")
		w.Header().Set("Keep-Alive", "timeout=5")
		w.Header()["Set-Cookie"] = []string{"a=1", "b=2"}
		w.WriteHeader(http.StatusTeapot)
		fmt.Fprintf(w, "%s %s %s [%s] own=%q", r.Method, r.Host, r.URL, body, r.Header["X-Own"])
		for _, name := range []string{"User-Agent", "X-Listed", "Te", "Upgrade",
			"Proxy-Authorization", "Referer"} {
			if v, ok := r.Header[name]; ok {
				fmt.Fprintf(w, " %s=%q", name, v)
			}
		}
	}))
	defer server.Close()
	c := newClient(t, nil, Options{Allow: []string{"127.0.0.1"}})
	got, err := fetch(c, "post", server.URL+"/p?q=1#f", "body", "x-own", "1", "X-Own", "2",
		"Host", "evil.example",
		"Content-Length", "99", "Connection", "X-Listed", "X-Listed", "1", "TE", "trailers",
		"Upgrade", "websocket",
		"Proxy-Authorization", "secret")
	if err != nil {
		t.Fatal(err)
	}
	host := strings.TrimPrefix(server.URL, "http://")
	if want := "POST " + host + ` /p?q=1 [body] own=["1" "2"]`; got.status != 418 ||
		got.body != want {
		t.Errorf("%d %s\nwant %s", got.status, got.body, want)
	}
	for _, name := range []string{"Connection", "X-Hop", "Keep-Alive", "Transfer-Encoding"} {
		if got.header[name] != nil {
			t.Errorf("header %s: %q", name, got.header[name])
		}
	}
	if cookies := got.header["Set-Cookie"]; len(cookies) != 2 {
		t.Errorf("cookies %q, want both", cookies)
	}
}

// Without a list nothing is allowed, and the error says what to do. Nothing is
// looked up either.
func TestNotAllowed(t *testing.T) {
	n := newInternet(t, func(http.ResponseWriter, *http.Request) { t.Error("a request was sent") })
	c := newClient(t, n, Options{})
	_, err := fetch(c, "GET", "https://api.example.com/x", "")
	wantError(t, err, 0, "api.example.com:443", "--allow-host api.example.com")
	_, err = fetch(c, "GET", n.server.URL, "")
	wantError(t, err, 0, "127.0.0.1", "--allow-host 127.0.0.1")
	if n.looked != nil || n.dialed != nil {
		t.Errorf("looked up %q, dialed %q", n.looked, n.dialed)
	}
}

// A name is allowed, but what it resolves to is not.
func TestInsideNames(t *testing.T) {
	n := newInternet(t, func(w http.ResponseWriter, r *http.Request) {
		io.WriteString(w, "reached")
	})
	n.names["inside.example.com"] = [][]string{{"10.0.0.7"}}
	n.names["metadata.example.com"] = [][]string{{"::ffff:169.254.169.254"}}
	n.names["both.example.com"] = [][]string{{"127.0.0.1", "8.8.4.4"}}
	n.names["db.internal"] = [][]string{{"10.0.0.8"}}
	c := newClient(t, n, Options{Allow: []string{"*", "db.internal"}})
	_, err := fetch(c, "GET", "http://inside.example.com/", "")
	wantError(t, err, 0, "inside.example.com", "not public", "--allow-host inside.example.com")
	if strings.Contains(err.Error(), "10.0.0.7") {
		t.Errorf("error tells of the network: %v", err)
	}
	_, err = fetch(c, "GET", "http://metadata.example.com/", "")
	wantError(t, err, 0, "not public")
	if n.dialed != nil {
		t.Fatalf("dialed %q", n.dialed)
	}
	for _, host := range []string{"both.example.com", "db.internal"} {
		if got, err := fetch(c, "GET", "http://"+host+"/", ""); err != nil ||
			got.body != "reached" {
			t.Errorf("%s: %v %v", host, got, err)
		}
	}
	if got := fmt.Sprint(n.dialed); got != "[8.8.4.4:80 10.0.0.8:80]" {
		t.Errorf("dialed %s, want the public address only", got)
	}
}

// A name server that answers otherwise at the second time gains nothing: what
// was checked is what is dialed, and a new connection is a new check.
func TestRebinding(t *testing.T) {
	n := newInternet(t, func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Connection", "close")
		io.WriteString(w, "reached")
	})
	n.names["rebind.example.com"] = [][]string{{"8.8.8.8"}, {"127.0.0.1"}}
	c := newClient(t, n, Options{Allow: []string{"*.example.com"}})
	if got, err := fetch(c, "GET", "http://rebind.example.com/", ""); err != nil ||
		got.body != "reached" {
		t.Fatalf("%v %v", got, err)
	}
	_, err := fetch(c, "GET", "http://rebind.example.com/", "")
	wantError(t, err, 0, "not public")
	if got := fmt.Sprint(n.dialed); got != "[8.8.8.8:80]" {
		t.Errorf("dialed %s", got)
	}
}

// Each hop of a redirect is checked, and there are so many of them.
func TestRedirects(t *testing.T) {
	n := newInternet(t, func(w http.ResponseWriter, r *http.Request) {
		hops := 0
		if _, err := fmt.Sscanf(r.URL.Path, "/hops/%d", &hops); err == nil && hops > 0 {
			http.Redirect(w, r, fmt.Sprintf("/hops/%d", hops-1), http.StatusFound)
			return
		}
		if to := r.FormValue("to"); to != "" {
			w.Header().Set("Location", to)
			w.WriteHeader(http.StatusTemporaryRedirect)
			return
		}
		body, _ := io.ReadAll(r.Body)
		fmt.Fprintf(w, "%s %s [%s] auth=%q referer=%q", r.Method, r.Host, body,
			r.Header.Get("Authorization"), r.Header.Get("Referer"))
	})
	for _, host := range []string{"a.example.com", "b.example.com", "other.example.net"} {
		n.names[host] = [][]string{{"8.8.8.8"}}
	}
	n.names["inside.example.com"] = [][]string{{"127.0.0.1"}}
	c := newClient(t, n, Options{Allow: []string{"*.example.com"}})
	via := func(to string) string {
		return "http://a.example.com/?secret=1&to=" + url.QueryEscape(to)
	}

	got, err := fetch(c, "POST", via("http://b.example.com/"), "body", "Authorization", "secret")
	if want := `POST b.example.com [body] auth="" referer=""`; err != nil || got.body != want {
		t.Errorf("%v %v, want %s", got, err, want)
	}
	for to, text := range map[string]string{
		"http://other.example.net/":        "--allow-host other.example.net",
		"http://127.0.0.1:1/":              "127.0.0.1",
		"http://169.254.169.254/":          "169.254.169.254",
		"http://inside.example.com/":       "not public",
		"ftp://b.example.com/":             "only http and https",
		"http://user:pw@b.example.com/":    "credentials",
		"http://a.example.com:70000/x?to=": "port",
	} {
		_, err := fetch(c, "POST", via(to), "body")
		wantError(t, err, 0, text)
	}
	if got, err := fetch(c, "GET", "http://a.example.com/hops/20", ""); err != nil ||
		got.status != 200 {
		t.Errorf("20 hops: %v %v", got, err)
	}
	_, err = fetch(c, "GET", "http://a.example.com/hops/21", "")
	wantError(t, err, 0, "Too many redirects")
	for _, address := range n.dialed {
		if address != "8.8.8.8:80" {
			t.Errorf("dialed %s", address)
		}
	}
}

// A response may be as large as the limit, whether the server says its length,
// does not, or has packed it.
func TestSizes(t *testing.T) {
	const limit = 1000
	n := newInternet(t, func(w http.ResponseWriter, r *http.Request) {
		var size int
		fmt.Sscanf(r.FormValue("size"), "%d", &size)
		body := bytes.Repeat([]byte("x"), size)
		switch r.URL.Path {
		case "/length":
			w.Header().Set("Content-Length", fmt.Sprint(size))
		case "/chunked":
			w.(http.Flusher).Flush()
		case "/gzip":
			w.Header().Set("Content-Encoding", "gzip")
			z := gzip.NewWriter(w)
			z.Write(body)
			z.Close()
			return
		}
		w.Write(body)
	})
	n.names["a.example.com"] = [][]string{{"8.8.8.8"}}
	c := newClient(t, n, Options{Allow: []string{"*"}, MaxBody: limit})
	for _, path := range []string{"length", "chunked", "gzip"} {
		address := "http://a.example.com/" + path + "?size="
		if got, err := fetch(c, "GET", address+"1000", ""); err != nil || len(got.body) != limit {
			t.Errorf("%s: %d bytes, %v", path, len(got.body), err)
		}
		_, err := fetch(c, "GET", address+"1001", "")
		wantError(t, err, 0, "larger than 1000 bytes")
	}
	// The body has no more than it may, but with its header it is no message.
	c = newClient(t, n, Options{Allow: []string{"*"}})
	_, err := fetch(c, "GET", fmt.Sprint("http://a.example.com/length?size=",
		abi.MaxMessageBytes), "")
	wantError(t, err, 0, "larger than 33554432 bytes")
	got, err := fetch(c, "HEAD", fmt.Sprint("http://a.example.com/length?size=",
		abi.MaxMessageBytes+1), "")
	if err != nil || got.body != "" {
		t.Errorf("HEAD: %v %v", got, err)
	}
}

// What is no request is refused before it is sent.
func TestInvalidRequests(t *testing.T) {
	n := newInternet(t, func(http.ResponseWriter, *http.Request) { t.Error("a request was sent") })
	c := newClient(t, n, Options{Allow: []string{"*"}})
	for _, r := range [][]string{
		{"GET", "/relative"},
		{"GET", "http://%zz/"},
		{"GET", "//a.example.com/"},
		{"CONNECT", "http://a.example.com/"},
		{"trace", "http://a.example.com/"},
		{"A B", "http://a.example.com/"},
		{"GET", "http://a.example.com/", "bad name", "1"},
		{"GET", "http://a.example.com/", "X-A", "1\r\nX-B: 2"},
	} {
		_, err := fetch(c, r[0], r[1], "", r[2:]...)
		wantError(t, err, 0)
	}
	if _, err := c.Fetch(t.Context(), gate.Mark{}, []byte("junk"), nil); !errors.Is(err,
		hostfunc.ErrInvalid) {
		t.Errorf("junk: %v", err)
	}
}

// Whoever cannot be reached is lost, and the guest may try again.
func TestLost(t *testing.T) {
	n := newInternet(t, func(w http.ResponseWriter, r *http.Request) {
		panic(http.ErrAbortHandler)
	})
	n.names["a.example.com"] = [][]string{{"8.8.8.8"}}
	c := newClient(t, n, Options{Allow: []string{"*"}})
	for _, host := range []string{"a.example.com", "missing.example.com"} {
		_, err := fetch(c, "POST", "http://"+host+"/", "body")
		wantError(t, err, wire.ErrorRetryable, "Network connection lost.")
	}
}

// The time limit holds for a server that does not answer, and for one that does
// not finish its body; Close ends what is under way.
func TestTimeout(t *testing.T) {
	for _, head := range []string{"", "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nbody"} {
		synctest.Test(t, func(t *testing.T) {
			c := newClient(t, nil, Options{
				Allow: []string{"8.8.8.8"}, Timeout: 5 * time.Second,
				Dial: func(context.Context, string, string) (net.Conn, error) {
					ours, theirs := net.Pipe()
					go func() {
						if _, err := http.ReadRequest(bufio.NewReader(theirs)); err == nil {
							io.WriteString(theirs, head)
						}
						io.Copy(io.Discard, theirs) // until it is closed
						theirs.Close()
					}()
					return ours, nil
				},
			})
			begun := time.Now()
			_, err := fetch(c, "GET", "http://8.8.8.8/", "")
			wantError(t, err, wire.ErrorRetryable, "8.8.8.8", "5s")
			if took := time.Since(begun); took != 5*time.Second {
				t.Errorf("took %v", took)
			}
			done := make(chan error)
			go func() { _, err := fetch(c, "GET", "http://8.8.8.8/", ""); done <- err }()
			synctest.Wait()
			c.Close()
			wantError(t, <-done, wire.ErrorRetryable, "lost")
		})
	}
}

// An address that does not answer leaves time for the next one.
func TestNextAddress(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, err := New(Options{Gate: durable(), Allow: []string{"*"},
			Dial: func(ctx context.Context, _, address string) (net.Conn, error) {
				if address == "8.8.8.8:80" {
					<-ctx.Done()
					return nil, ctx.Err()
				}
				ours, theirs := net.Pipe()
				theirs.Close()
				return ours, nil
			}})
		if err != nil {
			t.Fatal(err)
		}
		begun := time.Now()
		ips := []netip.Addr{netip.MustParseAddr("8.8.8.8"), netip.MustParseAddr("8.8.4.4")}
		conn, err := c.dialAny(t.Context(), target{host: "a.example.com", port: 80}, ips)
		if err != nil || time.Since(begun) != dialTimeout {
			t.Fatalf("%v after %v", err, time.Since(begun))
		}
		conn.Close()
	})
}
