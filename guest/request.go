package guest

import (
	"net/url"
	"strconv"

	"github.com/cairn-dev/cairn/abi/wire"
)

// Request is an HTTP request, one that came in or one to send.
//
// One that came in belongs to the call: the Request itself, what URL points to
// and Body are valid until the handler returns.
type Request struct {
	Method string // empty is GET

	// URL is what the client sent, never less: what url.Parse does not take of a
	// path, such as /100%, is kept. Its Path then has the escapes decoded that are
	// some, its RawPath is as it was sent, and so is what String returns.
	URL *url.URL

	Header Header
	Body   []byte
}

// NewRequest returns a request to send with [Stub.Fetch].
func NewRequest(method, rawURL string, body []byte) (*Request, error) {
	req := &Request{Method: method, URL: new(url.URL), Body: body}
	if err := parseURL(rawURL, req.URL); err != nil {
		return nil, typeError("Invalid URL: " + rawURL)
	}
	rootPath(req.URL)
	return req, nil
}

// decodeRequest decodes a request into req and u. Body and Header are views of
// b, the strings are not.
func decodeRequest(b []byte, req *Request, u *url.URL) error {
	var w wire.Request
	if err := wire.DecodeRequest(b, &w); err != nil {
		return err
	}
	if text := string(w.URL); parseURL(text, u) != nil {
		*u = *wire.LooseURL(text) // a Worker runs whatever a client writes
	}
	rootPath(u)
	req.Method, req.URL, req.Body = methodName(w.Method), u, w.Body
	req.Header = Header{raw: w.Header}
	return nil
}

// rootPath makes the empty path of an absolute URL the root, which is what HTTP
// and a browser's URL make of it.
func rootPath(u *url.URL) {
	if u.Path == "" && u.Host != "" {
		u.Path = "/"
	}
}

func appendRequest(b []byte, req *Request) ([]byte, error) {
	if req == nil || req.URL == nil {
		return b, typeError("guest: a request needs a URL")
	}
	method := req.Method
	if method == "" {
		method = "GET"
	}
	for i := range len(method) {
		if !wire.IsToken(method[i]) {
			return b, typeError("Invalid HTTP method string: " +
				strconv.QuoteToASCII(method[:min(len(method), 64)]))
		}
	}
	list, scratch, err := req.Header.encoded(takeBuffer())
	if err == nil {
		b = wire.AppendRequest(b, &wire.Request{
			Method: []byte(method),
			URL:    []byte(wire.URLText(req.URL)),
			Header: list,
			Body:   req.Body,
		})
	}
	giveBuffer(scratch)
	return b, err
}

// methodName returns a method as a string, without a new one for the usual.
func methodName(b []byte) string {
	switch string(b) {
	case "GET":
		return "GET"
	case "POST":
		return "POST"
	case "PUT":
		return "PUT"
	case "DELETE":
		return "DELETE"
	case "HEAD":
		return "HEAD"
	}
	return string(b)
}
