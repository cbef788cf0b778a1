package ingress_test

import (
	"net/netip"
	"slices"
	"strings"
	"testing"

	"github.com/cairn-dev/cairn/host"
	"github.com/cairn-dev/cairn/host/hosttest"
)

// TestOrigin wants the client's address and scheme from who can be believed: the
// connection, or a trusted proxy, whose list is read from right to left as far as the
// proxies in it are trusted too.
func TestOrigin(t *testing.T) {
	const list = "X-Forwarded-For: "
	proxied := []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8"),
		netip.MustParsePrefix("10.0.0.0/8"),
		netip.MustParsePrefix("2001:db8::/32")}
	for _, c := range []struct {
		name    string
		trust   []netip.Prefix
		sent    string // headers
		address string
		list    string // X-Forwarded-For
		scheme  string
	}{
		{"nothing said", nil, "", "127.0.0.1", "127.0.0.1", "http"},
		{"forged", nil, "CF-Connecting-IP: 6.6.6.6\r\ncf-connecting-ip: 6.6.6.6\r\n" +
			"CF-Connecting-IPv6: ::6\r\n" +
			list + "6.6.6.6\r\nx-forwarded-for: 6.6.6.6\r\nX-Forwarded-Proto: https\r\n",
			"127.0.0.1", "127.0.0.1", "http"},
		{"a proxy that is not trusted", []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8")},
			list + "1.2.3.4\r\nX-Forwarded-Proto: https\r\n", "127.0.0.1", "127.0.0.1", "http"},
		{"a proxy that says nothing", proxied, "", "127.0.0.1", "127.0.0.1", "http"},
		{"a proxy's client", proxied, list + "1.2.3.4\r\n", "1.2.3.4",
			"1.2.3.4, 127.0.0.1", "http"},
		{"its client forged", proxied, "CF-Connecting-IP: 6.6.6.6\r\n" + list +
			"6.6.6.6, 1.2.3.4\r\n",
			"1.2.3.4", "6.6.6.6, 1.2.3.4, 127.0.0.1", "http"},
		{"proxies in a row", proxied, list + "6.6.6.6,1.2.3.4 ,\t10.1.1.1, 10.2.2.2\r\n",
			"1.2.3.4", "6.6.6.6,1.2.3.4 ,\t10.1.1.1, 10.2.2.2, 127.0.0.1", "http"},
		{"proxies only", proxied, list + "10.1.1.1, 10.2.2.2\r\n",
			"10.1.1.1", "10.1.1.1, 10.2.2.2, 127.0.0.1", "http"},
		{"several headers", proxied, list + "6.6.6.6\r\n" +
			"X-Else: 1\r\n" + list + "1.2.3.4\r\n" + list + "10.1.1.1\r\n",
			"1.2.3.4", "6.6.6.6, 1.2.3.4, 10.1.1.1, 127.0.0.1", "http"},
		{"IPv6", proxied, list + "2003::1, 2001:db8::7\r\n",
			"2003::1", "2003::1, 2001:db8::7, 127.0.0.1", "http"},
		{"with ports", proxied, list + "[2003::1]:80, 10.1.1.1:443\r\n",
			"2003::1", "[2003::1]:80, 10.1.1.1:443, 127.0.0.1", "http"},
		{"in brackets and quotes", proxied, list + "\"[2003::1]:80\", [2001:db8::7]\r\n",
			"2003::1", "\"[2003::1]:80\", [2001:db8::7], 127.0.0.1", "http"},
		{"IPv4 as IPv6", proxied, list + "::ffff:1.2.3.4, ::ffff:10.1.1.1\r\n",
			"1.2.3.4", "::ffff:1.2.3.4, ::ffff:10.1.1.1, 127.0.0.1", "http"},
		{"with a zone", proxied, list + "fe80::1%eth0\r\n",
			"fe80::1", "fe80::1%eth0, 127.0.0.1", "http"},
		{"garbage", proxied, list + "unknown\r\n", "127.0.0.1", "unknown, 127.0.0.1", "http"},
		{"garbage behind a proxy", proxied, list + "1.2.3.4, _hidden, 10.1.1.1\r\n",
			"10.1.1.1", "1.2.3.4, _hidden, 10.1.1.1, 127.0.0.1", "http"},
		{"empty entries", proxied, list + "1.2.3.4,,\r\n", "127.0.0.1",
			"1.2.3.4,,, 127.0.0.1", "http"},
		{"an empty list", proxied, list + "\r\n", "127.0.0.1", "127.0.0.1", "http"},
		{"not four numbers", proxied, list + "1.2.3\r\n", "127.0.0.1", "1.2.3, 127.0.0.1", "http"},
		{"https", proxied, "X-Forwarded-Proto: https\r\n", "127.0.0.1", "127.0.0.1", "https"},
		{"HTTPS", proxied, "X-FORWARDED-PROTO: HTTPS \r\n", "127.0.0.1", "127.0.0.1", "https"},
		{"the proxy's own word is the last", proxied, "X-Forwarded-Proto: https, http\r\n",
			"127.0.0.1", "127.0.0.1", "http"},
		{"also of two headers", proxied, "X-Forwarded-Proto: http\r\n" +
			"X-Forwarded-Proto: http, https\r\n", "127.0.0.1", "127.0.0.1", "https"},
		{"no scheme that is served", proxied, "X-Forwarded-Proto: ftp\r\n",
			"127.0.0.1", "127.0.0.1", "http"},
		{"a scheme with more in it", proxied, "X-Forwarded-Proto: https://evil/\r\n",
			"127.0.0.1", "127.0.0.1", "http"},
	} {
		t.Run(c.name, func(t *testing.T) {
			h := startMirror(t, hosttest.Options{Options: host.Options{TrustProxies: c.trust}})
			_, bodies := answers(t, talk(t, h, "GET /x HTTP/1.1\r\n"+c.sent+toH+end))
			r := decodeReceived(t, bodies[0])
			if got := r.values("Cf-Connecting-Ip"); !slices.Equal(got, []string{c.address}) {
				t.Errorf("address %q, want %q", got, c.address)
			}
			if got := r.values("X-Forwarded-For"); !slices.Equal(got, []string{c.list}) {
				t.Errorf("X-Forwarded-For %q, want %q", got, c.list)
			}
			if got := r.values("X-Forwarded-Proto"); !slices.Equal(got, []string{c.scheme}) ||
				r.url != c.scheme+"://h/x" {
				t.Errorf("scheme %q, URL %s, want %s", got, r.url, c.scheme)
			}
			for _, f := range r.header {
				if strings.HasPrefix(f[0], "Cf-Connecting-") && f[0] != "Cf-Connecting-Ip" {
					t.Errorf("%s: %s passes", f[0], f[1])
				}
			}
		})
	}
}
