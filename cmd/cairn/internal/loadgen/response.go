package loadgen

import (
	"bytes"
	"errors"
	"io"
	"math"
)

// Limits of what a response may look like.
const (
	bufferBytes   = 8 << 10 // of one connection, and so of one line of a head
	maxHeadLines  = 256     // of all heads of one response, the interim ones and trailers too
	maxChunkDigit = 15      // hex digits of a chunk's size: more do not fit an int64
)

// errMalformed is a response that is not HTTP/1.1.
var errMalformed = errors.New("loadgen: malformed response")

// reader reads responses and forgets their bodies. It allocates nothing.
type reader struct {
	src   io.Reader
	buf   []byte
	r, w  int    // buf[r:w] is read from src and not yet used
	lines int    // of heads in this response
	total uint64 // bytes read from all sources
}

// reset goes over to a new connection.
func (r *reader) reset(src io.Reader) {
	r.src, r.r, r.w = src, 0, 0
}

// head is what a response's head says.
type head struct {
	status  int
	close   bool  // the connection ends with this response
	chunked bool  //
	length  int64 // of the body; -1: unknown
}

// response reads one response to its end. reusable says that the connection can
// carry another request. The error is errMalformed or src's.
func (r *reader) response() (status int, reusable bool, err error) {
	r.lines = 0
	h, err := r.head()
	for err == nil && h.status < 200 && h.status != 101 {
		h, err = r.head()
	}
	if err != nil {
		return 0, false, err
	}
	switch {
	case h.status == 101: // nobody asked for another protocol
		return 0, false, errMalformed
	case h.status == 204 || h.status == 304:
	case h.chunked:
		err = r.chunks()
	case h.length >= 0:
		err = r.discard(h.length)
	default:
		h.close = true
		err = r.discard(math.MaxInt64)
		if err == io.ErrUnexpectedEOF {
			err = nil // such a body ends so
		}
	}
	if err != nil {
		return 0, false, err
	}
	if r.r != r.w && !h.close { // an answer to a question that was not asked
		return 0, false, errMalformed
	}
	return h.status, !h.close, nil
}

// head reads the status line and the header fields.
func (r *reader) head() (head, error) {
	h := head{length: -1}
	line, err := r.line()
	if err != nil {
		return h, err
	}
	// HTTP/1.1 200 OK
	if len(line) < 12 || string(line[:7]) != "HTTP/1." || line[8] != ' ' ||
		len(line) > 12 && line[12] != ' ' {
		return h, errMalformed
	}
	switch line[7] {
	case '0':
		h.close = true
	case '1':
	default:
		return h, errMalformed
	}
	for _, c := range line[9:12] {
		if c < '0' || c > '9' {
			return h, errMalformed
		}
		h.status = h.status*10 + int(c-'0')
	}
	if h.status < 100 {
		return h, errMalformed
	}
	for {
		if line, err = r.line(); err != nil {
			return h, err
		}
		if len(line) == 0 {
			break
		}
		if err := h.field(line); err != nil {
			return h, err
		}
	}
	if h.chunked && h.length >= 0 { // two lengths: RFC 9112 6.3 calls it an error
		return h, errMalformed
	}
	return h, nil
}

// field takes in one header field. Only three matter.
func (h *head) field(line []byte) error {
	colon := bytes.IndexByte(line, ':')
	if colon < 1 {
		return errMalformed
	}
	name, value := line[:colon], bytes.Trim(line[colon+1:], " \t")
	switch {
	case equalFold(name, "content-length"):
		length, ok := parseDecimal(value)
		if !ok || h.length >= 0 && h.length != length {
			return errMalformed
		}
		h.length = length
	case equalFold(name, "transfer-encoding"):
		if h.chunked || !equalFold(value, "chunked") { // no other coding was asked for
			return errMalformed
		}
		h.chunked = true
	case equalFold(name, "connection"):
		h.connection(value)
	}
	return nil
}

