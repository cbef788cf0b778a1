//go:build unix

package ingress

import (
	"net"
	"testing"
)

// TestGone looks at a peer that is there, one that has sent more, and one that has
// closed its side.
func TestGone(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	for _, last := range []func(*net.TCPConn) error{
		(*net.TCPConn).Close, (*net.TCPConn).CloseWrite,
		func(c *net.TCPConn) error { c.SetLinger(0); return c.Close() }, // a reset
	} {
		peer, err := net.Dial("tcp", l.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		conn, err := l.Accept()
		if err != nil {
			t.Fatal(err)
		}
		if gone(conn) {
			t.Error("a peer that is there counts as gone")
		}
		if _, err := peer.Write([]byte("x")); err != nil {
			t.Fatal(err)
		}
		b := make([]byte, 2)
		if n, err := conn.Read(b); n != 1 || err != nil {
			t.Errorf("read %d bytes, %v", n, err)
		}
		if err := last(peer.(*net.TCPConn)); err != nil {
			t.Fatal(err)
		}
		for range 1_000_000 { // the loopback delivers at once, or nearly
			if gone(conn) {
				break
			}
		}
		if !gone(conn) {
			t.Error("a peer that has closed counts as there")
		}
		conn.Close()
		if !gone(conn) {
			t.Error("a connection that is closed here counts as there")
		}
		peer.Close()
	}
}
