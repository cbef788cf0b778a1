package config

import (
	"net/url"
	"strings"
)

// Route is one of routes: a pattern of requests that the app answers. Package
// ingress says what a pattern matches.
type Route struct {
	Pos Pos `json:"pos,omitzero"`
	// Pattern is host and path, such as *.example.com/images/*, without a scheme.
	Pattern string `json:"pattern,omitzero"`
	// Custom says that the pattern is a custom domain: a host, with every path.
	Custom bool `json:"custom,omitzero"`
}

// maxRoutes bounds the routes of a file: upstream's limit for a zone.
const maxRoutes = 1000

// routes reads route or routes: a pattern, an object with one, or several.
func (v *validator) routes(m *member) {
	switch {
	case m.key == "route":
		v.route(m.value, "route")
	case m.value.kind != kindArray:
		v.errorf(m.value.pos,
			`Expected "routes" to be an array of either strings or objects with a `+
				`"pattern" but got %s.`, m.value.shown())
	case len(m.value.elems) > maxRoutes:
		v.errorf(m.value.elems[maxRoutes].pos, "There are more than %d routes.", maxRoutes)
	default:
		for _, e := range m.value.elems {
			v.route(e, "routes")
		}
	}
}

func (v *validator) route(n *node, field string) {
	r := Route{Pos: n.pos, Pattern: n.text}
	pattern := n
	if n.kind == kindObject {
		pattern = n.get("pattern")
		for i := range n.members {
			v.routeField(&n.members[i], field, &r)
		}
	}
	if pattern == nil || pattern.kind != kindString {
		v.errorf(n.pos,
			`Expected "%s" to be either a string or an object with a "pattern" but got %s.`,
			field, n.shown())
		return
	}
	var problem string
	if r.Pattern, problem = cleanPattern(pattern.text, r.Custom); problem != "" {
		v.errorf(pattern.pos, "The route %s %s.", pattern.shown(), problem)
		return
	}
	v.cfg.Routes = append(v.cfg.Routes, r)
}

// routeField reads what an object says beside the pattern. The zone tells upstream
// whose domain the pattern is of; here whoever's requests arrive are matched.
func (v *validator) routeField(m *member, field string, r *Route) {
	switch m.key {
	case "pattern":
	case "custom_domain":
		if m.value.kind != kindBool {
			v.errorf(m.value.pos, `Expected "%s.custom_domain" to be of type boolean but got %s.`,
				field, m.value.shown())
			return
		}
		r.Custom = m.value.text == "true"
	case "zone_id", "zone_name":
		v.str(m.value, field+"."+m.key)
	case "enabled", "previews_enabled":
	default:
		v.unexpected(m, field, "pattern", "custom_domain", "zone_id", "zone_name")
	}
}

// ParseRoute reads a pattern that was written outside of a config.
func ParseRoute(pattern string) (r Route, problem string) {
	r.Pattern, problem = cleanPattern(pattern, false)
	return r, problem
}

// cleanPattern returns a pattern as a Route has it, or what is wrong with it. The
// rules are upstream's: a * stands first in the host, or last in the path, and a
// query is no part of it. The host has lower case and no port: where a host
// listens has nothing to do with whom a request is for.
func cleanPattern(pattern string, custom bool) (clean, problem string) {
	rest := pattern
	for _, scheme := range []string{"https://", "http://"} {
		if len(rest) >= len(scheme) && strings.EqualFold(rest[:len(scheme)], scheme) {
			rest = rest[len(scheme):]
			break
		}
	}
	host, path := rest, ""
	if i := strings.IndexByte(rest, '/'); i >= 0 {
		host, path = rest[:i], rest[i:]
	}
	if strings.HasSuffix(host, "*") && path == "" && host != "*" {
		host, path = host[:len(host)-1], "*" // example.com*: any path
	}
	host = strings.ToLower(strings.TrimSuffix(host, "."))
	switch name := strings.TrimPrefix(host, "*"); {
	case rest == "" || host == "":
		return "", "has no host"
	case strings.ContainsAny(rest, "?#"):
		return "", "has a query, which is no part of a pattern"
	case strings.Contains(name, "*"):
		return "", "has a * within the host: it may only stand first"
	case strings.ContainsAny(name, " \t@\\"):
		return "", "has a host that is none"
	case portOf(name) != "":
		return "", "has a port, which is no part of a pattern"
	case custom && (path != "" && path != "/" || name != host):
		return "", "is a custom domain, which is a host alone"
	case strings.Contains(strings.TrimSuffix(path, "*"), "*"):
		return "", "has a * within the path: it may only stand last"
	}
	if custom {
		path = "/*"
	}
	return host + path, ""
}

// portOf returns what stands behind the colon of a host, IPv6 being in brackets.
func portOf(host string) string {
	u := url.URL{Host: host}
	return u.Port()
}
