package outbound

import "net/netip"

// kind says who can be at an address.
type kind uint8

const (
	// special addresses are link-local, multicast, reserved, or stand for another
	// address behind a translator. The zero value: what is not known is refused.
	special kind = iota
	// local addresses are loopback, private and shared ones.
	local
	// public addresses can be reached from everywhere.
	public
)

// Of IPv4 all is public that is not in these; of IPv6 only what lies in
// 2000::/3, the part that was given out (IANA's special-purpose registries).
var (
	localNetworks = prefixes(
		"127.0.0.0/8", "10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16",
		"100.64.0.0/10", // shared by the customers of a carrier (CGNAT)
		"::1/128", "fc00::/7",
	)
	specialNetworks = prefixes(
		"0.0.0.0/8", "169.254.0.0/16", "224.0.0.0/4", "240.0.0.0/4",
		"192.0.0.0/24", "192.88.99.0/24", // protocols, 6to4 relays
		"192.0.2.0/24", "198.51.100.0/24", "203.0.113.0/24", // documentation
		"198.18.0.0/15",              // benchmarks
		"2001::/23",                  // protocols, Teredo among them
		"2001:db8::/32", "3fff::/20", // documentation
		"2002::/16", // 6to4
	)
	givenOut = netip.MustParsePrefix("2000::/3")
)

func prefixes(texts ...string) (list []netip.Prefix) {
	for _, text := range texts {
		list = append(list, netip.MustParsePrefix(text))
	}
	return list
}

func within(list []netip.Prefix, ip netip.Addr) bool {
	for _, p := range list {
		if p.Contains(ip) {
			return true
		}
	}
	return false
}

// kindOf looks at the address itself, so an IPv4 address that is mapped into
// IPv6 is what it is in IPv4.
func kindOf(ip netip.Addr) kind {
	ip = ip.Unmap()
	switch {
	case !ip.IsValid() || ip.Zone() != "" || within(specialNetworks, ip):
		return special
	case within(localNetworks, ip):
		return local
	case ip.Is4() || givenOut.Contains(ip):
		return public
	}
	return special
}
