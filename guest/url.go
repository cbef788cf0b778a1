package guest

import (
	"net/url"
	"strings"
)

// parseURL parses s into u as url.Parse does, and takes what url.Parse does not
// of a path and a fragment (parseLooseURL). Plain absolute URLs, which is what a
// host hands to a Worker, take a shorter way; FuzzParseURL holds the two
// together.
func parseURL(s string, u *url.URL) error {
	if parsePlainURL(s, u) {
		return nil
	}
	return parseAnyURL(s, u)
}

// parseAnyURL stands alone: its frame is large, and clearing it took longer
// than parsing a plain URL.
//
//go:noinline
func parseAnyURL(s string, u *url.URL) error {
	parsed, err := url.Parse(s)
	if err != nil {
		loose := looseURL(s)
		if parsed, wrong := url.Parse(loose.Scheme + "://" + loose.Host + "/"); wrong == nil &&
			parsed.Host != "" {
			loose.User, loose.Host = parsed.User, parsed.Host
			*u, err = *loose, nil
		}
		return err
	}
	*u = *parsed
	return nil
}

// looseURL takes s apart as the URL standard does, where net/url finds an
// escape that is none or a control character. A percent sign then stands for
// itself, and what a URL may not hold is escaped. Path is the path with its escapes
// decoded, RawPath the path as it came. Opaque has the authority and the path as
// they came, by which String is s again.
func looseURL(s string) *url.URL {
	u := new(url.URL)
	rest, fragment, _ := strings.Cut(s, "#")
	u.Fragment = string(unescape([]byte(fragment), false))
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
	u.Path, u.RawPath = string(unescape([]byte(rest), false)), rest
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

// urlText returns u as it is sent. A program that took a request with a path that
// net/url does not know may pass it on as it is, or change the path first.
func urlText(u *url.URL) string {
	if u.Host == "" || u.RawPath == "" && u.Opaque == "" {
		return u.String()
	}
	c := *u
	c.Opaque = ""
	if _, err := url.PathUnescape(u.RawPath); err != nil &&
		string(unescape([]byte(u.RawPath), false)) == u.Path {
		authority := (&url.URL{User: u.User, Host: u.Host}).String()
		c.Opaque = authority + u.RawPath
	}
	return c.String()
}

// Classes of bytes in a plain URL, a set of bits for each byte.
const (
	inHost  = 1 << iota
	inPath  // stands for itself, unescaped and escaped
	inQuery // needs no look: url.URL keeps a query as it is
)

var urlBytes = func() (t [256]byte) {
	for c := '!'; c <= '~'; c++ {
		if c != '#' {
			t[c] = inQuery
		}
	}
	for _, c := range "-._~/$&+=:@" {
		t[c] |= inPath
	}
	for c := '0'; c <= 'z'; c++ {
		if c <= '9' || 'A' <= c && c <= 'Z' || 'a' <= c {
			t[c] |= inHost | inPath
		}
	}
	t['-'] |= inHost
	t['.'] |= inHost
	return t
}()

// parsePlainURL is parseURL for scheme://host:port/path?query in which nothing
// is escaped, except in the query. It returns false for anything else and has
// then written nothing.
func parsePlainURL(s string, u *url.URL) bool {
	scheme, i := "http", len("http://")
	if len(s) <= len("https://") || s[:4] != "http" {
		return false
	}
	if s[4] == 's' {
		scheme, i = "https", len("https://")
	}
	if s[i-3:i] != "://" {
		return false
	}
	host := i
	for i < len(s) && urlBytes[s[i]]&inHost != 0 {
		i++
	}
	if i < len(s) && s[i] == ':' {
		for i++; i < len(s) && '0' <= s[i] && s[i] <= '9'; i++ {
		}
	}
	path := i
	if i < len(s) && s[i] != '/' && s[i] != '?' {
		return false
	}
	for i < len(s) && urlBytes[s[i]]&inPath != 0 {
		i++
	}
	end := i
	query := ""
	if i < len(s) {
		if query = s[i+1:]; s[i] != '?' || query == "" {
			return false
		}
		for i++; i < len(s); i++ {
			if urlBytes[s[i]]&inQuery == 0 {
				return false
			}
		}
	}
	*u = url.URL{Scheme: scheme, Host: s[host:path], Path: s[path:end], RawQuery: query}
	return true
}
