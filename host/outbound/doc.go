// Package outbound sends requests of guests out of the host.
//
// There is one type. A [Client] waits at the output gate, checks where a request
// wants to go, sends it with net/http, and gives back what came. It has no say
// in who may send: an environment without a Client sends nothing.
//
// # Where requests may go
//
// Nowhere, unless the operator lists it. An entry of the list is one of
//
//	api.example.com       that host, on any port
//	api.example.com:8443  that host, on that port
//	*.example.com         every host below example.com, but not itself
//	*                     every host
//	192.0.2.7, [::1]:80   an address, with or without a port
//	10.0.0.0/8            the addresses of a network
//
// A name must be allowed before it is looked up, as a look-up tells something
// too. What it resolves to must be allowed before it is dialed, and it is that
// very address that is dialed: a name server that changes its answer in between
// (DNS rebinding) gains nothing. Wildcards reach public addresses only. A host
// that is listed by its full name may also be at a loopback or private address.
// Link-local addresses, where clouds keep their credentials, and all others that
// are not public must be listed as an address or a network: the entry for a
// partner's name is not to give the partner, who owns what it resolves to, the
// host's own secrets. An entry for an address holds for names as well, if they
// are allowed by another one.
//
// Every hop of a redirect passes the same checks; there may be 20 of them, as
// upstream.
//
// # Redirects
//
// Redirects are followed as the Fetch standard has it, by hand: net/http turns a
// PUT that is answered with 301 into a GET. On 301 and 302 a POST becomes a GET, on
// 303 everything but GET and HEAD; all else keeps method and body. A GET that was
// something else has no Content-Type any more, and another origin (scheme, host or
// port) gets neither Authorization nor Cookie. A redirect without a Location is
// the answer.
//
// # Answers
//
// Every status from 200 on is an answer, also one above 599, as upstream. One
// below 200 that is not informational is an error, and so is 101: whatever
// protocol follows, nobody here speaks it.
//
// # Limits
//
// Sixty seconds end a request at whatever point it is: the connection, the header,
// informational responses, redirects, the body. A response may be as large as a message
// that crosses linear memory. Upstream lets an event hold six connections; guests wait
// for each response, so here it is one. What stays out: caching, proxies of the
// environment, upgrades such as WebSockets, streams.
package outbound