// connection takes in the options of a Connection field.
func (h *head) connection(value []byte) {
	for len(value) > 0 {
		option := value
		if comma := bytes.IndexByte(value, ','); comma >= 0 {
			option, value = value[:comma], value[comma+1:]
		} else {
			value = nil
		}
		switch option = bytes.Trim(option, " \t"); {
		case equalFold(option, "close"):
			h.close = true
		case equalFold(option, "keep-alive"):
			h.close = false
		}
	}
}

// chunks reads a chunked body and its trailers.
func (r *reader) chunks() error {
	for {
		r.lines = 0 // there may be any number of chunks; the timeout ends them
		line, err := r.line()
		if err != nil {
			return err
		}
		size, ok := parseChunkSize(line)
		if !ok {
			return errMalformed
		}
		if size == 0 {
			break
		}
		if err := r.discard(size); err != nil {
			return err
		}
		if line, err = r.line(); err != nil {
			return err
		}
		if len(line) > 0 {
			return errMalformed
		}
	}
	for {
		line, err := r.line()
		if err != nil || len(line) == 0 {
			return err
		}
	}
}

// line reads a line and returns a view of it without its end, valid until the
// next call.
func (r *reader) line() ([]byte, error) {
	if r.lines++; r.lines > maxHeadLines {
		return nil, errMalformed
	}
	for seen := 0; ; {
		if i := bytes.IndexByte(r.buf[r.r+seen:r.w], '\n'); i >= 0 {
			line := r.buf[r.r : r.r+seen+i]
			r.r += seen + i + 1
			if n := len(line); n > 0 && line[n-1] == '\r' {
				line = line[:n-1]
			}
			return line, nil
		}
		seen = r.w - r.r
		if seen == len(r.buf) {
			return nil, errMalformed
		}
		if err := r.fill(); err != nil {
			return nil, err
		}
	}
}

// discard passes over n bytes.
func (r *reader) discard(n int64) error {
	for {
		have := int64(r.w - r.r)
		if have >= n {
			r.r += int(n)
			return nil
		}
		n -= have
		r.r = r.w
		if err := r.fill(); err != nil {
			return err
		}
	}
}

// fill reads more into buf, after moving what is there to its start. An end is
// io.ErrUnexpectedEOF.
func (r *reader) fill() error {
	if r.r > 0 {
		r.w = copy(r.buf, r.buf[r.r:r.w])
		r.r = 0
	}
	n, err := r.src.Read(r.buf[r.w:])
	r.w += n
	r.total += uint64(n)
	switch {
	case n > 0:
		return nil // an error comes again
	case err == nil:
		return io.ErrNoProgress
	case err == io.EOF:
		return io.ErrUnexpectedEOF
	}
	return err
}

// equalFold compares ASCII without regard to case; lower is in lower case.
func equalFold(b []byte, lower string) bool {
	if len(b) != len(lower) {
		return false
	}
	for i, c := range b {
		if 'A' <= c && c <= 'Z' {
			c += 'a' - 'A'
		}
		if c != lower[i] {
			return false
		}
	}
	return true
}

func parseDecimal(b []byte) (n int64, ok bool) {
	if len(b) == 0 || len(b) > 18 { // 18 digits fit an int64
		return 0, false
	}
	for _, c := range b {
		if c < '0' || c > '9' {
			return 0, false
		}
		n = n*10 + int64(c-'0')
	}
	return n, true
}

// parseChunkSize reads the size at the start of a chunk's line; extensions may
// follow it.
func parseChunkSize(line []byte) (n int64, ok bool) {
	for i, c := range line {
		switch {
		case '0' <= c && c <= '9':
			c -= '0'
		case 'a' <= c|0x20 && c|0x20 <= 'f':
			c = c | 0x20 - 'a' + 10
		default:
			return n, i > 0 && (c == ';' || c == ' ' || c == '\t')
		}
		if i >= maxChunkDigit {
			return 0, false
		}
		n = n<<4 | int64(c)
	}
	return n, len(line) > 0
}
