package outbound

import (
	"net/netip"
	"net/url"
	"strings"
	"testing"
)

func TestKindOf(t *testing.T) {
	for text, want := range map[string]kind{
		"8.8.8.8": public, "172.32.0.1": public, "100.128.0.1": public, "2606:4700::1111": public,
		"::ffff:8.8.8.8": public,

		"127.0.0.1": local, "127.255.255.254": local, "10.1.2.3": local, "172.16.0.1": local,
		"172.31.255.255": local, "192.168.1.1": local, "100.64.0.1": local,
		"100.127.255.255": local,
		"::1":             local, "fc00::1": local, "fdff::1": local, "::ffff:127.0.0.1": local,
		"::ffff:10.0.0.1": local,

		"0.0.0.0": special, "0.1.2.3": special, "169.254.169.254": special, "224.0.0.1": special,
		"255.255.255.255": special, "240.0.0.1": special, "192.0.2.1": special,
		"198.18.0.1": special,
		"::":         special, "::7f00:1": special, "fe80::1": special, "fe80::1%eth0": special,
		"fec0::1": special,
		"ff02::1": special, "64:ff9b::7f00:1": special, "2002:7f00:1::": special,
		"2001:0:7f00::1": special,
		"2001:db8::1":    special, "::ffff:169.254.169.254": special, "4000::1": special,
	} {
		if got := kindOf(netip.MustParseAddr(text)); got != want {
			t.Errorf("kindOf(%s) = %d, want %d", text, got, want)
		}
	}
	if kindOf(netip.Addr{}) != special {
		t.Error("no address is public")
	}
}

func TestAllow(t *testing.T) {
	const list = "api.example.com secure.example.com:8443 secure.example.com:9443 *.Example.org. " +
		"*.ports.net:81 192.0.2.7 [::1]:80 10.1.0.0/16 127.0.0.1:8080"
	for _, c := range []struct {
		list, url string
		want      bool
	}{
		{list, "http://api.example.com/", true},
		{list, "https://API.example.com.:444/x?y", true},
		{list, "http://example.com/", false},
		{list, "http://www.api.example.com/", false},
		{list, "http://xapi.example.com/", false},
		{list, "https://secure.example.com:8443/", true},
		{list, "https://secure.example.com:9443/", true},
		{list, "https://secure.example.com/", false},
		{list, "http://a.example.org/", true},
		{list, "http://a.b.example.org/", true},
		{list, "http://example.org/", false},
		{list, "http://badexample.org/", false},
		{list, "http://a.ports.net:81/", true},
		{list, "http://a.ports.net/", false},
		{list, "http://192.0.2.7:99/", true},
		{list, "http://192.0.2.8/", false},
		{list, "http://[::1]/", true},
		{list, "http://[::1]:81/", false},
		{list, "http://[::ffff:10.1.2.3]/", true},
		{list, "http://10.2.0.0/", false},
		{list, "http://127.0.0.1:8080/", true},
		{list, "http://127.0.0.1:8081/", false},
		{list, "http://8.8.8.8/", false},
		{"*", "http://anything.example/", true},
		{"*", "http://8.8.8.8/", true},
		{"*", "http://127.0.0.1/", false},
		{"*", "http://[::ffff:127.0.0.1]/", false},
		{"*", "http://[fe80::1%25eth0]/", false},
		{"*", "http://169.254.169.254/", false},
		{"*", "ftp://api.example.com/", false},
		{"*", "file:///etc/passwd", false},
		{"*", "http://user:secret@api.example.com/", false},
		{"*", "http://api.example.com:0/", false},
		{"*", "http://\uff41pi.example.com/", false},
		{"*", "http:///", false},
		{"", "http://api.example.com/", false},
	} {
		l, err := parseAllow(strings.Fields(c.list))
		if err != nil {
			t.Fatal(err)
		}
		u, err := url.Parse(c.url)
		if err != nil {
			t.Fatal(err)
		}
		target, err := targetOf(u)
		if err == nil {
			err = l.check(target)
		}
		if (err == nil) != c.want {
			t.Errorf("%q with %q: %v, want allowed %v", c.url, c.list, err, c.want)
		}
	}
	for _, entry := range []string{
		"", "http://api.example.com", "api.example.com/x", "a*.example.com", "*.",
		"api.example.com:0", "api.example.com:http", "10.0.0.0/33", "a b",
		"*:80", "[::1", "é.example.com",
	} {
		if _, err := parseAllow([]string{entry}); err == nil {
			t.Errorf("entry %q is taken", entry)
		}
	}
}

// What a name resolves to must be public, unless the name is listed in full, or
// the address is.
func TestAddress(t *testing.T) {
	for _, c := range []struct {
		list, host, ip string
		want           bool
	}{
		{"*", "a.example.com", "8.8.8.8", true},
		{"*", "a.example.com", "127.0.0.1", false},
		{"*.example.com", "a.example.com", "8.8.8.8", true},
		{"*.example.com", "a.example.com", "10.0.0.1", false},
		{"a.example.com", "a.example.com", "10.0.0.1", true},
		{"a.example.com", "a.example.com", "::1", true},
		{"a.example.com", "a.example.com", "169.254.169.254", false},
		{"a.example.com", "a.example.com", "::ffff:169.254.169.254", false},
		{"a.example.com", "a.example.com", "0.0.0.0", false},
		{"a.example.com 169.254.0.0/16", "a.example.com", "169.254.169.254", true},
		{"* 10.0.0.0/8", "a.example.com", "10.0.0.1", true},
		{"* 10.0.0.0/8", "a.example.com", "192.168.0.1", false},
	} {
		l, err := parseAllow(strings.Fields(c.list))
		if err != nil {
			t.Fatal(err)
		}
		_, listed := l.name(c.host, 80)
		if got := l.address(netip.MustParseAddr(c.ip), 80, true, listed); got != c.want {
			t.Errorf("%s at %s with %q: %v, want %v", c.host, c.ip, c.list, got, c.want)
		}
	}
}
