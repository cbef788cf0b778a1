package nethttp_test

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"context"
	"fmt"
	"io"
	"log"
	"maps"
	"net"
	"net/http"
	"net/http/httptest"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/cairn-dev/cairn/guest"
	"github.com/cairn-dev/cairn/guest/guesttest"
	"github.com/cairn-dev/cairn/guest/nethttp"
)

// dump shows all that a handler can know of a request.
func dump(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	host, _, _ := net.SplitHostPort(r.RemoteAddr)
	fmt.Fprintf(w, "%s %#v %q %q %s %s\n", r.Method, r.URL, r.RequestURI, r.Host, r.Proto, host)
	fmt.Fprintf(w, "length %d encoding %q close %v tls %v pattern %q\n",
		r.ContentLength, r.TransferEncoding, r.Close, r.TLS != nil, r.Pattern)
	for _, name := range slices.Sorted(maps.Keys(r.Header)) {
		fmt.Fprintf(w, "%s: %q\n", name, r.Header[name])
	}
	fmt.Fprintf(w, "%q %v %v %v", body, err, r.Form, r.Context().Err())
}

// content is served whole, in parts, or not at all.
func content(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("ETag", `"e"`)
	http.ServeContent(w, r, "a.txt", time.Unix(1e9, 0),
		strings.NewReader(strings.Repeat("0123456789", 500)))
}

func form(w http.ResponseWriter, r *http.Request) {
	r.Body = http.MaxBytesReader(w, r.Body, 300)
	err := r.ParseMultipartForm(1 << 20)
	fmt.Fprintf(w, "%v %v %v", err, r.Form, r.PostForm)
	if file, header, err := r.FormFile("file"); err == nil {
		text, err := io.ReadAll(file)
		fmt.Fprintf(w, " %s %q %v", header.Filename, text, err)
	}
}

