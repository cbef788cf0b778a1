package ingress

import (
	"bytes"
	"net/http"
	"strings"

	"github.com/cairn-dev/cairn/abi"
	"github.com/cairn-dev/cairn/abi/wire"
)

// field is one header as it came.
type field struct{ name, value []byte }

// head is what the host itself reads in a request's head. Its slices are views of the
// exchange's fasthttp.Request.
type head struct {
	fields    []field
	authority []byte // who is asked: of the target, or of Host
	scheme    string // the one that the target names, or ""
	path      []byte // of the target, with query and fragment; empty for OPTIONS *
	forwarded []byte // X-Forwarded-For, all of it
	proto     []byte // the last X-Forwarded-Proto
	length    int    // of the body; -1 where chunks say it
	expects   bool   // the client waits for 100 Continue
}

func bad(why string) error { return &refusal{http.StatusBadRequest, why} }

// inspect holds the head to what fasthttp lets pass, and fills x.head.
func (x *exchange) inspect() error {
	h, r := &x.head, &x.http.Header
	*h = head{fields: h.fields[:0], length: r.ContentLength()}
	if p := string(r.Protocol()); p != "HTTP/1.1" && p != "HTTP/1.0" {
		return &refusal{http.StatusHTTPVersionNotSupported,
			"the version is not HTTP/1.1 or HTTP/1.0"}
	}
	if string(r.Method()) == http.MethodConnect {
		// The status is not 405, which would say that another target takes it.
		return &refusal{http.StatusNotImplemented, "this is no proxy and takes no CONNECT"}
	}
	if err := h.scan(r.RawHeaders()); err != nil {
		return err
	}
	if err := h.check(r.IsHTTP11()); err != nil {
		return err
	}
	return h.target(r.RequestURI(), r.IsHTTP11(), x.session)
}

// scan splits the lines of a head into fields.
func (h *head) scan(raw []byte) error {
	for len(raw) > 0 {
		line, rest, _ := bytes.Cut(raw, []byte("\n"))
		raw = rest
		if line = bytes.TrimSuffix(line, []byte("\r")); len(line) == 0 {
			break
		}
		name, value, found := bytes.Cut(line, []byte(":"))
		// Also a line that goes on the one before: RFC 9112, 5.2, lets a server
		// refuse what some read as one header and some as two.
		if !found || !isToken(name) {
			return bad("a header has no name, or one with a space")
		}
		if len(h.fields) == maxFields {
			return &refusal{http.StatusRequestHeaderFieldsTooLarge, "there are too many headers"}
		}
		h.fields = append(h.fields, field{name, bytes.Trim(value, " \t")})
	}
	return nil
}

func isToken(name []byte) bool {
	for _, c := range name {
		if !wire.IsToken(c) {
			return false
		}
	}
	return len(name) > 0
}

// check reads the fields that say something to the host.
func (h *head) check(http11 bool) error {
	var hosts, codings, lengths int
	for _, f := range h.fields {
		switch {
		case is(f.name, "host"):
			hosts++
			h.authority = f.value
		case is(f.name, "content-length"):
			lengths++
		case is(f.name, "transfer-encoding"):
			codings++
			if !is(f.value, "chunked") {
				return &refusal{http.StatusNotImplemented, "the one transfer coding is chunked"}
			}
		case is(f.name, "expect"):
			// RFC 9110, 10.1.1: an expectation in HTTP/1.0 is ignored.
			if http11 && !is(f.value, "100-continue") {
				return &refusal{http.StatusExpectationFailed, "the one expectation is 100-continue"}
			}
			h.expects = http11
		case is(f.name, "x-forwarded-for"):
			if len(h.forwarded) > 0 {
				h.forwarded = append(append(bytes.Clone(h.forwarded), ", "...), f.value...)
			} else {
				h.forwarded = f.value
			}
		case is(f.name, "x-forwarded-proto"):
			h.proto = f.value
		}
	}
	switch {
	case codings > 1 || codings == 1 && lengths > 0 || lengths > 1:
		// RFC 9112, 6.1 and 6.3: it may be an attempt to smuggle a request.
		return bad("there are two lengths of the body")
	case hosts > 1 || hosts == 0 && http11:
		return bad("there is not exactly one Host") // RFC 9112, 3.2
	case h.length > abi.MaxMessageBytes:
		return &refusal{http.StatusRequestEntityTooLarge, "the body is too long"}
	}
	return nil
}

// target takes the request's target apart. RFC 9112, 3.2: the authority of an absolute
// one goes before Host, which has to be right all the same.
func (h *head) target(target []byte, http11 bool, c *session) error {
	if http11 && !validAuthority(h.authority) {
		return bad("Host is not a name or an address, with or without a port")
	}
	switch {
	case target[0] == '/':
		h.path = target
	case string(target) == "*": // of OPTIONS: fasthttp has refused other methods
		h.path = nil // RFC 9112, 3.3: the target URI has no path
	default:
		scheme, rest, found := bytes.Cut(target, []byte("://"))
		h.scheme = strings.ToLower(string(scheme))
		if !found || h.scheme != "http" && h.scheme != "https" {
			return bad("the target is not a path, or a URL of http")
		}
		end := bytes.IndexAny(rest, "/?#\\")
		if end < 0 {
			end = len(rest)
		}
		h.authority, h.path = rest[:end], rest[end:]
		if len(h.path) == 0 || h.path[0] != '/' {
			h.path = append([]byte("/"), h.path...) // RFC 9110, 4.2.3
		}
	}
	if len(h.authority) == 0 && !http11 && h.scheme == "" {
		h.authority = []byte(c.LocalAddr().String())
	}
	if !validAuthority(h.authority) {
		return bad("the target's host is not a name or an address, with or without a port")
	}
	return nil
}

// validAuthority reports whether there is a host, and maybe a port, and nobody's name
// and password: RFC 9110, 4.2.4, wants those to be taken for an error.
func validAuthority(a []byte) bool {
	name, port := a, []byte(nil)
	if i := bytes.LastIndexByte(a, ':'); i >= 0 && bytes.IndexByte(a[i:], ']') < 0 {
		name, port = a[:i], a[i+1:]
	}
	value := 0
	for _, c := range port {
		if c < '0' || c > '9' {
			return false
		}
		value = min(value*10+int(c-'0'), 1<<16)
	}
	if value >= 1<<16 || len(name) == 0 {
		return false
	}
	if name[0] == '[' {
		return validIPv6(name)
	}
	for _, c := range name {
		// RFC 3986, 3.2.2: unreserved and sub-delims. What is escaped in a name is no
		// name that anybody serves, and a URL with it fails in most parsers.
		letter := c|0x20 >= 'a' && c|0x20 <= 'z' || c >= '0' && c <= '9'
		if !letter && strings.IndexByte("-._~!$&'()*+,;=", c) < 0 {
			return false
		}
	}
	return true
}

// is compares a name without regard to case; want is in lower case.
func is(name []byte, want string) bool {
	if len(name) != len(want) {
		return false
	}
	for i, c := range name {
		if c >= 'A' && c <= 'Z' {
			c |= 0x20
		}
		if c != want[i] {
			return false
		}
	}
	return true
}
