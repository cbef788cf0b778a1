package outbound

import (
	"bytes"
	"context"
	"io"
	"net/http"
	"net/url"
	"strings"

	"github.com/cairn-dev/cairn/abi/wire"
)

// maxRedirects is upstream's figure, from the Fetch standard.
const maxRedirects = 20

// hop is a request as it is sent to one server. A redirect makes the next one of
// it.
type hop struct {
	method string
	url    *url.URL
	header http.Header
	body   []byte // nobody writes to it
}

// follow sends a request, and goes where redirects lead: by hand, as net/http
// makes a GET of every method but HEAD. The response is the first that is no
// redirect, or is one to nowhere.
func (c *Client) follow(ctx context.Context, h *hop) (*http.Response, error) {
	for redirects := 0; ; redirects++ {
		resp, err := c.send(ctx, h)
		if err != nil {
			return nil, err
		}
		to, err := h.location(resp)
		if err == nil && to == nil {
			return resp, nil
		}
		resp.Body.Close() // unread: a server may never end it
		switch {
		case err != nil:
			return nil, err
		case redirects == maxRedirects:
			return nil, typeError("Too many redirects; the last one is to %s", clip(to.Host))
		}
		h.redirect(resp.StatusCode, to)
	}
}

// send sends a request to one server, if it may go there.
func (c *Client) send(ctx context.Context, h *hop) (*http.Response, error) {
	t, err := targetOf(h.url)
	if err != nil {
		return nil, err
	}
	if err := c.allow.check(t); err != nil {
		return nil, err
	}
	u := *h.url
	u.Fragment, u.RawFragment = "", ""
	if u.Opaque != "" {
		u.Opaque = u.RawPath // a path that net/url does not know, as it is
	}
	req := &http.Request{
		Method: h.method, URL: &u, Host: strings.TrimSuffix(u.Host, ":"),
		Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1, Header: h.header,
	}
	if len(h.body) > 0 {
		req.GetBody = func() (io.ReadCloser, error) {
			return io.NopCloser(bytes.NewReader(h.body)), nil
		}
		req.Body, _ = req.GetBody()
		req.ContentLength = int64(len(h.body))
	}
	return c.transport.RoundTrip(req.WithContext(ctx))
}

// location returns where a response sends the client, or nil where it answers.
func (h *hop) location(resp *http.Response) (*url.URL, error) {
	switch resp.StatusCode {
	case http.StatusMovedPermanently, http.StatusFound, http.StatusSeeOther,
		http.StatusTemporaryRedirect, http.StatusPermanentRedirect:
	default:
		return nil, nil
	}
	list := resp.Header["Location"]
	if len(list) == 0 || list[0] == "" { // upstream takes an empty one for none
		return nil, nil
	}
	for _, other := range list[1:] {
		if other != list[0] {
			return nil, typeError("Invalid Location header; unable to follow redirect: " +
				"there are several.")
		}
	}
	to, err := resolve(h.url, list[0])
	if err != nil {
		return nil, typeError("Invalid Location header; unable to follow redirect: %s",
			clip(list[0]))
	}
	return to, nil
}

// resolve reads a Location relative to the URL that sent it, as the URL standard
// does: white space around it does not count, nor line breaks in it, and a
// backslash is a slash.
func resolve(base *url.URL, location string) (*url.URL, error) {
	location = strings.Trim(location, " \t\r\n")
	location = strings.NewReplacer("\t", "", "\r", "", "\n", "").Replace(location)
	path := location
	if i := strings.IndexAny(location, "?#"); i >= 0 {
		path = location[:i]
	}
	location = strings.ReplaceAll(path, `\`, "/") + location[len(path):]

	from := *base
	from.Opaque = ""
	i := strings.IndexAny(path, ":/")
	relative := i < 0 || i > 0 && path[i] == '/' // neither a scheme nor a slash begins it
	if base.Opaque == "" || !relative {
		if to, err := from.Parse(location); err == nil {
			return to, nil
		}
	}
	switch origin := from.Scheme + "://" + from.Host; {
	case strings.HasPrefix(path, "//"):
		return wire.ParseURL(from.Scheme + ":" + location)
	case strings.HasPrefix(path, "/"):
		return wire.ParseURL(origin + location)
	case !relative:
		return wire.ParseURL(location)
	case path == "": // the same path, perhaps with another query
		if from.Fragment = ""; strings.HasPrefix(location, "?") {
			from.RawQuery = ""
		}
		return wire.ParseURL(wire.URLText(&from) + location)
	default:
		folder := from.EscapedPath()
		if base.Opaque != "" {
			folder = from.RawPath
		}
		return wire.ParseURL(origin + folder[:strings.LastIndexByte(folder, '/')+1] + location)
	}
}

// redirect makes h the request that follows it, as the Fetch standard has it in
// "HTTP-redirect fetch".
func (h *hop) redirect(status int, to *url.URL) {
	get := false
	switch status {
	case http.StatusMovedPermanently, http.StatusFound:
		get = h.method == http.MethodPost
	case http.StatusSeeOther:
		get = h.method != http.MethodGet && h.method != http.MethodHead
	}
	header := h.header.Clone() // net/http may still be at the last one
	if get {
		h.method, h.body = http.MethodGet, nil
		for _, name := range []string{"Content-Encoding", "Content-Language",
			"Content-Location", "Content-Type"} {
			header.Del(name)
		}
	}
	if !sameOrigin(h.url, to) {
		// The standard names Authorization; a browser keeps cookies by site, and
		// here a guest writes them itself.
		for _, name := range []string{"Authorization", "Cookie", "Cookie2"} {
			header.Del(name)
		}
	}
	h.header, h.url = header, to
}

// sameOrigin says whether both URLs have the same scheme, host and port.
func sameOrigin(a, b *url.URL) bool {
	s, errA := targetOf(a)
	t, errB := targetOf(b)
	return errA == nil && errB == nil && a.Scheme == b.Scheme && s.host == t.host &&
		s.port == t.port
}
