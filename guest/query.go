package guest

import (
	"iter"
	"strings"
	"unicode/utf8"

	"github.com/cairn-dev/cairn/abi/wire"
)

// Query is the text of a query or of a form, read as URLSearchParams reads it
// (WHATWG URL, application/x-www-form-urlencoded parsing): pairs stand between
// ampersands, a plus is a space, a percent sign that begins no escape stands for
// itself, and what is not UTF-8 is U+FFFD. No text is an error and no pair is
// dropped, where [url.Values] knows neither a semicolon nor a bad escape.
//
//	guest.Query("a=1+2&b;c&d=%zz&e=%FF")  a: "1 2"  b;c: ""  d: "%zz"  e: "\uFFFD"
//
// It stays encoded: each method reads it from the start.
type Query string

// Query returns the query of the request's URL.
func (r *Request) Query() Query {
	if r.URL == nil {
		return ""
	}
	return Query(r.URL.RawQuery)
}

// Get returns the first value of name, or "" if there is none.
func (q Query) Get(name string) string {
	for n, v := range q.pairs() {
		if isQueryText(n, name) {
			return queryText(v)
		}
	}
	return ""
}

// Has says whether there is a value of name, be it an empty one.
func (q Query) Has(name string) bool {
	for n := range q.pairs() {
		if isQueryText(n, name) {
			return true
		}
	}
	return false
}

// Values returns all values of name, in order.
func (q Query) Values(name string) []string {
	var values []string
	for n, v := range q.pairs() {
		if isQueryText(n, name) {
			values = append(values, queryText(v))
		}
	}
	return values
}

// All returns every name and value, in order.
func (q Query) All() iter.Seq2[string, string] {
	return func(yield func(string, string) bool) {
		for n, v := range q.pairs() {
			if !yield(queryText(n), queryText(v)) {
				return
			}
		}
	}
}

// pairs returns the pairs as they are encoded.
func (q Query) pairs() iter.Seq2[string, string] {
	return func(yield func(string, string) bool) {
		for rest, more := string(q), true; more; {
			var pair string
			pair, rest, more = strings.Cut(rest, "&")
			if pair == "" {
				continue
			}
			name, value, _ := strings.Cut(pair, "=")
			if !yield(name, value) {
				return
			}
		}
	}
}

// isQueryText says whether encoded stands for text.
func isQueryText(encoded, text string) bool {
	if isPlainText(encoded) {
		return encoded == text
	}
	return queryText(encoded) == text
}

// queryText decodes a name or a value.
func queryText(s string) string {
	if isPlainText(s) {
		return s
	}
	return toUTF8(wire.Unescape([]byte(s), true))
}

func isPlainText(s string) bool {
	for i := range len(s) {
		if c := s[i]; c == '%' || c == '+' || c >= utf8.RuneSelf {
			return false
		}
	}
	return true
}

// toUTF8 decodes b as the Encoding standard's UTF-8 decoder does: each part that
// could have become a character, but for its next byte, is one U+FFFD.
// (strings.ToValidUTF8 makes one of a whole run, and a conversion to runes one of
// each byte.)
func toUTF8(b []byte) string {
	if utf8.Valid(b) {
		return string(b)
	}
	var out strings.Builder
	for len(b) > 0 {
		r, n := utf8.DecodeRune(b)
		if r == utf8.RuneError && n == 1 {
			n = brokenLen(b)
		}
		out.WriteRune(r)
		b = b[n:]
	}
	return out.String()
}

// brokenLen returns how many bytes at the start of b are one broken character:
// those that some character begins with, and at least one.
func brokenLen(b []byte) int {
	low, high, whole := byte(0x80), byte(0xbf), 0
	switch c := b[0]; {
	case 0xc2 <= c && c <= 0xdf:
		whole = 2
	case 0xe0 <= c && c <= 0xef:
		whole = 3
	case 0xf0 <= c && c <= 0xf4:
		whole = 4
	}
	switch b[0] { // no overlong form, no surrogate, nothing above U+10FFFF
	case 0xe0:
		low = 0xa0
	case 0xed:
		high = 0x9f
	case 0xf0:
		low = 0x90
	case 0xf4:
		high = 0x8f
	}
	n := 1
	for n < whole && n < len(b) && low <= b[n] && b[n] <= high {
		n, low, high = n+1, 0x80, 0xbf
	}
	return n
}
