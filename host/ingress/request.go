package ingress

import (
	"bytes"
	"errors"
	"io"
	"net/http"

	"github.com/valyala/fasthttp"

	"github.com/cairn-dev/cairn/abi"
	"github.com/cairn-dev/cairn/abi/wire"
)

// encode begins a wire.Request, in x.request, that readBody completes.
func (x *exchange) encode() {
	h := &x.head
	x.origin.find(x.session, h)
	x.scratch = x.appendURL(x.scratch[:0])
	url := len(x.scratch)
	header := x.appendHeader(wire.Header(x.scratch))
	x.scratch = header
	x.request = wire.OpenRequest(x.request[:0], &wire.Request{
		Method: x.http.Header.Method(), URL: header[:url], Header: header[url:],
	})
	x.body = len(x.request)
}

// appendURL writes the request's absolute URL as the client sent it. It stays ASCII:
// bytes beyond that are escaped, as the URL standard does when it parses one.
func (x *exchange) appendURL(b []byte) []byte {
	b = append(append(b, x.origin.scheme...), "://"...)
	b = append(b, x.head.authority...)
	const hex = "0123456789ABCDEF"
	for _, c := range x.head.path {
		if c < 0x80 {
			b = append(b, c)
		} else {
			b = append(b, '%', hex[c>>4], hex[c&15])
		}
	}
	return b
}

// appendHeader writes the request's header as it came, in order, but for what says who
// the client is.
func (x *exchange) appendHeader(header wire.Header) wire.Header {
	cookie, host := true, true
	for i, f := range x.head.fields {
		value := f.value
		switch {
		case is(f.name, "host"):
			value, host = x.head.authority, false
		case is(f.name, "cookie"):
			// One of several: RFC 6265, 5.4, lets a client send one, and RFC 9113, 8.2.3,
			// says how those that came apart are one. Guests look at the first.
			if !cookie {
				continue
			}
			value, cookie = joinCookies(value, x.head.fields[i+1:]), false
		case is(f.name, "x-forwarded-for"), is(f.name, "x-forwarded-proto"),
			len(f.name) > 14 && is(f.name[:14], "cf-connecting-"):
			continue
		}
		header = wire.AppendHeader(header, f.name, value)
		canonical(header[len(header)-len(value)-4-len(f.name):][:len(f.name)])
	}
	if host {
		header = wire.AppendHeader(header, "Host", x.head.authority)
	}
	if x.origin.address != "" {
		header = wire.AppendHeader(header, "Cf-Connecting-Ip", x.origin.address)
		header = wire.AppendHeader(header, "X-Forwarded-For", x.origin.forwarded)
	}
	return wire.AppendHeader(header, "X-Forwarded-Proto", x.origin.scheme)
}

func joinCookies(value []byte, rest []field) []byte {
	for _, f := range rest {
		if is(f.name, "cookie") {
			value = append(append(bytes.Clone(value), "; "...), f.value...)
		}
	}
	return value
}

// canonical writes a name as Content-Type is written.
func canonical(name []byte) {
	upper := true
	for i, c := range name {
		switch {
		case upper && c >= 'a' && c <= 'z':
			name[i] = c &^ 0x20
		case !upper && c >= 'A' && c <= 'Z':
			name[i] = c | 0x20
		}
		upper = c == '-'
	}
}

// readBody appends the request's body to x.request.
func (x *exchange) readBody() error {
	c, length := x.session, x.head.length
	if length != 0 && length != -2 { // -2: there is none
		// Where all of it is here already, no deadline is needed and nobody waits.
		if length < 0 || length > c.in.Buffered() {
			if x.head.expects {
				if err := c.proceed(); err != nil {
					return err
				}
			}
			c.enter(reading, c.server.limits.Body)
		}
		var err error
		if length > 0 {
			err = x.append(c.in, length)
		} else {
			err = x.readChunks()
		}
		if err != nil {
			return err
		}
	}
	wire.CloseRequest(x.request, x.body)
	return nil
}

// proceed tells the client to send the body.
func (c *session) proceed() error {
	c.enter(writing, c.server.limits.Stall)
	_, err := io.WriteString(c.Conn, "HTTP/1.1 100 Continue\r\n\r\n")
	return err
}

// readChunks reads a body in chunks, by fasthttp.
func (x *exchange) readChunks() error {
	if err := x.http.ContinueReadBodyStream(x.session.in, abi.MaxMessageBytes, false); err != nil {
		return x.broken(err)
	}
	err := x.append(x.http.BodyStream(), -1)
	x.http.CloseBodyStream()
	return err
}

// broken says what is wrong with chunks that cannot be read.
func (x *exchange) broken(err error) error {
	switch {
	case x.session.lost != nil:
		return x.session.lost
	case errors.Is(err, fasthttp.ErrBodyTooLarge):
		return errTooLarge
	}
	return bad("the chunks of the body are malformed")
}

var errTooLarge = &refusal{http.StatusRequestEntityTooLarge, "the body is too long"}

// paceBytes is how much of a body arrives until its deadline moves.
const paceBytes = 64 << 10

// append appends a body, of a length, or until the reader ends where that is below
// zero. Memory is taken as bytes arrive, whatever the client has announced: never more
// than twice what is here.
func (x *exchange) append(r io.Reader, length int) error {
	c, paced := x.session, 0
	for arrived := 0; arrived != length; {
		if len(x.request) == cap(x.request) {
			if err := x.grow(arrived, length); err != nil {
				return err
			}
		}
		free := x.request[len(x.request):cap(x.request)]
		if length >= 0 {
			free = free[:min(len(free), length-arrived)]
		}
		if err := c.take(&x.in, len(x.request)+len(free)); err != nil {
			return err // the buffer may be one that was left from another request
		}
		n, err := r.Read(free)
		x.request = x.request[:len(x.request)+n]
		arrived += n
		c.progress(n)
		switch {
		case arrived > abi.MaxMessageBytes:
			return errTooLarge
		case err == io.EOF && length < 0:
			return nil
		case err == io.EOF:
			return io.ErrUnexpectedEOF
		case err != nil:
			return x.broken(err)
		}
		if arrived-paced >= paceBytes {
			paced = arrived
			c.extend(c.server.limits.body(arrived))
		}
	}
	return nil
}

// grow makes room for more of a body, and asks the account for it.
func (x *exchange) grow(arrived, length int) error {
	most := x.body + abi.MaxMessageBytes + 1 // one more shows that it is too long
	if length >= 0 {
		most = x.body + length
	}
	size := min(max(2*cap(x.request), 4<<10), most)
	if size < len(x.request)+1 {
		size = len(x.request) + 1
	}
	if err := x.session.take(&x.in, size); err != nil {
		return err
	}
	larger := make([]byte, len(x.request), size)
	copy(larger, x.request)
	x.request = larger
	return nil
}
