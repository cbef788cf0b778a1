// Package listen is a listener that goes on accepting.
//
// There is one type. A [Listener] waits out what is wrong for a moment, such as no
// free descriptor, and bounds how many connections are open. What is said on a
// connection is its user's business.
package listen

import (
	"errors"
	"log/slog"
	"net"
	"sync"
	"syscall"
	"time"
)

// Options configures a Listener.
type Options struct {
	// Max bounds the connections that are open at a time. Default no bound.
	Max int
	// Full is written to a connection beyond Max before it is closed. Default
	// nothing.
	Full []byte
	// Short is called when there is no descriptor for a connection; it may close what
	// can be spared. Default nothing.
	Short func()
	// Logger is told once when accepting begins to fail, and once when it goes on.
	// Default discards.
	Logger *slog.Logger
}

// Listener is a net.Listener whose Accept fails for good only. It may be closed
// twice.
type Listener struct {
	net.Listener
	options Options

	once     sync.Once
	closed   chan struct{}
	closeErr error

	mu   sync.Mutex
	open int
}

// New makes a Listener of one, which it owns.
func New(l net.Listener, o Options) *Listener {
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	return &Listener{Listener: l, options: o, closed: make(chan struct{})}
}

// How long Accept waits after an error, twice as long after the next. At most a
// second is time enough for connections to end, and short for those who knock.
const (
	firstWait = 5 * time.Millisecond
	lastWait  = time.Second
)

// Accept implements net.Listener. Its error is net.ErrClosed, or one of a socket
// that will never accept again.
func (l *Listener) Accept() (net.Conn, error) {
	wait := time.Duration(0)
	for {
		c, err := l.Listener.Accept()
		switch {
		case err == nil:
			if wait > 0 {
				l.options.Logger.Info("accepting again", "address", l.Addr().String())
			}
			if c = l.admit(c); c != nil {
				return c, nil
			}
			wait = 0
			continue
		case !passes(err):
			return nil, err
		case wait == 0:
			l.options.Logger.Error("cannot accept for now; a higher limit of open files may "+
				"help (ulimit -n)", "address", l.Addr().String(), "error", err)
		}
		if l.options.Short != nil && noDescriptor(err) {
			l.options.Short()
		}
		wait = min(max(2*wait, firstWait), lastWait)
		select {
		case <-l.closed:
			return nil, net.ErrClosed
		case <-time.After(wait):
		}
	}
}

// admit returns a connection that counts, or nil for one that is too many.
func (l *Listener) admit(c net.Conn) net.Conn {
	if l.options.Max == 0 {
		return c
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.open >= l.options.Max {
		Refuse(c, l.options.Full)
		return nil
	}
	l.open++
	return &conn{Conn: c, listener: l}
}

// Refuse writes to a new connection, whose buffer is empty, and closes it.
func Refuse(c net.Conn, answer []byte) {
	if len(answer) > 0 && c.SetWriteDeadline(time.Now().Add(firstWait)) == nil {
		c.Write(answer) // the connection is closed in any case
	}
	c.Close()
}

// Close implements net.Listener.
func (l *Listener) Close() error {
	l.once.Do(func() {
		close(l.closed)
		l.closeErr = l.Listener.Close()
	})
	return l.closeErr
}

// conn counts as open until it is closed.
type conn struct {
	net.Conn
	listener *Listener
	once     sync.Once
}

// Close implements net.Conn.
func (c *conn) Close() error {
	c.once.Do(func() {
		c.listener.mu.Lock()
		c.listener.open--
		c.listener.mu.Unlock()
	})
	return c.Conn.Close()
}

// fallbackDescriptors is for where the system does not say.
const fallbackDescriptors = 1024

func noDescriptor(err error) bool {
	return errors.Is(err, syscall.EMFILE) || errors.Is(err, syscall.ENFILE)
}

// passes reports whether the next Accept may do better. Every error of the system
// does but those of a socket that does not listen: accept(2) hands on what is wrong
// with the network and with connections that are gone.
func passes(err error) bool {
	if errors.Is(err, net.ErrClosed) {
		return false
	}
	var number syscall.Errno
	if !errors.As(err, &number) {
		var network net.Error
		return errors.As(err, &network) && network.Timeout()
	}
	switch number {
	case syscall.EBADF, syscall.EINVAL, syscall.ENOTSOCK, syscall.EOPNOTSUPP, syscall.EFAULT:
		return false
	}
	return true
}
