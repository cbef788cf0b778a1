package guest

import (
	"net/url"

	"github.com/cairn-dev/cairn/abi/wire"
)

// parseURL parses s into u as wire.ParseURL does. Plain absolute URLs, which is
// what a host hands to a Worker, take a shorter way; FuzzParseURL holds the two
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
	parsed, err := wire.ParseURL(s)
	if err != nil {
		return err
	}
	*u = *parsed
	return nil
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
