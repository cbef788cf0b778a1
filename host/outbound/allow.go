package outbound

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"net/url"
	"strconv"
	"strings"
)

// allowList is where requests may go.
type allowList struct {
	hosts    map[string]ports // by exact name
	suffixes map[string]ports // ".example.com"
	any      bool             // *
	networks []network
}

// ports are what an entry allows: any port, or those that are set.
type ports struct {
	any  bool
	some map[uint16]bool
}

func (p ports) has(port uint16) bool { return p.any || p.some[port] }

func (p ports) with(port uint16) ports {
	if port == 0 {
		p.any = true
		return p
	}
	some := map[uint16]bool{port: true}
	for other := range p.some {
		some[other] = true
	}
	p.some = some
	return p
}

type network struct {
	prefix netip.Prefix
	port   uint16 // 0 is any
}

// parseAllow reads the entries of the list.
func parseAllow(entries []string) (*allowList, error) {
	l := &allowList{hosts: map[string]ports{}, suffixes: map[string]ports{}}
	for _, entry := range entries {
		if err := l.add(entry); err != nil {
			return nil, fmt.Errorf("outbound: allowed host %q: %w", entry, err)
		}
	}
	return l, nil
}

func (l *allowList) add(entry string) error {
	if entry == "*" {
		l.any = true
		return nil
	}
	if prefix, err := netip.ParsePrefix(entry); err == nil {
		l.networks = append(l.networks, network{prefix: prefix.Masked()})
		return nil
	}
	host, port, err := splitEntry(entry)
	if err != nil {
		return err
	}
	if ip, err := netip.ParseAddr(host); err == nil {
		ip = ip.Unmap()
		l.networks = append(l.networks, network{netip.PrefixFrom(ip, ip.BitLen()), port})
		return nil
	}
	host = canonicalHost(host)
	name, wildcard := strings.CutPrefix(host, "*.")
	if !validName(name) {
		return errors.New(`want a host ("api.example.com", "*.example.com", "*"),` +
			` an address or a network`)
	}
	if wildcard {
		l.suffixes["."+name] = l.suffixes["."+name].with(port)
	} else {
		l.hosts[name] = l.hosts[name].with(port)
	}
	return nil
}

// splitEntry takes an entry apart; port is 0 where there is none.
func splitEntry(entry string) (host string, port uint16, err error) {
	if strings.Contains(entry, "/") {
		return "", 0, errors.New("want no scheme and no path, only a host and perhaps a port")
	}
	bare := entry
	if inside, ok := strings.CutPrefix(entry, "["); ok && strings.HasSuffix(inside, "]") {
		bare = strings.TrimSuffix(inside, "]")
	}
	if ip, err := netip.ParseAddr(bare); err == nil {
		return ip.String(), 0, nil
	}
	if !strings.Contains(entry, ":") {
		return entry, 0, nil
	}
	host, text, err := net.SplitHostPort(entry)
	if err != nil {
		return "", 0, err
	}
	n, err := strconv.ParseUint(text, 10, 16)
	if err != nil || n == 0 {
		return "", 0, fmt.Errorf("port %q is not a number from 1 to 65535", text)
	}
	return host, uint16(n), nil
}

// canonicalHost returns a host in the form in which hosts are compared.
func canonicalHost(host string) string { return strings.TrimSuffix(strings.ToLower(host), ".") }

// validName says whether a host is a name in ASCII, as DNS has it.
func validName(name string) bool {
	if name == "" || len(name) > 253 {
		return false
	}
	for label := range strings.SplitSeq(name, ".") {
		if label == "" || strings.Trim(label, "abcdefghijklmnopqrstuvwxyz0123456789-_") != "" {
			return false
		}
	}
	return true
}

// name says whether a host may be looked up, and whether it is listed by its
// full name.
func (l *allowList) name(host string, port uint16) (allowed, listed bool) {
	if l.hosts[host].has(port) {
		return true, true
	}
	for i := range len(host) {
		if host[i] == '.' && l.suffixes[host[i:]].has(port) {
			return true, false
		}
	}
	return l.any, false
}

// address says whether an address may be dialed. listed is for a host that is
// listed by its full name; named, for a host that is allowed by its name.
func (l *allowList) address(ip netip.Addr, port uint16, named, listed bool) bool {
	ip = ip.Unmap().WithZone("")
	for _, n := range l.networks {
		if n.prefix.Contains(ip) && (n.port == 0 || n.port == port) {
			return true
		}
	}
	switch kindOf(ip) {
	case public:
		return named
	case local:
		return listed
	}
	return false
}

// target is where a URL leads.
type target struct {
	host string // a name, or an address without brackets
	port uint16
	ip   netip.Addr // if host is an address
}

func (t target) String() string { return net.JoinHostPort(t.host, strconv.Itoa(int(t.port))) }

func targetOf(u *url.URL) (target, error) {
	t := target{host: canonicalHost(u.Hostname()), port: 80}
	switch u.Scheme {
	case "http":
	case "https":
		t.port = 443
	default:
		return t, typeError("Fetch API cannot load: %s (only http and https can be fetched)",
			clip(u.Redacted()))
	}
	if u.User != nil {
		return t, typeError("Fetch API cannot load: the URL for %s includes credentials; "+
			"send an Authorization header", clip(t.host))
	}
	if text := u.Port(); text != "" {
		n, err := strconv.ParseUint(text, 10, 16)
		if err != nil || n == 0 {
			return t, typeError("Fetch API cannot load: %s has a port that is none", clip(u.Host))
		}
		t.port = uint16(n)
	}
	if ip, err := netip.ParseAddr(t.host); err == nil {
		t.ip = ip
		return t, nil
	}
	if !validName(t.host) {
		return t, typeError("Fetch API cannot load: %q is not a host "+
			"(write other letters than a to z in punycode)", clip(t.host))
	}
	return t, nil
}

// check says whether requests to a target may begin.
func (l *allowList) check(t target) error {
	if t.ip.IsValid() {
		if !l.address(t.ip, t.port, l.any, false) {
			return notAllowed(t)
		}
		return nil
	}
	if allowed, _ := l.name(t.host, t.port); !allowed {
		return notAllowed(t)
	}
	return nil
}
