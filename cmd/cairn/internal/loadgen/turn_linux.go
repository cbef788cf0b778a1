package loadgen

import (
	"errors"
	"io"
	"net"
	"os"
	"syscall"
)

// turnConn sends a request and waits for its answer in one turn. net.Conn looks
// for the answer at once, finds nothing, and looks again once the poller has
// seen it: a third system call for each request, a tenth of all that it costs.
//
// Write keeps the request, which must not change before the next Read; Read
// sends it after the poller was told to look out for an answer, so that none is
// missed, and reads only when there is one.
type turnConn struct {
	net.Conn
	raw  syscall.RawConn
	turn func(fd uintptr) (done bool) // t.step, made once

	out []byte // to be sent
	in  []byte // where the answer goes
	n   int    // bytes of it
	err error
}

// newTurnConn returns conn in a faster form if it has one.
func newTurnConn(conn net.Conn) net.Conn {
	c, ok := conn.(*net.TCPConn)
	if !ok {
		return conn
	}
	raw, err := c.SyscallConn()
	if err != nil {
		return conn
	}
	t := &turnConn{Conn: conn, raw: raw}
	t.turn = t.step
	return t
}

// Write takes b to be sent by the next Read.
func (t *turnConn) Write(b []byte) (int, error) {
	t.out = b
	return len(b), nil
}

// Read sends what Write took and waits for an answer.
func (t *turnConn) Read(b []byte) (int, error) {
	t.in, t.n, t.err = b, 0, nil
	if err := t.raw.Read(t.turn); err != nil {
		return 0, err
	}
	if t.n == 0 && t.err == nil && len(b) > 0 {
		return 0, io.EOF
	}
	return t.n, t.err
}

// step is called when the poller stands ready, and again when it has seen
// something.
func (t *turnConn) step(fd uintptr) (done bool) {
	if len(t.out) > 0 {
		n, err := ignoringEINTR(syscall.Write, int(fd), t.out)
		t.out = t.out[max(n, 0):]
		if len(t.out) == 0 {
			return false // the answer cannot be here yet
		}
		if err == nil || errors.Is(err, syscall.EAGAIN) {
			// The socket's buffer is full, which one request does not do by itself:
			// wait for room in the ordinary way.
			n, err = t.Conn.Write(t.out)
			t.out = t.out[n:]
		}
		if err != nil {
			t.err = &writeError{err, len(t.out)}
		}
		t.out = nil
		return err != nil
	}
	n, err := ignoringEINTR(syscall.Read, int(fd), t.in)
	switch {
	case err == syscall.EAGAIN:
		return false
	case err != nil:
		t.err = os.NewSyscallError("read", err)
	default:
		t.n = n
	}
	return true
}

func ignoringEINTR(call func(int, []byte) (int, error), fd int, b []byte) (int, error) {
	for {
		n, err := call(fd, b)
		if err != syscall.EINTR {
			return n, err
		}
	}
}
