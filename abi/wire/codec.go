package wire

import (
	"encoding/binary"
	"errors"
)

// Version is the first byte of every message for guests of [abi.Version]. A
// message grows by fields behind its last one under a version of its own; SPEC.md
// says in section 14 who gets which.
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
// is failed and b is nil, so every later field is bad and empty.
type reader struct {
	b       []byte
	version byte // of the message: fields of later ones are not in it
	failed  bool
}

// newReader reads a message of any version up to the newest that its decoder
// knows.
func newReader(b []byte, newest byte) reader {
	if len(b) == 0 || b[0] == 0 || b[0] > newest {
		return reader{failed: true}
	}
	return reader{b: b[1:], version: b[0]}
}

func (r *reader) fail() { r.b, r.failed = nil, true }

func (r *reader) take(n int) []byte {
	if n > len(r.b) {
		r.fail()
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

// field is take(uint32()) in one step: a message is made of fields, and a call is
// dear in WebAssembly.
func (r *reader) field() []byte {
	const prefix = 4
	b := r.b
	if len(b) < prefix {
		r.fail()
		return nil
	}
	n := binary.LittleEndian.Uint32(b)
	b = b[prefix:]
	if uint64(n) > uint64(len(b)) {
		r.fail()
		return nil
	}
	r.b = b[n:]
	return b[:n:n]
}

// end returns the reader's verdict once every field is read.
func (r *reader) end() error {
	if r.failed || len(r.b) != 0 {
		return ErrMalformed
	}
	return nil
}