// answers are handlers, each of which does one thing to its response.
var answers = map[string]http.HandlerFunc{
	"nothing":     func(http.ResponseWriter, *http.Request) {},
	"empty write": func(w http.ResponseWriter, _ *http.Request) { w.Write(nil) },
	"html": func(w http.ResponseWriter, _ *http.Request) {
		io.WriteString(w, "<!DOCTYPE html>")
	},
	"in pieces": func(w http.ResponseWriter, _ *http.Request) {
		for _, piece := range []string{"<", "html", ">"} {
			io.WriteString(w, piece)
		}
	},
	"flushed early": func(w http.ResponseWriter, _ *http.Request) {
		io.WriteString(w, "<")
		w.(http.Flusher).Flush()
		w.Header().Set("X-Late", "1")
		io.WriteString(w, "html>")
	},
	"flushed before": func(w http.ResponseWriter, _ *http.Request) {
		http.NewResponseController(w).Flush()
		io.WriteString(w, "<html>")
	},
	"long": func(w http.ResponseWriter, _ *http.Request) {
		w.Write(bytes.Repeat([]byte("\x00ab"), 10000))
	},
	"gzip, said":     func(w http.ResponseWriter, _ *http.Request) { zip(w, "gzip") },
	"gzip, not said": func(w http.ResponseWriter, _ *http.Request) { zip(w, "") },
	"type, none": func(w http.ResponseWriter, _ *http.Request) {
		w.Header()["Content-Type"] = nil
		w.Write([]byte("a"))
	},
	"type, empty": func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "")
		w.Write([]byte("a"))
	},
	"type, twice":      many("Content-Type", "a/a", "b/b"),
	"cookies":          many("Set-Cookie", "a=1; Path=/", "b=2", "a=3"),
	"a name that none": many("X A", "1"),
	"an empty name":    many("", "1"),
	"lower case":       many("x-lower", "1", "2"),
	"broken value":     many("X-A", "a\r\nX-B: 1", " padded\t"),
	"a trailer": func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Trailer", "X-T, X-U")
		w.Header().Set("X-T", "early")
		io.WriteString(w, "a")
		w.Header().Set("X-U", "late")
		w.Header().Set(http.TrailerPrefix+"X-V", "later")
	},
	"header after": func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("X-A", "1")
		w.WriteHeader(202)
		w.Header().Set("X-A", "2")
		w.Header().Set("X-B", "2")
		w.WriteHeader(500)
		io.WriteString(w, "a")
	},
	"informational": func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Link", "a")
		w.WriteHeader(103)
		w.WriteHeader(102)
		w.Header().Del("Link")
		w.WriteHeader(201)
	},
	"length, right": func(w http.ResponseWriter, _ *http.Request) { length(w, "3", "abc") },
	"length, short": func(w http.ResponseWriter, _ *http.Request) {
		length(w, "3", "abc", "d", "")
	},
	"length, none":  func(w http.ResponseWriter, _ *http.Request) { length(w, "x", "abc") },
	"length, minus": func(w http.ResponseWriter, _ *http.Request) { length(w, "-1", "abc") },
	"length, zero":  func(w http.ResponseWriter, _ *http.Request) { length(w, "0") },
	"length, head":  func(w http.ResponseWriter, r *http.Request) { headLength(w, r) },
	"error":         func(w http.ResponseWriter, _ *http.Request) { http.Error(w, "<b>", 418) },
	"error, over": func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Length", "99")
		w.Header().Set("ETag", "x")
		http.Error(w, "bad", 500)
	},
	"redirect": func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, "b?c=d", 302)
	},
	"redirect, up": func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, "../x y/é", 307)
	},
	"redirect, away": func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, "https://h/", 303)
	},
	"not found": http.NotFound,
	"cookie": func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprint(w, r.Cookies(), r.UserAgent(), r.Referer())
	},
	"basic": func(w http.ResponseWriter, r *http.Request) {
		u, p, ok := r.BasicAuth()
		fmt.Fprint(w, u, p, ok)
	},
	"controller":  controller,
	"closed body": closedBody,
	"body and copy": func(w http.ResponseWriter, r *http.Request) {
		n, err := io.Copy(w, r.Body)
		fmt.Fprint(w, n, err)
	},
	"timeout handler": http.TimeoutHandler(http.HandlerFunc(dump), time.Hour, "late").ServeHTTP,
	"strip prefix":    http.StripPrefix("/a", http.HandlerFunc(dump)).ServeHTTP,
	"panic":           func(http.ResponseWriter, *http.Request) { panic("no more") },
	"panic, late": func(w http.ResponseWriter, _ *http.Request) {
		io.WriteString(w, "a")
		panic("no more")
	},
	"abort": func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) },
}

func zip(w http.ResponseWriter, encoding string) {
	if encoding != "" {
		w.Header().Set("Content-Encoding", encoding)
	}
	z := gzip.NewWriter(w)
	io.WriteString(z, "text")
	z.Close()
}

func many(name string, values ...string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header()[name] = values
		io.WriteString(w, "a")
	}
}

func length(w http.ResponseWriter, length string, pieces ...string) {
	w.Header().Set("Content-Length", length)
	var failed []error
	for _, piece := range pieces {
		_, err := io.WriteString(w, piece)
		failed = append(failed, err)
	}
	if want := []error{nil, http.ErrContentLength, nil}; len(pieces) == 3 &&
		!reflect.DeepEqual(failed, want) {
		panic(fmt.Sprint("the writes failed with ", failed))
	}
}

func headLength(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Content-Length", "7")
	if r.Method != http.MethodHead {
		io.WriteString(w, "7 bytes")
	}
}

func controller(w http.ResponseWriter, r *http.Request) {
	c := http.NewResponseController(w)
	fmt.Fprint(w, c.SetReadDeadline(time.Now().Add(time.Hour)),
		c.SetWriteDeadline(time.Now().Add(time.Hour)),
		c.EnableFullDuplex(), c.Flush())
}

func closedBody(w http.ResponseWriter, r *http.Request) {
	r.Body.Close()
	n, err := r.Body.Read(make([]byte, 10))
	fmt.Fprint(w, n, err)
}

