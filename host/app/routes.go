package app

import (
	"bytes"
	"cmp"
	"slices"
	"strings"
)

// Route is a pattern of requests and the script that answers them. A pattern is
// host and path as package config has them: a * first in the host, a * last in the
// path, and no other.
type Route struct {
	Pattern string
	Script  *Script
	// Custom is of a custom domain, which a route of the same host goes before.
	Custom bool
}

// Routes finds the script that a request is for. Upstream's rules hold: of patterns
// that match, the most specific counts, a host going before its path; what is
// matched is the URL as it was sent, with its query.
type Routes struct {
	exact map[string][]route // by host, the most specific path first
	wild  []route            // the longest host first
}

type route struct {
	host   string // without its *
	path   string // without its *
	prefix bool   // the path had one
	Route
}

// NewRoutes makes routes. Of two with one pattern the first counts.
func NewRoutes(list []Route) *Routes {
	r := &Routes{exact: map[string][]route{}}
	for _, one := range list {
		host, path := one.Pattern, ""
		if i := strings.IndexAny(host, "/"); i >= 0 {
			host, path = host[:i], host[i:]
		} else if host != "*" && strings.HasSuffix(host, "*") {
			host, path = strings.TrimSuffix(host, "*"), "*"
		}
		e := route{Route: one}
		e.path, e.prefix = strings.CutSuffix(path, "*")
		switch name, wild := strings.CutPrefix(host, "*"); {
		case wild:
			e.host = cleanHost(name)
			e.prefix = e.prefix || host == one.Pattern && name == "" // * alone is every URL
			r.wild = append(r.wild, e)
		default:
			e.host = cleanHost(host)
			r.exact[e.host] = append(r.exact[e.host], e)
		}
	}
	order := func(a, b route) int {
		return cmp.Or(cmp.Compare(len(b.host), len(a.host)),
			cmp.Compare(flag(a.prefix), flag(b.prefix)),
			cmp.Compare(len(b.path), len(a.path)), cmp.Compare(flag(a.Custom), flag(b.Custom)))
	}
	for _, same := range r.exact {
		slices.SortStableFunc(same, order)
	}
	slices.SortStableFunc(r.wild, order)
	return r
}

func flag(b bool) int {
	if b {
		return 1
	}
	return 0
}

// Match returns the script that a request is for, nil if no pattern matches. host is
// as it stands in the request, with a port or not; target is path, query and fragment
// as they were sent, an empty path being that of the root.
func (r *Routes) Match(host, target []byte) *Script {
	target, _, _ = bytes.Cut(target, []byte("#"))
	if len(target) == 0 || target[0] == '?' {
		target = append([]byte("/"), target...)
	}
	name := cleanHost(string(host))
	for _, e := range r.exact[name] {
		if e.matches(target) {
			return e.Script
		}
	}
	for _, e := range r.wild {
		// *example.com is example.com and what is below it; *.example.com is below it.
		below, ok := strings.CutSuffix(name, e.host)
		if ok && (below == "" && !strings.HasPrefix(e.host, ".") || e.host == "" ||
			e.host[0] == '.' ||
			strings.HasSuffix(below, ".")) && e.matches(target) {
			return e.Script
		}
	}
	return nil
}

func (e *route) matches(target []byte) bool {
	if e.prefix {
		return bytes.HasPrefix(target, []byte(e.path))
	}
	return string(target) == e.path || e.path == "" && string(target) == "/"
}

// cleanHost returns a host as patterns have it: lower case, names in Punycode,
// without port and without the dot at the end.
func cleanHost(host string) string {
	if i := strings.LastIndexByte(host, '@'); i >= 0 {
		host = host[i+1:]
	}
	if i := strings.LastIndexByte(host, ':'); i >= 0 &&
		strings.Trim(host[i+1:], "0123456789") == "" &&
		(host[0] != '[' || host[i-1] == ']') {
		host = host[:i]
	}
	host = strings.ToLower(strings.TrimSuffix(host, "."))
	if !strings.ContainsFunc(host, func(r rune) bool { return r > 0x7f }) {
		return host
	}
	labels := strings.Split(host, ".")
	for i, label := range labels {
		labels[i] = punycode(label)
	}
	return strings.Join(labels, ".")
}

// punycode writes a label of a host the way DNS has it (RFC 3492). What mapping
// (UTS 46) would do beside lower case is left out: browsers have done it.
func punycode(label string) string {
	const base, tmin, tmax, skew, damp = 36, 1, 26, 38, 700
	const digits = "abcdefghijklmnopqrstuvwxyz0123456789"
	runes := []rune(label)
	var out []byte
	for _, r := range runes {
		if r < 0x80 {
			out = append(out, byte(r))
		}
	}
	basic := len(out)
	if basic == len(runes) {
		return label
	}
	if basic > 0 {
		out = append(out, '-')
	}
	n, delta, bias, done := rune(0x80), 0, 72, basic
	for done < len(runes) {
		next := rune(0x10ffff)
		for _, r := range runes {
			if r >= n && r < next {
				next = r
			}
		}
		delta += int(next-n) * (done + 1)
		n = next
		for _, r := range runes {
			if r < n {
				delta++
			}
			if r != n {
				continue
			}
			q := delta
			for k := base; ; k += base {
				t := min(max(k-bias, tmin), tmax)
				if q < t {
					break
				}
				out = append(out, digits[t+(q-t)%(base-t)])
				q = (q - t) / (base - t)
			}
			out = append(out, digits[q])
			// adapt
			if done == basic {
				delta /= damp
			} else {
				delta /= 2
			}
			delta += delta / (done + 1)
			k := 0
			for ; delta > (base-tmin)*tmax/2; k += base {
				delta /= base - tmin
			}
			bias = k + (base-tmin+1)*delta/(delta+skew)
			delta, done = 0, done+1
		}
		delta++
		n++
	}
	return "xn--" + string(out)
}
