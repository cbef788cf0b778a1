//go:build !linux

package loadgen

import "net"

func newTurnConn(conn net.Conn) net.Conn { return conn }
