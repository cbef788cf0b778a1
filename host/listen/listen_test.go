package listen_test

import (
	"errors"
	"io"
	"log/slog"
	"net"
	"os"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"

	"github.com/cairn-dev/cairn/host/listen"
)

// script is a listener whose Accept gives errors, one after the other, and then
// connections for as long as it is open.
type script struct {
	errs   []error
	closed chan struct{}
}

func (s *script) Accept() (net.Conn, error) {
	select {
	case <-s.closed:
		return nil, net.ErrClosed
	default:
	}
	if len(s.errs) > 0 {
		err := s.errs[0]
		s.errs = s.errs[1:]
		return nil, err
	}
	here, there := net.Pipe()
	go io.Copy(io.Discard, there)
	return here, nil
}
func (s *script) Close() error   { close(s.closed); return nil }
func (s *script) Addr() net.Addr { return &net.TCPAddr{} }

func fails(number syscall.Errno) error {
	return &net.OpError{Op: "accept", Net: "tcp", Err: os.NewSyscallError("accept4", number)}
}

// TestAcceptErrors wants errors that pass to be waited out, and told once: accept(2)
// says that a server treats network errors of a connection as if it had not come.
func TestAcceptErrors(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var log strings.Builder
		short := 0
		l := listen.New(&script{closed: make(chan struct{}), errs: []error{
			fails(syscall.EMFILE), fails(syscall.EMFILE), fails(syscall.ENFILE),
			fails(syscall.ECONNABORTED), fails(syscall.ENOBUFS), fails(syscall.ENOMEM),
			fails(syscall.EPROTO), fails(syscall.ENETDOWN), fails(syscall.EPERM),
			fails(syscall.EAGAIN), fails(syscall.EINTR),
		}}, listen.Options{Logger: slog.New(slog.NewTextHandler(&log, nil)), Short: func() {
			short++
		}})
		c, err := l.Accept()
		if err != nil {
			t.Fatal(err)
		}
		c.Close()
		l.Close()
		if short != 3 {
			t.Errorf("descriptors were asked for %d times", short)
		}
		if n := strings.Count(log.String(), "cannot accept"); n != 1 ||
			strings.Count(log.String(), "accepting again") != 1 {
			t.Errorf("the log has %s", log.String())
		}
	})
}

// TestAcceptEnds wants what will never pass to end Accept, and Close to end a wait.
func TestAcceptEnds(t *testing.T) {
	own := errors.New("some listener's own")
	for _, err := range []error{net.ErrClosed, fails(syscall.EBADF), fails(syscall.EINVAL), own} {
		l := listen.New(&script{closed: make(chan struct{}), errs: []error{err}}, listen.Options{})
		if _, got := l.Accept(); !errors.Is(got, err) {
			t.Errorf("%v: %v", err, got)
		}
	}
	synctest.Test(t, func(t *testing.T) {
		var errs []error
		for range 100 {
			errs = append(errs, fails(syscall.EMFILE))
		}
		l := listen.New(&script{closed: make(chan struct{}), errs: errs}, listen.Options{})
		ended := make(chan error)
		go func() {
			_, err := l.Accept()
			ended <- err
		}()
		synctest.Wait()
		if err := errors.Join(l.Close(), l.Close()); err != nil {
			t.Error(err)
		}
		if err := <-ended; !errors.Is(err, net.ErrClosed) {
			t.Error(err)
		}
	})
}

// TestMax wants the connections beyond the bound to be answered and closed, and room
// again when one ends.
func TestMax(t *testing.T) {
	inner, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	l := listen.New(inner, listen.Options{Max: 2, Full: []byte("full")})
	defer l.Close()
	accepted := make(chan net.Conn, 3)
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			accepted <- c
		}
	}()
	dial := func() net.Conn {
		c, err := net.Dial("tcp", l.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { c.Close() })
		return c
	}
	dial()
	dial()
	first := <-accepted
	<-accepted
	if got, err := io.ReadAll(dial()); string(got) != "full" || err != nil {
		t.Errorf("the third was told %q, %v", got, err)
	}
	first.Close()
	first.Close()
	dial()
	<-accepted
	if got, _ := io.ReadAll(dial()); string(got) != "full" {
		t.Errorf("after one has ended, twice: the fifth was told %q", got)
	}
}
