package guest

import (
	"net/url"
	"reflect"
	"strings"
	"testing"

	"github.com/cairn-dev/cairn/abi/wire"
)

var urlSeeds = []string{
	"http://127.0.0.1:8787/increment?name=A", "http://h", "http://h/", "http://h?a",
	"http://h/?", "http://", "https://h:1/a?b?c", "http:///a", "http://h:/", "http://h:1:2/",
	"http://h:x/", "http://[::1]:80/a", "http://u@h/", "http://u:p@h/a", "http://h/a%20b",
	"http://h/a b", "http://h/a?b c", "http://h/a?%zz",
	"http://h/a#f", "http://h/?#", "HTTP://H/", "httpx://h/", "http:/h", "httpss://h/",
	"http//h", "/a?b", "http://h/é", "http://h/?é", "http://h/a*b", "http://h/a;b,c",
	"http://h/$&+=:@", "http://h/!'()", "http://h//a",
	"http://h/\x7f", "http://h/?\x01", "http://a_b/", "http://h/..", "", "*", "http://h/[",
	"http://h/?[|]^",
}

// FuzzParseURL holds the short way to url.Parse.
func FuzzParseURL(f *testing.F) {
	for _, s := range urlSeeds {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		got := url.URL{Fragment: "left over", ForceQuery: true}
		err := parseURL(s, &got)
		want, wantErr := url.Parse(s)
		if wantErr == nil && err != nil {
			t.Fatalf("parseURL(%q): %v", s, err)
		}
		if wantErr == nil && !reflect.DeepEqual(&got, want) {
			t.Fatalf("parseURL(%q) = %#v, url.Parse %#v", s, got, *want)
		}
	})
}

func TestParsePlainURL(t *testing.T) {
	for _, s := range urlSeeds[:4] {
		if s == "http://h" {
			continue // as short as it gets, and not worth a case of its own
		}
		var u url.URL
		if got := parsePlainURL(s, &u); !got {
			t.Errorf("parsePlainURL(%q) leaves it to url.Parse", s)
		}
	}
	const s = "http://127.0.0.1:8787/increment?name=A"
	var u url.URL
	if n := testing.AllocsPerRun(100, func() { parsePlainURL(s, &u) }); n != 0 {
		t.Errorf("parsePlainURL allocates %v times", n)
	}
}

// TestAnyURL wants a Worker to run whatever a client writes, with the URL as it
// is (WHATWG URL: a percent sign that begins no escape is a validation error,
// which does not end the parser). paths are what Path, String and a request that
// is passed on have.
func TestAnyURL(t *testing.T) {
	for _, c := range []struct{ in, path, text, query string }{
		{"http://h/100%", "/100%", "http://h/100%", ""},
		{"http://h/%", "/%", "http://h/%", ""},
		{"http://h/%zz/%41?a=%zz&b", "/%zz/A", "http://h/%zz/%41?a=%zz&b", "a=%zz&b"},
		{"http://h/%4", "/%4", "http://h/%4", ""},
		{"http://h/%%41%", "/%A%", "http://h/%%41%", ""},
		{"http://h:81/%?", "/%", "http://h:81/%?", ""},
		{"http://h/a/../%//b", "/a/../%//b", "http://h/a/../%//b", ""},
		{"http://h/%FF%", "/\xff%", "http://h/%FF%", ""},
		{"http://h/\xff%", "/\xff%", "http://h/%FF%", ""},
		{"http://h/\x01", "/\x01", "http://h/%01", ""},
		{"http://h/% \"", "/% \"", "http://h/%%20%22", ""},
		{"http://h/a?\x01=\x7f", "/a", "http://h/a?%01=%7F", "%01=%7F"},
		{"http://h/a#%zz", "/a", "http://h/a#%25zz", ""},
		{"http://h?%", "/", "http://h/?%", "%"},
		{"http://h/a%2Fb", "/a/b", "http://h/a%2Fb", ""},
	} {
		var req Request
		b := wire.AppendRequest(nil, &wire.Request{Method: []byte("GET"), URL: []byte(c.in)})
		if err := decodeRequest(b, &req, new(url.URL)); err != nil {
			t.Errorf("%q: %v", c.in, err)
			continue
		}
		made, err := NewRequest("GET", c.in, nil)
		if err != nil {
			t.Errorf("NewRequest(%q): %v", c.in, err)
			continue
		}
		for _, u := range []*url.URL{req.URL, made.URL} {
			if u.Path != c.path || u.String() != c.text || u.RawQuery != c.query ||
				wire.URLText(u) != c.text {
				t.Errorf("%q is %#v, %q, sent as %q", c.in, u, u, wire.URLText(u))
			}
		}
		// A program that serves below a prefix takes it away and passes the rest on.
		u := *req.URL
		u.Path, u.RawPath = "/new", ""
		if got := wire.URLText(&u); !strings.Contains(got, "/new") ||
			c.path != "/" && strings.Contains(got, c.in[8:]) {
			t.Errorf("%q with another path is sent as %q", c.in, got)
		}
	}
	u := wire.LooseURL("http://h/rooms/100%?q")
	u.Path, u.RawPath = strings.TrimPrefix(u.Path, "/rooms"),
		strings.TrimPrefix(u.RawPath, "/rooms")
	if got := wire.URLText(u); got != "http://h/100%?q" {
		t.Errorf("below a prefix: %q", got)
	}
	u.Path = "/a%b"
	if got := wire.URLText(u); got != "http://h/a%25b?q" {
		t.Errorf("with a path alone: %q", got)
	}
	// A host that is none comes in, and cannot be written by the program.
	for _, s := range []string{"http://a b/x", "http://h:x/%", "http://%zz/", "*", "%",
		"", ":", "http://[/x", "//"} {
		b := wire.AppendRequest(nil, &wire.Request{Method: []byte("GET"), URL: []byte(s)})
		if err := decodeRequest(b, new(Request), new(url.URL)); err != nil {
			t.Errorf("%q: %v", s, err)
		}
	}
	for _, s := range []string{"http://a b/x", "http://h:x/%", "http://%zz/", "/%", "%"} {
		if _, err := NewRequest("GET", s, nil); err == nil {
			t.Errorf("NewRequest(%q) takes it", s)
		}
	}
}
