package wire

import (
	"net/url"
	"strings"
)

// ParseURL parses s as url.Parse does, and takes what that does not of the path,
// the query and the fragment of an absolute URL (LooseURL): the URL standard
// calls it a validation error, which is no failure. The host has to be one.
func ParseURL(s string) (*url.URL, error) {
	u, err := url.Parse(s)
	if err == nil {
		return u, nil
	}
	loose := LooseURL(s)
	front, wrong := url.Parse(loose.Scheme + "://" + loose.Host + "/")
	if wrong != nil || front.Host == "" {
		return nil, err
	}
	loose.User, loose.Host = front.User, front.Host
	return loose, nil
}

// LooseURL takes s apart as the URL standard does, where net/url finds an
// escape that is none or a control character. A percent sign then stands for
// itself, and what a URL may not hold is escaped. Path is the path with its escapes
// decoded, RawPath the path as it came. Opaque has the authority and the path as
// they came, by which String is s again.
func LooseURL(s string) *url.URL {
	u := new(url.URL)
	rest, fragment, _ := strings.Cut(s, "#")
	u.Fragment = string(Unescape([]byte(fragment), false))
	rest, u.RawQuery, u.ForceQuery = strings.Cut(rest, "?")
	u.ForceQuery = u.ForceQuery && u.RawQuery == ""
	u.RawQuery = escape(u.RawQuery, "")
	scheme, rest, absolute := strings.Cut(rest, "://")
	if !absolute {
		scheme, rest = "http", scheme
	} else if slash := strings.IndexByte(rest, '/'); slash >= 0 {
		u.Host, rest = rest[:slash], rest[slash:]
	} else {
		u.Host, rest = rest, ""
	}
	u.Scheme = strings.ToLower(scheme)
	if rest == "" {
		rest = "/"
	}
	rest = escape(rest, "\"<>^`{}")
	u.Path, u.RawPath = string(Unescape([]byte(rest), false)), rest
	u.Opaque = "//" + u.Host + rest
	return u
}

// escape escapes control characters, spaces, what is not ASCII, and the bytes of
// more, and no percent sign.
func escape(s, more string) string {
	const digits = "0123456789ABCDEF"
	var b []byte
	for i := range len(s) {
		if c := s[i]; c <= ' ' || c >= 0x7f || strings.IndexByte(more, c) >= 0 {
			b = append(b, '%', digits[c>>4], digits[c&15])
		} else {
			b = append(b, c)
		}
	}
	return string(b)
}

// URLText returns u as it is sent. A program that took a request with a path that
// net/url does not know may pass it on as it is, or change the path first.
func URLText(u *url.URL) string {
	if u.Host == "" || u.RawPath == "" && u.Opaque == "" {
		return u.String()
	}
	c := *u
	c.Opaque = ""
	if _, err := url.PathUnescape(u.RawPath); err != nil &&
		string(Unescape([]byte(u.RawPath), false)) == u.Path {
		authority := (&url.URL{User: u.User, Host: u.Host}).String()
		c.Opaque = authority + u.RawPath
	}
	return c.String()
}

// Unescape replaces the escapes in b, and leaves alone what only looks like one.
// It writes to b and returns what is left of it. A plus is a space in queries.
func Unescape(b []byte, plus bool) []byte {
	out := b[:0]
	for i := 0; i < len(b); i++ {
		c := b[i]
		switch {
		case c == '%' && i+2 < len(b) && isHex(b[i+1]) && isHex(b[i+2]):
			c = fromHex(b[i+1])<<4 | fromHex(b[i+2])
			i += 2
		case c == '+' && plus:
			c = ' '
		}
		out = append(out, c)
	}
	return out
}

func isHex(c byte) bool { return '0' <= c && c <= '9' || 'a' <= c|0x20 && c|0x20 <= 'f' }

func fromHex(c byte) byte {
	if c <= '9' {
		return c - '0'
	}
	return (c | 0x20) - 'a' + 10
}
