package ingress

import (
	"bytes"
	"fmt"
	"net"
	"net/http"
	"strconv"
	"sync/atomic"
	"time"

	"github.com/cairn-dev/cairn/abi/wire"
)

// Limits of a guest's response: upstream's for the size of the header, and what no
// client refuses for the number of fields.
const (
	maxAnswerHeader = 128 << 10
	maxAnswerFields = 1024
)

// badResponse says what is wrong with the head of a guest's response, or nil. The ABI
// lets a guest say anything: nothing that a client could read as something else goes
// out.
func badResponse(r *wire.Response) error {
	if r.Status < 200 || r.Status > 599 {
		return fmt.Errorf("the status %d is not between 200 and 599", r.Status)
	}
	if len(r.Header) > maxAnswerHeader {
		return fmt.Errorf("the header has %d bytes, more than %d", len(r.Header), maxAnswerHeader)
	}
	var bad error
	fields := 0
	err := r.Header.Each(func(name, value []byte) bool {
		fields++
		_, bad = wire.CheckField(name, value)
		return bad == nil
	})
	switch {
	case bad != nil:
		return bad
	case err != nil:
		return fmt.Errorf("the header does not decode: %w", err)
	case fields > maxAnswerFields:
		return fmt.Errorf("the header has %d fields, more than %d", fields, maxAnswerFields)
	}
	return nil
}

// ours are the fields that frame a message or belong to one connection (RFC 9110,
// 7.6.1): a guest's are left out, as upstream does, since the host frames. Content-Length
// is one that an answer without a body may keep.
func ours(name []byte) bool {
	switch len(name) {
	case 2:
		return is(name, "te")
	case 7:
		return is(name, "trailer") || is(name, "upgrade")
	case 10:
		return is(name, "connection") || is(name, "keep-alive")
	case 14:
		return is(name, "content-length")
	case 16:
		return is(name, "proxy-connection")
	case 17:
		return is(name, "transfer-encoding")
	}
	return false
}

// appendHead writes the answer's head, and returns the body that goes with it.
func (x *exchange) appendHead(b []byte) (head, body []byte) {
	a := &x.answer
	b = append(b, "HTTP/1.1 "...)
	b = strconv.AppendInt(b, int64(a.status), 10)
	b = append(append(append(b, ' '), http.StatusText(a.status)...), '\r', '\n')
	server, date, length := true, true, []byte(nil)
	a.header.Each(func(name, value []byte) bool {
		value = wire.TrimValue(value)
		if ours(name) {
			if is(name, "content-length") {
				length = value
			}
			return true
		}
		server = server && !is(name, "server")
		date = date && !is(name, "date")
		b = appendField(b, name, value)
		return true
	})
	if a.kind != "" {
		b = appendField(b, "Content-Type", a.kind)
	}
	if a.retry {
		b = appendField(b, "Retry-After", "1")
	}
	if server {
		b = appendField(b, "Server", "cairn")
	}
	if date {
		b = appendField(b, "Date", now())
	}
	b, body = x.appendLength(b, length)
	switch {
	case x.ending:
		b = appendField(b, "Connection", "close")
	case !x.http.Header.IsHTTP11():
		b = appendField(b, "Connection", "keep-alive")
	}
	return append(b, '\r', '\n'), body
}

// appendLength frames the body, and returns what of it is sent. length is what the
// guest says, or nil. RFC 9110, 8.6: it may say how long the answer to a GET would be
// where there is no body, and is not said where there can be none.
func (x *exchange) appendLength(b, length []byte) (head, body []byte) {
	a := &x.answer
	none := a.status == http.StatusNoContent || a.status == http.StatusNotModified
	head = b
	switch isHead := x.isHead(); {
	case a.status == http.StatusNoContent:
	case a.status == http.StatusResetContent: // RFC 9110, 15.3.6
		head = appendField(b, "Content-Length", "0")
	case (isHead || none) && isLength(length):
		head = appendField(b, "Content-Length", length)
	case isHead && len(a.body) == 0 || none:
	default:
		head = append(b, "Content-Length: "...)
		head = append(strconv.AppendInt(head, int64(len(a.body)), 10), '\r', '\n')
		if !isHead {
			body = a.body
		}
	}
	return head, body
}

func (x *exchange) isHead() bool { return string(x.http.Header.Method()) == http.MethodHead }

// isLength reports whether a guest's Content-Length is one.
func isLength(b []byte) bool {
	return len(b) > 0 && len(b) < 19 && len(bytes.Trim(b, "0123456789")) == 0
}

func appendField[N, V string | []byte](b []byte, name N, value V) []byte {
	b = append(append(b, name...), ": "...)
	return append(append(b, value...), '\r', '\n')
}

// smallBytes is up to where a body goes out in one piece with its head, and pieceBytes
// how much the client has to take until its deadline moves.
const (
	smallBytes = 8 << 10
	pieceBytes = 256 << 10
)

// send writes the answer. After an error the connection is of no use.
func (x *exchange) send() error {
	c := x.session
	head, body := x.appendHead(x.scratch[:0])
	if len(body) <= smallBytes {
		head, body = append(head, body...), nil
	}
	x.scratch = head
	if !c.enter(writing, c.server.limits.Stall) {
		return net.ErrClosed
	}
	if len(body) == 0 {
		_, err := c.Conn.Write(head) // net.Buffers would cost two allocations for one piece
		return err
	}
	first := min(len(body), pieceBytes)
	pieces, body := net.Buffers{head, body[:first]}, body[first:]
	for {
		n, err := pieces.WriteTo(c.Conn)
		c.progress(int(n))
		if err != nil || len(body) == 0 {
			return err
		}
		n = int64(min(len(body), pieceBytes))
		pieces, body = net.Buffers{body[:n]}, body[n:]
		c.extendAnswer(c.server.limits.Stall)
	}
}

// date is the text of a second.
type date struct {
	second int64
	text   string
}

var lastDate atomic.Pointer[date]

// now is the time as Date has it.
func now() string {
	t := time.Now()
	if d := lastDate.Load(); d != nil && d.second == t.Unix() {
		return d.text
	}
	d := &date{t.Unix(), t.UTC().Format(http.TimeFormat)}
	lastDate.Store(d)
	return d.text
}
