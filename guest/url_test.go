package guest

import (
	"net/url"
	"reflect"
	"testing"
)

var urlSeeds = []string{
	"http://127.0.0.1:8787/increment?name=A", "http://h", "http://h/", "http://h?a", "http://h/?", "http://",
	"https://h:1/a?b?c", "http:///a", "http://h:/", "http://h:1:2/", "http://h:x/", "http://[::1]:80/a",
	"http://u@h/", "http://u:p@h/a", "http://h/a%20b", "http://h/a b", "http://h/a?b c", "http://h/a?%zz",
	"http://h/a#f", "http://h/?#", "HTTP://H/", "httpx://h/", "http:/h", "httpss://h/", "http//h", "/a?b",
	"http://h/é", "http://h/?é", "http://h/a*b", "http://h/a;b,c", "http://h/$&+=:@", "http://h/!'()", "http://h//a",
	"http://h/\x7f", "http://h/?\x01", "http://a_b/", "http://h/..", "", "*", "http://h/[", "http://h/?[|]^",
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
		if (err == nil) != (wantErr == nil) {
			t.Fatalf("parseURL(%q): %v, url.Parse: %v", s, err, wantErr)
		}
		if err == nil && !reflect.DeepEqual(&got, want) {
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
