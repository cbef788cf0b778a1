package guest

import (
	"errors"
	"fmt"
	"net/http"
	"net/textproto"
	"slices"
	"strings"
	"testing"

	"github.com/cairn-dev/cairn/abi/wire"
)

func encodedHeader(pairs ...string) wire.Header {
	var list wire.Header
	for i := 0; i < len(pairs); i += 2 {
		list = wire.AppendHeader(list, pairs[i], pairs[i+1])
	}
	return list
}

func all(h *Header) (list []string) {
	for name, value := range h.All() {
		list = append(list, name+"="+value)
	}
	return list
}

// TestHeader does the same with a header that came in, one that was built, and
// net/http's.
func TestHeader(t *testing.T) {
	came := Header{raw: encodedHeader("accept", "a", "X-one", "1", "ACCEPT", "b", "bad name", "c")}
	var built Header
	std := http.Header{}
	for _, p := range [][2]string{{"accept", "a"}, {"X-one", "1"}, {"ACCEPT", "b"},
		{"bad name", "c"}} {
		built.Add(p[0], p[1])
		std.Add(p[0], p[1])
	}
	for name, h := range map[string]*Header{"came in": &came, "built": &built} {
		std := std.Clone()
		check := func(step string) {
			t.Helper()
			for _, n := range []string{"Accept", "aCCept", "x-one", "bad name",
				"Bad Name", "X-Two", ""} {
				if got, want := h.Get(n), std.Get(n); got != want {
					t.Errorf("%s, %s: Get(%q) = %q, want %q", name, step, n, got, want)
				}
				if got, want := h.Values(n), std.Values(n); !slices.Equal(got, want) {
					t.Errorf("%s, %s: Values(%q) = %q, want %q", name, step, n, got, want)
				}
			}
		}
		check("start")
		clone := h.Clone()
		h.Set("ACCEPT", "d")
		std.Set("ACCEPT", "d")
		check("set")
		h.Add("x-two", "2")
		std.Add("x-two", "2")
		check("add")
		h.Del("X-ONE")
		std.Del("X-ONE")
		check("del")
		want := []string{"bad name=c", "Accept=d", "X-Two=2"}
		if got := all(h); !slices.Equal(got, want) {
			t.Errorf("%s: All: %q, want %q", name, got, want)
		}
		want = []string{"Accept=a", "X-One=1", "Accept=b", "bad name=c"}
		if got := all(&clone); !slices.Equal(got, want) {
			t.Errorf("%s: the clone's All: %q, want %q", name, got, want)
		}
	}
}

func TestHeaderEncoded(t *testing.T) {
	var h Header
	if list, _, _ := h.encoded(nil); len(list) != 0 {
		t.Errorf("an empty header is encoded as %q", list)
	}
	h.Add("a", "1")
	h.Add("B-c", "2")
	list, _, _ := h.encoded(nil)
	if want := encodedHeader("A", "1", "B-C", "2"); string(list) != string(want) {
		t.Errorf("encoded as %q, want %q", list, want)
	}
	raw := encodedHeader("a", "1")
	h = Header{raw: raw}
	if list, _, _ := h.encoded(nil); &list[0] != &raw[0] {
		t.Error("a header that nobody touched is encoded again")
	}
}

// TestHeaderRefused wants a TypeError for a field that the Fetch standard does
// not let a header have, in a request and in a response. What the white space
// around a value holds does no harm: the standard takes it away.
func TestHeaderRefused(t *testing.T) {
	for _, f := range [][2]string{
		{"a b", "x"}, {"", "x"}, {"a\x00", "x"}, {"a:", "x"}, {"é", "x"},
		{"a\r\nb", "x"}, {" a", "x"}, {"X-A", "a\x00b"}, {"X-A", "a\rb"}, {"X-A", "a\nb"},
		{"X-A", "a\r\nX-B: 1"}, {"X-A", "\x00"},
	} {
		resp := Text(200, "x")
		resp.Header.Add(f[0], f[1])
		_, err := appendResponse(nil, resp)
		var told *Error
		if !errors.As(err, &told) || told.Name != "TypeError" ||
			!strings.HasPrefix(told.Message, "Invalid header ") {
			t.Errorf("a response with %q: %v", f, err)
		}
		req, _ := NewRequest("GET", "http://h/", nil)
		req.Header.Set(f[0], f[1])
		if _, err := appendRequest(nil, req); !errors.As(err, &told) || told.Name != "TypeError" {
			t.Errorf("a request with %q: %v", f, err)
		}
	}
	var h Header
	h.Add("X-A", "\r\n a\tb\x01é \t\n")
	h.Set("X-B", "\n")
	want := string(encodedHeader("X-A", "a\tb\x01é", "X-B", ""))
	if list, _, err := h.encoded(nil); err != nil || string(list) != want {
		t.Errorf("%q, %v", list, err)
	}
	if got := h.Get("X-A"); got != "a\tb\x01é" {
		t.Errorf("X-A is %q", got)
	}
	for _, method := range []string{"a b", "é", "GET / HTTP/1.1\r\nX-B: 1\r\n", "G\x00"} {
		var told *Error
		req, _ := NewRequest(method, "http://h/", nil)
		if _, err := appendRequest(nil, req); !errors.As(err, &told) || told.Name != "TypeError" {
			t.Errorf("method %q: %v", method, err)
		}
	}
}

// TestSharedHeader changes the header of a Text response, which all have.
func TestSharedHeader(t *testing.T) {
	resp := Text(200, "")
	resp.Header.Set("Content-Type", "text/html")
	other := Text(200, "")
	if got, want := other.Header.Get("content-type"), "text/plain;charset=UTF-8"; got != want {
		t.Errorf("another response has %q, want %q", got, want)
	}
}

func FuzzCanonicalName(f *testing.F) {
	for _, s := range []string{"accept", "ACCEPT-encoding", "a b",
		"", "-a", "é", "x_y-z", "Content-Type"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		want := textproto.CanonicalMIMEHeaderKey(s)
		if got := canonicalName(s); got != want {
			t.Fatalf("canonicalName(%q) = %q, want %q", s, got, want)
		}
		for _, other := range []string{s, want, "Accept", fmt.Sprint(s, "-")} {
			other = canonicalName(other)
			if got := sameName([]byte(s), other); got != (want == other) {
				t.Fatalf("sameName(%q, %q) = %v", s, other, got)
			}
		}
	})
}
