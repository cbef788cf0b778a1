package loadgen

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"sync"
	"sync/atomic"
	"testing"
)

// server answers requests on connections of any kind. A handler writes an
// answer and says whether the connection goes on.
type server struct {
	handler func(r *http.Request, w io.Writer) bool

	mu       sync.Mutex
	requests map[string]int // by target
	opened   int
	bytesIn  uint64

	end func() // of listening; from then on the fields stand still
}

func newServer(handler func(r *http.Request, w io.Writer) bool) *server {
	return &server{handler: handler, requests: map[string]int{}}
}

func (s *server) serve(c net.Conn) {
	defer c.Close()
	in := bufio.NewReader(&counting{c, s})
	for {
		r, err := http.ReadRequest(in)
		if err != nil {
			return
		}
		s.mu.Lock()
		s.requests[r.URL.RequestURI()]++
		s.mu.Unlock()
		if !s.handler(r, c) {
			return
		}
	}
}

// counting counts what a server reads.
type counting struct {
	net.Conn
	server *server
}

func (c *counting) Read(b []byte) (int, error) {
	n, err := c.Conn.Read(b)
	c.server.mu.Lock()
	c.server.bytesIn += uint64(n)
	c.server.mu.Unlock()
	return n, err
}

// dial opens a pipe to the server.
func (s *server) dial(context.Context) (net.Conn, error) {
	client, end := net.Pipe()
	s.mu.Lock()
	s.opened++
	s.mu.Unlock()
	go s.serve(end)
	return client, nil
}

// listen serves on a port until the test ends, and returns its URL.
func (s *server) listen(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	var serving sync.WaitGroup
	serving.Go(func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			s.mu.Lock()
			s.opened++
			s.mu.Unlock()
			serving.Go(func() { s.serve(c) })
		}
	})
	s.end = func() {
		l.Close() // fails the second time
		serving.Wait()
	}
	t.Cleanup(s.end)
	return "http://" + l.Addr().String()
}

const okAnswer = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"

func answerOK(_ *http.Request, w io.Writer) bool {
	_, err := io.WriteString(w, okAnswer)
	return err == nil
}

// bench prepares a load; with a server, over its pipes and with a bubble's time.
func bench(t *testing.T, o Options, s *server) *Bench {
	t.Helper()
	b, err := New(o)
	if err != nil {
		t.Fatal(err)
	}
	if s != nil {
		b.dial, b.newSleeper = s.dial, newTimerSleeper
	}
	return b
}

func run(t *testing.T, b *Bench) *Report {
	t.Helper()
	r, err := b.Run(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// expected is what a load sends: how often each target, and how many reads.
func expected(t *testing.T, b *Bench) (targets map[string]int, reads uint64) {
	t.Helper()
	targets = map[string]int{}
	for k := range b.options.Requests {
		request, read := b.plan.pick(b.options.Seed, k)
		var target string
		if _, err := fmt.Sscanf(string(request), "GET %s", &target); err != nil {
			t.Fatal(err)
		}
		targets[target]++
		if read {
			reads++
		}
	}
	return targets, reads
}

// TestCounts compares what a server saw with the plan and the report, for both
// ways of sending.
func TestCounts(t *testing.T) {
	for _, rate := range []float64{0, 5000} {
		t.Run(fmt.Sprintf("rate=%v", rate), func(t *testing.T) {
			s := newServer(answerOK)
			o := Options{
				URL: s.listen(t), Reads: 0.3, Names: 10, Seed: 7, Connections: 8,
				Requests: 500, Rate: rate,
			}
			b := bench(t, o, nil)
			r := run(t, b)
			s.end()
			want, reads := expected(t, b)
			if fmt.Sprint(s.requests) != fmt.Sprint(want) {
				t.Errorf("the server saw %v, want %v", s.requests, want)
			}
			if r.OK != 500 || r.Reads != reads || r.Writes != 500-reads || r.Unfinished != 0 ||
				r.Errors.Total != 0 {
				t.Errorf("%+v, want 500 OK, %d of them reads", r, reads)
			}
			if r.BytesOut != s.bytesIn || r.BytesIn != 500*uint64(len(okAnswer)) {
				t.Errorf("%d bytes out and %d in, want %d and %d",
					r.BytesOut, r.BytesIn, s.bytesIn, 500*len(okAnswer))
			}
			if s.opened != 8 {
				t.Errorf("%d connections, want 8", s.opened)
			}
		})
	}
}

// TestWarmup sends the same requests after a warm-up as without.
func TestWarmup(t *testing.T) {
	warming := true
	var mu sync.Mutex
	s := newServer(answerOK)
	b := bench(t, Options{
		// Within a nanosecond come some requests or none.
		URL: s.listen(t), Names: 5, Connections: 2, Requests: 100, Warmup: 1,
	}, nil)
	dial := b.dial
	dials := 0
	b.dial = func(ctx context.Context) (net.Conn, error) {
		mu.Lock()
		defer mu.Unlock()
		if dials++; dials > 2 && warming {
			warming = false
			s.mu.Lock()
			clear(s.requests)
			s.mu.Unlock()
		}
		return dial(ctx)
	}
	r := run(t, b)
	s.end()
	if want, _ := expected(t, b); r.OK != 100 || warming ||
		fmt.Sprint(s.requests) != fmt.Sprint(want) {
		t.Errorf("%d OK, the server saw %v, want %v", r.OK, s.requests, want)
	}
}

// TestHTTPServer is a load on Go's own server, whose long answers are chunked.
func TestHTTPServer(t *testing.T) {
	h := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch r.FormValue("name") {
		case "o1":
			w.Write(make([]byte, 100_000))
		case "o2":
			w.Header().Set("Connection", "close")
			w.Write([]byte("short"))
		case "o3":
			w.WriteHeader(http.StatusNoContent)
		case "o4":
			w.WriteHeader(http.StatusTeapot)
		case "o5":
			w.WriteHeader(http.StatusFound)
		}
	}))
	defer h.Close()
	o := Options{URL: h.URL, Names: 6, Connections: 4, Requests: 600}
	b := bench(t, o, nil)
	names := map[string]uint64{}
	for k := range o.Requests {
		request, _ := b.plan.pick(o.Seed, k)
		names[string(request)]++
	}
	if len(names) != 6 {
		t.Fatalf("%d names, want 6", len(names))
	}
	teapot, found := names[string(b.plan.write.at(3))], names[string(b.plan.write.at(4))]
	r := run(t, b)
	if want := (map[string]uint64{"418": teapot, "302": found}); fmt.Sprint(r.Errors.Status) !=
		fmt.Sprint(want) {
		t.Errorf("statuses %v, want %v", r.Errors.Status, want)
	}
	if r.Errors.Total != teapot+found || r.OK != 600-teapot-found {
		t.Errorf("%d OK and %d errors, want %d errors of 600", r.OK, r.Errors.Total, teapot+found)
	}
	if min := names[string(b.plan.write.at(0))] * 100_000; r.BytesIn < min {
		t.Errorf("%d bytes in, want more than %d", r.BytesIn, min)
	}
}

