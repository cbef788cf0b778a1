package loadgen

import (
	"context"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"
)

// TestLongRequest sends requests that no socket's buffer holds at once, over a
// real connection, and has the answer come in two parts.
func TestLongRequest(t *testing.T) {
	s := newServer(func(_ *http.Request, w io.Writer) bool {
		_, err := io.WriteString(w, okAnswer[:9])
		if err == nil {
			_, err = io.WriteString(w, okAnswer[9:])
		}
		return err == nil
	})
	path := "/" + strings.Repeat("x", 16<<20)
	r := run(t, bench(t, Options{URL: s.listen(t) + path, Connections: 1, Requests: 2,
		Duration: time.Minute, Timeout: time.Minute}, nil))
	s.end()
	if r.OK != 2 || s.requests[path] != 2 || r.BytesOut != s.bytesIn {
		t.Errorf("%d answers, %d requests of that path, %d bytes sent, %d received, errors %v",
			r.OK, s.requests[path], r.BytesOut, s.bytesIn, r.Errors)
	}
}

// TestWriteFails sends over a connection that is shut for sending, and wants the
// error to be counted as one of sending.
func TestWriteFails(t *testing.T) {
	s := newServer(answerOK)
	b := bench(t, Options{URL: s.listen(t), Connections: 1, Requests: 3,
		Duration: time.Minute}, nil)
	dial := b.dial
	b.dial = func(ctx context.Context) (net.Conn, error) {
		c, err := dial(ctx)
		if err == nil {
			err = c.(*net.TCPConn).CloseWrite()
		}
		return c, err
	}
	if r := run(t, b); r.Errors.Write != 3 || r.Errors.Total != 3 || r.BytesOut != 0 {
		t.Errorf("errors %v, %d bytes out", r.Errors, r.BytesOut)
	}
}
