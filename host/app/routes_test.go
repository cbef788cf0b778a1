package app

import "testing"

// TestRoutes wants upstream's rules (its page "Routes", matching behaviour): a host
// goes before a path, the longer pattern before the shorter one, and a query belongs
// to what is matched.
func TestRoutes(t *testing.T) {
	patterns := []string{
		"example.com/*", "*.example.com/*", "*example.org/*", "a.example.com/images/*",
		"a.example.com/images/cat", "*.example.com/a", "b.example.com/*", "shop.example/",
		"xn--bcher-kva.example/*", "[2001:db8::1]/*", "*.deep.example.com/*", "192.0.2.1/*",
		"exact.example/p", "root.example", "any.example*",
	}
	var list []Route
	for _, p := range patterns {
		list = append(list, Route{Pattern: p, Script: &Script{Name: p}})
	}
	routes := NewRoutes(list)
	for _, c := range []struct{ host, target, want string }{
		{"example.com", "/", "example.com/*"},
		{"EXAMPLE.com:8787", "/x?y", "example.com/*"},
		{"example.com.", "/", "example.com/*"},
		{"example.com.:80", "/", "example.com/*"},
		{"www.example.com", "/", "*.example.com/*"},
		{"a.b.example.com", "/", "*.example.com/*"},
		{"a.deep.example.com", "/", "*.deep.example.com/*"},
		{"badexample.com", "/", ""},
		{"example.org", "/", "*example.org/*"},
		{"www.example.org", "/", "*example.org/*"},
		{"badexample.org", "/", ""}, // upstream's zone has no such host
		{"a.example.com", "/images/dog", "a.example.com/images/*"},
		{"a.example.com", "/images/cat", "a.example.com/images/cat"},
		{"a.example.com", "/images/cat?q", "a.example.com/images/*"},
		{"a.example.com", "/images", "*.example.com/*"},
		{"a.example.com", "/a", "*.example.com/a"},
		{"b.example.com", "/a", "b.example.com/*"}, // upstream's example of host before path
		{"shop.example", "/", "shop.example/"},
		{"shop.example", "/x", ""},
		{"shop.example", "/?q", ""},
		{"root.example", "/", "root.example"},
		{"any.example", "/x", "any.example*"},
		{"exact.example", "/p", "exact.example/p"},
		{"exact.example", "/p/", ""},
		{"bücher.example", "/", "xn--bcher-kva.example/*"},
		{"BÜCHER.example:1", "/", "xn--bcher-kva.example/*"},
		{"[2001:db8::1]:8787", "/", "[2001:db8::1]/*"},
		{"[2001:DB8::1]", "/", "[2001:db8::1]/*"},
		{"192.0.2.1:80", "/", "192.0.2.1/*"},
		{"", "/", ""},
		{":80", "/", ""},
		{"example.com", "", "example.com/*"},
		{"example.com", "?q", "example.com/*"},
		{"exact.example", "/p#f", "exact.example/p"},
		{"root.example", "", "root.example"},
		{"example.com", "*", ""},
	} {
		got := ""
		if s := routes.Match([]byte(c.host), []byte(c.target)); s != nil {
			got = s.Name
		}
		if got != c.want {
			t.Errorf("%s %s: %q, want %q", c.host, c.target, got, c.want)
		}
	}
}

// TestRoutesOrder wants the first of two that are the same, a route before a custom
// domain, and * for all that is left.
func TestRoutesOrder(t *testing.T) {
	script := func(name string) *Script { return &Script{Name: name} }
	routes := NewRoutes([]Route{
		{Pattern: "*", Script: script("rest")},
		{Pattern: "a.example/*", Script: script("custom"), Custom: true},
		{Pattern: "a.example/*", Script: script("route")},
		{Pattern: "a.example/*", Script: script("later")},
	})
	for host, want := range map[string]string{"a.example": "route", "b.example": "rest"} {
		if s := routes.Match([]byte(host), []byte("/")); s == nil || s.Name != want {
			t.Errorf("%s: %v, want %s", host, s, want)
		}
	}
}

// TestPunycode has RFC 3492's samples, in lower case, and hosts that are known.
func TestPunycode(t *testing.T) {
	for label, want := range map[string]string{
		"münchen": "xn--mnchen-3ya", "bücher": "xn--bcher-kva",
		"他们为什么不说中文": "xn--ihqwcrb4cv8a8dqg056pqjye",
		"ü":         "xn--tda",
		"почемужеонинеговорятпорусски": "xn--b1abfaaepdrnnbgefbadotcwatmq2g4l",
		"plain":    "plain",
		"3年b組金八先生": "xn--3b-ww4c5e180e575a65lsy2b",
	} {
		if got := punycode(label); got != want {
			t.Errorf("%s: %s, want %s", label, got, want)
		}
	}
}