// TestErrors makes each third answer a bad one and wants it under its kind, and
// the connection opened anew.
func TestErrors(t *testing.T) {
	for _, c := range []struct {
		name, answer string
		keep         bool
		want         Errors
	}{
		{"close", "HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n",
			false, Errors{}},
		{"until the end", "HTTP/1.1 200 OK\r\n\r\nall of it", false, Errors{}},
		{"status", "HTTP/1.1 503 Busy\r\nContent-Length: 0\r\n\r\n", true,
			Errors{Total: 10, Status: map[string]uint64{"503": 10}}},
		{"nothing", "", false, Errors{Total: 10, Read: 10}},
		{"cut", "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\ncut",
			false, Errors{Total: 10, Read: 10}},
		{"malformed", "SSH-2.0-OpenSSH_9.6\r\n", true, Errors{Total: 10, Malformed: 10}},
		{"too much", okAnswer + "!", true, Errors{Total: 10, Malformed: 10}},
	} {
		t.Run(c.name, func(t *testing.T) {
			var n atomic.Int64
			s := newServer(func(r *http.Request, w io.Writer) bool {
				if n.Add(1)%3 != 0 {
					return answerOK(r, w)
				}
				io.WriteString(w, c.answer)
				return c.keep
			})
			r := run(t, bench(t, Options{URL: s.listen(t), Connections: 1, Requests: 30}, nil))
			s.end()
			if c.want.Status == nil {
				c.want.Status = map[string]uint64{}
			}
			if fmt.Sprintf("%+v", r.Errors) != fmt.Sprintf("%+v", c.want) ||
				r.OK != 30-c.want.Total {
				t.Errorf("%d OK and errors %+v, want %+v", r.OK, r.Errors, c.want)
			}
			// The tenth bad answer is the last: nothing is sent after it.
			if want := map[bool]int{true: 1, false: 10}[c.name == "status"]; s.opened != want {
				t.Errorf("%d connections, want %d", s.opened, want)
			}
		})
	}
}

// TestNoServer wants an error rather than a report of nothing.
func TestNoServer(t *testing.T) {
	b := bench(t, Options{URL: "http://127.0.0.1:1"}, nil)
	refused := errors.New("refused")
	b.dial = func(context.Context) (net.Conn, error) { return nil, refused }
	if _, err := b.Run(t.Context()); !errors.Is(err, refused) {
		t.Errorf("%v, want %v", err, refused)
	}
}

// TestOptions refuses what is out of bounds.
func TestOptions(t *testing.T) {
	const url = "http://127.0.0.1:1"
	nan := 0.0
	nan /= nan
	for _, o := range []Options{
		{URL: url, Connections: -1},
		{URL: url, Connections: maxConnections + 1},
		{URL: url, Duration: -1},
		{URL: url, Duration: maxDuration + 1},
		{URL: url, Warmup: -1},
		{URL: url, Timeout: 1},
		{URL: url, Names: -1},
		{URL: url, Names: maxNames + 1},
		{URL: url, Reads: -0.1},
		{URL: url, Reads: 1.1},
		{URL: url, Reads: nan},
		{URL: url, Rate: -1},
		{URL: url, Rate: nan},
		{URL: url, Rate: 2 * maxRate},
		{URL: ""},
		{URL: "127.0.0.1:1"},
		{URL: "https://127.0.0.1:1"},
		{URL: "http://"},
		{URL: "http://user@127.0.0.1:1"},
		{URL: "http://{name}:1"},
		{URL: url + "/#part"},
		{URL: url + "#part"},
		{URL: url + "/a b"},
		{URL: url + "/a\r\nX: y"},
		{URL: url + "/é"},
		{URL: url, ReadPath: "/"},
		{URL: url, ReadPath: "no-slash", Reads: 1},
		{URL: url + "/a", Reads: 0.5},
	} {
		if _, err := New(o); err == nil {
			t.Errorf("%+v was accepted", o)
		}
	}
}
