//go:build unix

package ingress

import (
	"net"
	"syscall"
)

// gone reports whether the peer has closed its side of a connection, without a wait
// and without taking what it has sent. A peer that has only ended its own sending
// counts as gone as well: as for net/http's server, nothing else is to be seen.
func gone(conn net.Conn) bool {
	c, ok := conn.(syscall.Conn)
	if !ok {
		return false
	}
	raw, err := c.SyscallConn()
	if err != nil {
		return true
	}
	var n int
	var got error
	err = raw.Control(func(fd uintptr) {
		var b [1]byte
		n, _, got = syscall.Recvfrom(int(fd), b[:], syscall.MSG_PEEK|syscall.MSG_DONTWAIT)
	})
	switch {
	case err != nil:
		return true // the connection is closed on this side
	case got == syscall.EAGAIN || got == syscall.EINTR:
		return false
	}
	return n <= 0
}
