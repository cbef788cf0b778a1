package ingress

import (
	"bufio"
	"bytes"
	"net"
	"net/netip"
	"sync"
	"sync/atomic"
	"time"

	"github.com/cairn-dev/cairn/host/account"
	"github.com/cairn-dev/cairn/host/internal/contain"
)

// phase is what a session does. In all but working it waits on its client.
type phase uint8

const (
	idle    phase = iota // there is no request
	reading              // a request arrives
	working              // the host answers
	writing              // the answer leaves
)

// session is one connection.
type session struct {
	net.Conn
	server  *Server
	in      *bufio.Reader
	lost    error      // of reading from the connection
	peer    netip.Addr // the zero one where the connection has no address
	peerIP  string     // the peer as text, or ""
	trusted bool       // the peer is a proxy that is believed

	gone  func() bool  // whether the client has gone away
	held  atomic.Int64 // bytes taken from the account
	moved atomic.Int64 // bytes that the client has sent or taken in this phase
	last  atomic.Int64 // when it did so last, in Unix nanoseconds

	evicted bool // the connection does not count any more; the server's mu guards it

	// mu guards what follows, and the setting of deadlines.
	mu    sync.Mutex
	phase phase
	since time.Time
	cut   bool // the connection was given up for another
}

func newSession(s *Server, conn net.Conn) *session {
	c := &session{Conn: conn, server: s}
	c.in = bufio.NewReaderSize(source{c}, maxHeadBytes)
	c.since = time.Now()
	c.gone = func() bool { return gone(conn) }
	if a, ok := conn.RemoteAddr().(*net.TCPAddr); ok {
		c.peer = a.AddrPort().Addr().Unmap().WithZone("")
		c.peerIP = c.peer.String()
		c.trusted = trusts(s.options.TrustProxies, c.peer)
	}
	return c
}

// source is what a session's reader reads. It keeps the connection's error, which
// fasthttp may tell as one of what was sent.
type source struct{ c *session }

// Read implements io.Reader.
func (s source) Read(b []byte) (int, error) {
	n, err := s.c.Conn.Read(b)
	if err != nil {
		s.c.lost = err
	}
	return n, err
}

// serve answers the connection's requests, one after the other, and closes it.
func (c *session) serve() {
	contain.Run(c.server.options.Logger, "a connection", func() {
		for wait := c.server.limits.Head; c.await(wait); wait = c.server.limits.Idle {
			if !c.exchange() {
				return
			}
		}
	})
	c.Close()
	c.server.options.Account.Release(account.Requests, c.held.Load()) // after a panic
	c.server.end(c)
}

// await waits for the first byte of a request, and reports whether it came.
func (c *session) await(limit time.Duration) bool {
	if c.in.Buffered() == 0 {
		c.enter(idle, limit)
		if c.server.stopping.Load() {
			c.hurry()
		}
		if _, err := c.in.Peek(1); err != nil {
			return false
		}
	}
	limit = 0
	if !bytes.Contains(c.buffered(), []byte("\r\n\r\n")) {
		limit = c.server.limits.Head
	}
	return c.enter(reading, limit)
}

func (c *session) buffered() []byte {
	b, _ := c.in.Peek(c.in.Buffered()) // never more than there is
	return b
}

// exchange answers one request, and reports whether another may follow.
func (c *session) exchange() bool {
	x := c.server.exchanges.Get().(*exchange)
	x.begin(c)
	again := x.serve()
	x.end()
	return again
}

// enter begins a phase, which waits on the client for no longer than a limit; 0 leaves
// the deadline as it is. It reports false for a session that was cut: that keeps the
// deadline that has passed.
func (c *session) enter(p phase, limit time.Duration) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.phase, c.since = p, time.Now()
	c.moved.Store(0)
	c.last.Store(c.since.UnixNano())
	switch {
	case c.cut:
		return false
	case limit == 0:
	// An error means that the connection is gone: whoever uses it next sees that.
	case p == writing:
		c.SetWriteDeadline(c.since.Add(limit))
	default:
		c.SetReadDeadline(c.since.Add(limit))
	}
	return true
}

// progress counts what the client has sent or taken.
func (c *session) progress(n int) {
	c.moved.Add(int64(n))
	c.last.Store(time.Now().UnixNano())
}

// extend gives the client until so long after the phase's begin to send more.
func (c *session) extend(limit time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if !c.cut {
		c.SetReadDeadline(c.since.Add(limit))
	}
}

// extendAnswer gives the client so long from now on to take more of an answer.
func (c *session) extendAnswer(limit time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if !c.cut {
		c.SetWriteDeadline(time.Now().Add(limit))
	}
}

// lastWait is how long a connection stays open in a shutdown for a request that is on
// its way: closed at once, it would be reset under the client that has just sent one.
const lastWait = 100 * time.Millisecond

// hurry ends a wait for the next request soon.
func (c *session) hurry() {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.phase == idle && !c.cut {
		c.SetReadDeadline(time.Now().Add(lastWait))
	}
}

// cutLocked ends the wait for the client. The session's mu must be held.
func (c *session) cutLocked() {
	c.cut = true
	c.SetDeadline(time.Unix(1, 0))
}

// wasCut reports whether the session was given up for another.
func (c *session) wasCut() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.cut
}

// linger reads on for a moment after a request was refused whose rest is still on its
// way. Closed at once, the connection would be reset, and the client would never see
// the answer (RFC 9112, 9.6).
func (c *session) linger() {
	half, ok := c.Conn.(interface{ CloseWrite() error })
	if !ok || half.CloseWrite() != nil {
		return
	}
	c.mu.Lock()
	if !c.cut {
		c.SetReadDeadline(time.Now().Add(c.server.limits.Linger))
	}
	c.mu.Unlock()
	buffer := c.buffered()[:0] // nobody wants what it holds
	buffer = buffer[:cap(buffer)]
	for len(buffer) > 0 {
		if _, err := c.Conn.Read(buffer); err != nil {
			return
		}
	}
}
