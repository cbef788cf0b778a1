package nethttp

import (
	"bytes"
	"context"
	"io"
	"net/http"

	"github.com/cairn-dev/cairn/guest"
)

// Worker returns what guest.RegisterWorker takes: h answers every request. A
// handler finds the Worker's env with [Env].
func Worker(h http.Handler) func(*guest.Request, *guest.Env) (*guest.Response, error) {
	return func(req *guest.Request, env *guest.Env) (*guest.Response, error) {
		return serve(context.WithValue(context.Background(), envKey{}, env), h, req)
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

func serve(ctx context.Context, h http.Handler, req *guest.Request) (*guest.Response, error) {
	w := &response{}
	h.ServeHTTP(w, newRequest(ctx, req))
	return w.finish(), nil
}

// newRequest makes what a server of net/http would hand to its handler.
func newRequest(ctx context.Context, req *guest.Request) *http.Request {
	method := req.Method
	if method == "" {
		method = http.MethodGet
	}
	r := &http.Request{
		Method: method, URL: req.URL, Header: toHTTP(&req.Header),
		Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
		Body: http.NoBody, ContentLength: int64(len(req.Body)),
		Host: req.URL.Host, RequestURI: req.URL.RequestURI(),
	}
	if host := r.Header.Get("Host"); host != "" {
		r.Host = host
	}
	r.Header.Del("Host") // where net/http has it
	if len(req.Body) > 0 {
		r.Body = io.NopCloser(bytes.NewReader(req.Body))
	}
	return r.WithContext(ctx)
}

// response is the http.ResponseWriter of one request.
type response struct {
	header  http.Header
	status  int
	written http.Header // the header when the status was written; later changes do not count
	body    bytes.Buffer
}

// Header implements http.ResponseWriter.
func (w *response) Header() http.Header {
	if w.header == nil {
		w.header = http.Header{}
	}
	return w.header
}

// WriteHeader implements http.ResponseWriter. Of several the first counts, and
// an informational one is passed over.
func (w *response) WriteHeader(status int) {
	if w.status != 0 || status >= 100 && status < 200 && status != http.StatusSwitchingProtocols {
		return
	}
	w.status, w.written = status, w.header.Clone()
}

// Write implements http.ResponseWriter.
func (w *response) Write(b []byte) (int, error) {
	if w.status == 0 {
		w.WriteHeader(http.StatusOK)
	}
	if w.status == http.StatusNoContent || w.status == http.StatusNotModified {
		return 0, http.ErrBodyNotAllowed
	}
	return w.body.Write(b)
}

func (w *response) finish() *guest.Response {
	if w.status == 0 {
		w.WriteHeader(http.StatusOK)
	}
	resp := &guest.Response{Status: w.status, Body: w.body.Bytes()}
	resp.Header = fromHTTP(w.written)
	if _, set := w.written["Content-Type"]; !set && w.body.Len() > 0 {
		resp.Header.Set("Content-Type", http.DetectContentType(w.body.Bytes()))
	}
	return resp
}