// same are requests, as a client writes them, for handlers of TestSame's mux.
var same = func() (list []string) {
	get := func(method, target, header, body string) {
		if body != "" && !strings.Contains(header, "Transfer-Encoding") {
			header += fmt.Sprintf("Content-Length: %d\r\n", len(body))
		}
		list = append(list, method+" "+target+" HTTP/1.1\r\n"+
			"Host: front.example:81\r\n"+header+"\r\n"+body)
	}
	for _, target := range []string{
		"/dump", "/dump/", "/dump?", "/dump?a=1;b&c=%zz", "/dump/a%2Fb%20c?q#f",
		"/dump//a/../b", "//dump", "/dump/%E9/\xc3\xa9",
		"/dump/a+b,c;d=e!'()*~$&@:|[]", "/item/7", "/item/a%2Fb/c", "/item/", "/", "/none",
		"/host", "/files/x/y/z", "/dump/%41?x=%41",
	} {
		get("GET", target, "", "")
		get("HEAD", target, "", "")
		get("POST", target, "Content-Type: application/x-www-form-urlencoded\r\n", "a=1&b=%20&a=2")
	}
	get("PROPFIND", "/dump", "X-A: 1\r\nx-a: 2\r\nX-B:   padded \r\nX-Empty:\r\n", "")
	get("POST", "/dump", "Transfer-Encoding: chunked\r\nTrailer: X-T\r\n",
		"2\r\nab\r\n1\r\nc\r\n0\r\n\r\n")
	get("POST", "/dump", "Content-Length: 0\r\n", "")
	get("GET", "/dump", "Connection: close\r\n", "")
	get("GET", "/dump", "Cookie: a=1; b=2\r\nAccept: a\r\nAccept: b\r\n"+
		"Authorization: Basic YTpi\r\n", "")
	for _, header := range []string{
		"", "Range: bytes=0-9\r\n", "Range: bytes=-5\r\n", "Range: bytes=0-1,10-11\r\n",
		"Range: bytes=9999-\r\n",
		"Range: nonsense\r\n", "If-None-Match: \"e\"\r\n", "If-None-Match: \"f\"\r\n",
		"If-Match: \"f\"\r\n",
		"If-Modified-Since: Sun, 09 Sep 2001 01:46:40 GMT\r\n",
		"If-Range: \"f\"\r\nRange: bytes=0-9\r\n",
		"If-Unmodified-Since: Sun, 09 Sep 2000 01:46:40 GMT\r\n",
	} {
		get("GET", "/content", header, "")
		get("HEAD", "/content", header, "")
	}
	const kind = "Content-Type: multipart/form-data; boundary=b\r\n"
	parts := "--b\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\n1\r\n" +
		"--b\r\nContent-Disposition: form-data; name=\"file\"; filename=\"f.txt\"\r\n\r\n" +
		"%s\r\n--b--\r\n"
	get("POST", "/form?q=1", kind, fmt.Sprintf(parts, "whole"))
	get("POST", "/form?q=1", kind, fmt.Sprintf(parts, strings.Repeat("long", 200)))
	get("POST", "/form?q=1&a=0", "Content-Type: application/x-www-form-urlencoded\r\n",
		"a=1&a=2&b;c")
	get("POST", "/form", "", "neither")
	for name := range answers {
		for _, method := range []string{"GET", "HEAD"} {
			get(method, "/a/"+strings.NewReplacer(" ", "_", ",", "").Replace(name),
				"Cookie: c=1\r\n"+
					"Authorization: Basic YTpi\r\nUser-Agent: u\r\nReferer: r\r\n", "")
		}
		get("PUT", "/a/"+strings.NewReplacer(" ", "_", ",", "").Replace(name), "", "some body")
	}
	for _, code := range []int{-1, 0, 1, 99, 200, 201, 204, 205, 304, 404, 418, 500, 599, 1000} {
		get("GET", fmt.Sprint("/code?", code), "", "")
		get("HEAD", fmt.Sprint("/code?", code), "", "")
	}
	return list
}()

