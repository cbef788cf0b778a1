package nethttp

import (
	"bytes"
	"context"
	"crypto/tls"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"

	"github.com/cairn-dev/cairn/abi/wire"
	"github.com/cairn-dev/cairn/guest"
)

// Worker returns what guest.RegisterWorker takes: h answers every request. A
// handler finds the Worker's env with [Env].
func Worker(h http.Handler) func(*guest.Request, *guest.Env) (*guest.Response, error) {
	return func(req *guest.Request, env *guest.Env) (*guest.Response, error) {
		resp, err := serve(context.WithValue(context.Background(), envKey{}, env), h, req)
		if err == http.ErrAbortHandler {
			// A server of net/http hangs up, without a word in its log.
			return guest.Text(http.StatusInternalServerError, "Internal Server Error"), nil
		}
		return resp, err
	}
}

type envKey struct{}

// Env returns the env of the Worker whose request has this context. In an
// object's Fetch it is nil: the object has its own.
func Env(ctx context.Context) *guest.Env {
	env, _ := ctx.Value(envKey{}).(*guest.Env)
	return env
}

// Serve answers a request with h, as an object's Fetch does. A panic of h is an
// error for the caller, as in every handler.
func Serve(h http.Handler, req *guest.Request) (*guest.Response, error) {
	return serve(context.Background(), h, req)
}

// server is what handlers find under http.ServerContextKey, by which some tell
// whether a panic of theirs is recovered.
var server http.Server

func serve(ctx context.Context, h http.Handler, req *guest.Request) (_ *guest.Response, err error) {
	ctx, cancel := context.WithCancel(context.WithValue(ctx, http.ServerContextKey, &server))
	defer cancel()
	r := newRequest(req)
	w := &response{head: r.Method == http.MethodHead}
	// http.ErrAbortHandler says that a handler gave up, and nothing of the reason: the
	// panic is an error like one that was returned, and no stack goes to the log.
	defer func() {
		if v := recover(); v == http.ErrAbortHandler {
			err = http.ErrAbortHandler
		} else if v != nil {
			panic(v)
		}
	}()
	h.ServeHTTP(w, r.WithContext(ctx))
	return w.finish(), nil
}

// newRequest makes what a server of net/http would hand to its handler.
func newRequest(req *guest.Request) *http.Request {
	r := &http.Request{
		Method: req.Method, Header: toHTTP(&req.Header), Host: req.URL.Host,
		Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
		Body: http.NoBody, ContentLength: int64(len(req.Body)),
	}
	if r.Method == "" {
		r.Method = http.MethodGet
	}
	r.RequestURI, r.URL = target(req.URL)
	if req.URL.Scheme == "https" {
		r.TLS = &tls.ConnectionState{HandshakeComplete: true}
	}
	if host := r.Header.Get("Host"); host != "" {
		r.Host = host
	}
	if ip := r.Header.Get("Cf-Connecting-Ip"); ip != "" {
		r.RemoteAddr = net.JoinHostPort(ip, "0") // whoever wants the port splits it off
	}
	if r.Header.Get("Transfer-Encoding") != "" {
		r.TransferEncoding, r.ContentLength = []string{"chunked"}, -1
		r.Header.Del("Content-Length")
	}
	for _, name := range []string{"Host", "Transfer-Encoding", "Trailer"} {
		r.Header.Del(name) // net/http has them elsewhere
	}
	r.Close = strings.EqualFold(r.Header.Get("Connection"), "close")
	if len(req.Body) > 0 || r.ContentLength < 0 {
		r.Body = &body{Reader: bytes.NewReader(req.Body)}
	}
	return r
}

// target returns a URL without scheme and host, as text and as net/http's server
// reads it. That one refuses a path that is none for net/url; here the handler
// gets it.
func target(u *url.URL) (string, *url.URL) {
	path := u.EscapedPath()
	if u.RawPath != "" && string(wire.Unescape([]byte(u.RawPath), false)) == u.Path {
		path = u.RawPath
	}
	if path == "" {
		path = "/"
	}
	text := path
	if u.RawQuery != "" || u.ForceQuery {
		text += "?" + u.RawQuery
	}
	if u.Fragment != "" { // a server knows none
		text += "#" + u.EscapedFragment()
	}
	if parsed, err := url.ParseRequestURI(text); err == nil {
		return text, parsed
	}
	return text, &url.URL{
		Path: u.Path, RawPath: u.RawPath, RawQuery: u.RawQuery, ForceQuery: u.ForceQuery,
	}
}

// body is the body of a request: all of it is there.
type body struct {
	*bytes.Reader
	closed bool
}

// Read implements io.Reader.
func (b *body) Read(p []byte) (int, error) {
	if b.closed {
		return 0, http.ErrBodyReadAfterClose
	}
	return b.Reader.Read(p)
}

// WriteTo is hidden: it would not see that the body is closed.
func (b *body) WriteTo(w io.Writer) (int64, error) {
	return io.Copy(w, struct{ io.Reader }{b})
}

// Close implements io.Closer.
func (b *body) Close() error { b.closed = true; return nil }
