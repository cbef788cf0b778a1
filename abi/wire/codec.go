package wire

import (
	"encoding/binary"
	"errors"
)

// Version is the first byte of every message.
const Version = 1

// ErrMalformed says that bytes are not a message: a wrong version, a length
// beyond the end, or bytes after the end.
var ErrMalformed = errors.New("wire: malformed message")

func appendUint32(b []byte, v uint32) []byte { return binary.LittleEndian.AppendUint32(b, v) }

func appendUint64(b []byte, v uint64) []byte { return binary.LittleEndian.AppendUint64(b, v) }

func appendField[T ~string | ~[]byte](b []byte, v T) []byte {
	return append(appendUint32(b, uint32(len(v))), v...)
}

// reader takes fields off the front of a message. After the first bad one it
// is failed, and every later field is empty.
type reader struct {
	b      []byte
	failed bool
}

func newReader(b []byte) reader {
	if len(b) == 0 || b[0] != Version {
		return reader{failed: true}
	}
	return reader{b: b[1:]}
}

func (r *reader) take(n uint32) []byte {
	if r.failed || uint64(n) > uint64(len(r.b)) {
		r.failed = true
		return nil
	}
	v := r.b[:n:n]
	r.b = r.b[n:]
	return v
}

func (r *reader) byte() byte {
	if v := r.take(1); v != nil {
		return v[0]
	}
	return 0
}

func (r *reader) uint32() uint32 {
	if v := r.take(4); v != nil {
		return binary.LittleEndian.Uint32(v)
	}
	return 0
}

func (r *reader) uint64() uint64 {
	if v := r.take(8); v != nil {
		return binary.LittleEndian.Uint64(v)
	}
	return 0
}

func (r *reader) field() []byte { return r.take(r.uint32()) }

// end returns the reader's verdict once every field is read.
func (r *reader) end() error {
	if r.failed || len(r.b) != 0 {
		return ErrMalformed
	}
	return nil
}
