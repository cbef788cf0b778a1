package outbound

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"strconv"
	"time"
)

// Resolver looks up names. A net.Resolver is one.
type Resolver interface {
	LookupNetIP(ctx context.Context, network, host string) ([]netip.Addr, error)
}

const (
	// dialTimeout bounds the attempt at one address, so that one that does not
	// answer leaves time for the others.
	dialTimeout = 10 * time.Second
	// maxAddresses bounds how many of a name's addresses are tried.
	maxAddresses = 8
)

// dial connects to "host:port" for net/http. It is the last to see where the
// connection goes, so it does not rely on what was checked before.
func (c *Client) dial(ctx context.Context, _, hostPort string) (net.Conn, error) {
	host, portText, err := net.SplitHostPort(hostPort)
	if err != nil {
		return nil, err
	}
	port, err := strconv.ParseUint(portText, 10, 16)
	if err != nil {
		return nil, err
	}
	t := target{host: canonicalHost(host), port: uint16(port)}
	if ip, err := netip.ParseAddr(t.host); err == nil {
		t.ip = ip
	}
	if err := c.allow.check(t); err != nil {
		return nil, err
	}
	if t.ip.IsValid() {
		return c.dialAny(ctx, t, []netip.Addr{t.ip})
	}
	found, err := c.options.Resolver.LookupNetIP(ctx, "ip", t.host)
	if err != nil {
		return nil, fmt.Errorf("look up %s: %w", t.host, err)
	}
	_, listed := c.allow.name(t.host, t.port)
	var allowed []netip.Addr
	for _, ip := range found {
		if c.allow.address(ip, t.port, true, listed) {
			allowed = append(allowed, ip.Unmap())
		}
	}
	if len(found) > 0 && len(allowed) == 0 {
		return nil, notPublic(t, found[0])
	}
	return c.dialAny(ctx, t, allowed[:min(len(allowed), maxAddresses)])
}

// dialAny connects to the first address that answers. The addresses have been
// checked.
func (c *Client) dialAny(ctx context.Context, t target, addresses []netip.Addr) (net.Conn, error) {
	failed := []error{fmt.Errorf("%s has no address", t.host)}
	for i, ip := range addresses {
		if i == 0 {
			failed = nil
		}
		attempt, cancel := context.WithTimeout(ctx, dialTimeout)
		conn, err := c.options.Dial(attempt, "tcp", netip.AddrPortFrom(ip, t.port).String())
		cancel()
		if err == nil {
			return conn, nil
		}
		failed = append(failed, err)
		if ctx.Err() != nil {
			break
		}
	}
	return nil, errors.Join(failed...)
}
