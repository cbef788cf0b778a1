package ingress

import (
	"bytes"
	"net/netip"
	"strings"
)

// origin is who sent a request, and how, as far as it can be believed.
type origin struct {
	address   string // of the client, or "" where the connection has none
	forwarded string // X-Forwarded-For, as the guest sees it
	scheme    string
}

func trusts(proxies []netip.Prefix, a netip.Addr) bool {
	for _, p := range proxies {
		if p.Contains(a) {
			return true
		}
	}
	return false
}

// find says where the request comes from. What a client says of itself is dropped; what
// a trusted proxy says of its client is believed, and so on from right to left, as long
// as that client is a trusted proxy too. Something that is no address ends the way: the
// client is the last one that is known.
func (o *origin) find(c *session, h *head) {
	o.address, o.forwarded, o.scheme = c.peerIP, c.peerIP, "http"
	if h.scheme != "" {
		o.scheme = h.scheme
	}
	if !c.trusted {
		return
	}
	_, last, found := cutLast(h.proto)
	if !found {
		last = h.proto
	}
	if is(last, "https") {
		o.scheme = "https"
	} else if is(last, "http") {
		o.scheme = "http"
	}
	if len(h.forwarded) == 0 {
		return
	}
	o.forwarded = string(h.forwarded) + ", " + c.peerIP
	for rest, more := h.forwarded, true; more; {
		var entry []byte
		if rest, entry, more = cutLast(rest); !more {
			entry = rest
		}
		a, ok := parseClient(string(entry))
		if !ok {
			return
		}
		o.address = a.String()
		if !trusts(c.server.options.TrustProxies, a) {
			return
		}
	}
}

// cutLast cuts a list at its last comma.
func cutLast(list []byte) (before, last []byte, found bool) {
	i := bytes.LastIndexByte(list, ',')
	if i < 0 {
		return bytes.Trim(list, " \t"), nil, false
	}
	return list[:i], bytes.Trim(list[i+1:], " \t"), true
}

// parseClient reads an address as proxies write it: plain, with a port, in brackets, in
// quotes. A port and a zone say nothing to anybody else.
func parseClient(s string) (netip.Addr, bool) {
	if unquoted, ok := strings.CutPrefix(s, `"`); ok {
		s = strings.TrimSuffix(unquoted, `"`)
	}
	if a, err := netip.ParseAddrPort(s); err == nil {
		return a.Addr().Unmap().WithZone(""), true
	}
	if inner, ok := strings.CutPrefix(s, "["); ok {
		s = strings.TrimSuffix(inner, "]")
	}
	a, err := netip.ParseAddr(s)
	return a.Unmap().WithZone(""), err == nil
}

// validIPv6 reports whether a name in brackets is an address, without a zone: that
// means something on one machine only.
func validIPv6(name []byte) bool {
	inner, ok := strings.CutSuffix(string(name[1:]), "]")
	a, err := netip.ParseAddr(inner)
	return ok && err == nil && a.Is6() && a.Zone() == ""
}