func sameMux() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("/dump", dump)
	mux.HandleFunc("/dump/", dump)
	mux.HandleFunc("GET /item/{id}", func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprintf(w, "%q %s", r.PathValue("id"), r.Pattern)
	})
	mux.HandleFunc("/files/{rest...}", func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprint(w, r.PathValue("rest"))
	})
	mux.HandleFunc("front.example/host", func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprint(w, r.Pattern)
	})
	mux.HandleFunc("/content", content)
	mux.HandleFunc("/form", form)
	mux.HandleFunc("/code", func(w http.ResponseWriter, r *http.Request) {
		var code int
		fmt.Sscan(r.URL.RawQuery, &code)
		w.Header().Set("Content-Type", "a/b")
		w.Header().Set("X-A", "1")
		w.WriteHeader(code)
		_, err := io.WriteString(w, "body")
		if allowed := code != 204 && code != 304; allowed != (err == nil) {
			panic(fmt.Sprint("the write failed with ", err))
		}
	})
	for name, h := range answers {
		mux.HandleFunc("/a/"+strings.NewReplacer(" ", "_", ",", "").Replace(name), h)
	}
	return mux
}

// seen is what a client sees of an answer; nothing, if the server hung up.
type seen struct {
	status int
	header http.Header
	body   string
}

// byServer sends a request to a server of net/http.
func byServer(t *testing.T, address, request string) seen {
	t.Helper()
	conn, err := net.Dial("tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	io.WriteString(conn, request)
	method, _, _ := strings.Cut(request, " ")
	r := bufio.NewReader(conn)
	for {
		resp, err := http.ReadResponse(r, &http.Request{Method: method})
		if err != nil {
			return seen{}
		}
		if resp.StatusCode < 200 {
			continue
		}
		body, err := io.ReadAll(resp.Body)
		if err != nil {
			return seen{}
		}
		return seen{resp.StatusCode, resp.Header, string(body)}
	}
}

// byGuest gives a request to the handler as a host would.
func byGuest(t *testing.T, h http.Handler, request string) seen {
	t.Helper()
	head, body, _ := strings.Cut(request, "\r\n\r\n")
	lines := strings.Split(head, "\r\n")
	part := strings.Split(lines[0], " ")
	req, err := guest.NewRequest(part[0], "http://front.example:81"+part[1], nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, line := range lines[1:] {
		name, value, _ := strings.Cut(line, ":")
		req.Header.Add(name, value)
	}
	req.Header.Set("CF-Connecting-IP", "127.0.0.1")
	if req.Body = []byte(body); req.Header.Get("Transfer-Encoding") != "" {
		req.Body = []byte("abc")
	}
	resp, failed := serveRecovered(h, req)
	if failed {
		return seen{}
	}
	s := seen{resp.Status, http.Header{}, string(resp.Body)}
	for name, value := range resp.Header.All() {
		s.header.Add(name, value)
	}
	return s
}

func serveRecovered(h http.Handler, req *guest.Request) (resp *guest.Response, failed bool) {
	defer func() { failed = failed || recover() != nil }()
	resp, err := nethttp.Serve(h, req)
	return resp, err != nil
}

var boundary = regexp.MustCompile("[0-9a-f]{60}")

// plain takes out what differs from one answer to the next, and what frames it.
func (s *seen) plain(framed bool) {
	s.body = boundary.ReplaceAllString(s.body, "boundary")
	for i, v := range s.header["Content-Type"] {
		s.header["Content-Type"][i] = boundary.ReplaceAllString(v, "boundary")
	}
	for _, name := range []string{"Date", "Connection", "Trailer"} {
		s.header.Del(name)
	}
	if framed {
		s.header.Del("Content-Length")
	}
}

// TestSame has the same handlers behind a server of net/http and here, and wants
// clients to see no difference, but for what frames a body and for the date. Where
// net/http hangs up, an answer is an error here.
func TestSame(t *testing.T) {
	mux := sameMux()
	handler := func(w http.ResponseWriter, r *http.Request) {
		r.Header.Set("CF-Connecting-IP", "127.0.0.1")
		mux.ServeHTTP(w, r)
	}
	server := httptest.NewUnstartedServer(http.HandlerFunc(handler))
	server.Config.ErrorLog = log.New(io.Discard, "", 0)
	server.Start()
	defer server.Close()
	for _, request := range same {
		if strings.HasPrefix(request, "HEAD /a/length_none") ||
			strings.HasPrefix(request, "HEAD /a/length_minus") {
			continue // net/http sends a length that is none as it is, and no client takes it
		}
		want := byServer(t, server.Listener.Addr().String(), request)
		got := byGuest(t, mux, request)
		framed := !strings.HasPrefix(request, "HEAD ") || want.header["Content-Length"] == nil
		for _, s := range []*seen{&want, &got} {
			s.plain(framed)
		}
		if got.status != want.status || got.body != want.body ||
			fmt.Sprint(got.header) != fmt.Sprint(want.header) {
			t.Errorf("%q\n got %d %v\n%.1000s\nwant %d %v\n%.1000s", request,
				got.status, got.header, got.body, want.status, want.header, want.body)
		}
	}
}

// quiet is a test that keeps what is logged.
type quiet struct {
	testing.TB
	lines []string
}

func (q *quiet) Logf(format string, args ...any) {
	q.lines = append(q.lines, fmt.Sprintf(format, args...))
}

// TestAbort wants the panic by which a handler gives up to be an answer of the
// Worker, and an error of an object, without a line in the log.
func TestAbort(t *testing.T) {
	q := &quiet{TB: t}
	h := guesttest.New(q, guesttest.Options{Script: "test",
		Bindings: map[string]string{"ROOMS": "Room"}})
	if resp := h.Get("/abort"); resp.Status != 500 || string(resp.Body) != "Internal Server Error" {
		t.Errorf("%d %q", resp.Status, resp.Body)
	}
	req, _ := guest.NewRequest("GET", "http://h/panic", nil)
	_, err := h.Namespace("ROOMS").GetByName("A").Fetch(req)
	if err == nil || err.Error() != http.ErrAbortHandler.Error() {
		t.Errorf("an object: %v", err)
	}
	if len(q.lines) > 0 {
		t.Errorf("logged %q", q.lines)
	}
	// Any other panic is worth a line.
	if resp := h.Get("/broken"); resp.Status != 500 || len(q.lines) == 0 {
		t.Errorf("%d, logged %q", resp.Status, q.lines)
	}
}

// TestRequest has what a server of net/http sees of a connection: the address
// from the host, and encryption from the URL.
func TestRequest(t *testing.T) {
	for _, c := range []struct{ url, ip, want string }{
		{"http://h/", "192.0.2.7", "192.0.2.7:0 false"},
		{"https://h/", "2001:db8::1", "[2001:db8::1]:0 true"},
		{"http://h/", "", " false"},
	} {
		req, _ := guest.NewRequest("GET", c.url, nil)
		if c.ip != "" {
			req.Header.Set("CF-Connecting-IP", c.ip)
		}
		var ctx context.Context
		resp, err := nethttp.Serve(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			fmt.Fprint(w, r.RemoteAddr, " ", r.TLS != nil)
			ctx = r.Context()
		}), req)
		if err != nil || string(resp.Body) != c.want {
			t.Errorf("%s: %q, %v", c.url, resp.Body, err)
		}
		if ctx.Err() == nil || ctx.Value(http.ServerContextKey) == nil {
			t.Error("the context outlives the handler, or knows no server")
		}
	}
	// net/http refuses this one before a handler sees it.
	req, _ := guest.NewRequest("GET", "http://h/100%/%41?%", nil)
	resp, err := nethttp.Serve(http.HandlerFunc(dump), req)
	if err != nil || !strings.Contains(string(resp.Body), `Path:"/100%/A"`) ||
		!strings.Contains(string(resp.Body), `"/100%/%41?%" "h"`) {
		t.Errorf("%s, %v", resp.Body, err)
	}
}
