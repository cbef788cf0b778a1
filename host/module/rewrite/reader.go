package rewrite

import (
	"fmt"
	"unicode/utf8"
)

// A reader walks over bytes. Its first error stays and moves it to the end, so that
// callers look at err once per item and loops end by themselves.
type reader struct {
	b       []byte
	pos     int
	base    int // offset of b[0] in the module
	section string
	fn      int
	err     error
}

func (r *reader) rest() int { return len(r.b) - r.pos }

func (r *reader) failf(format string, args ...any) {
	r.failAt(r.pos, format, args...)
}

func (r *reader) failAt(pos int, format string, args ...any) {
	if r.err == nil {
		r.err = &ParseError{r.section, r.fn, r.base + pos, fmt.Sprintf(format, args...)}
	}
	r.pos = len(r.b)
}

func (r *reader) byte() byte {
	if r.pos >= len(r.b) {
		r.failf("truncated")
		return 0
	}
	c := r.b[r.pos]
	r.pos++
	return c
}

func (r *reader) bytes(n int) []byte {
	if n < 0 || n > r.rest() {
		r.failf("truncated: %d bytes wanted, %d left", n, r.rest())
		return nil
	}
	b := r.b[r.pos : r.pos+n : r.pos+n]
	r.pos += n
	return b
}

// zero reads a byte that WebAssembly 2.0 reserves: the index of the only memory.
func (r *reader) zero() {
	if at := r.pos; r.byte() != 0 && r.err == nil {
		r.failAt(at, "memory index is not zero (multi-memory is not supported)")
	}
}

// u32 reads an unsigned LEB128 of at most 32 bits.
func (r *reader) u32() uint32 {
	if r.pos < len(r.b) && r.b[r.pos] < 0x80 { // most numbers are short
		c := r.b[r.pos]
		r.pos++
		return uint32(c)
	}
	at, v := r.pos, uint32(0)
	for shift := 0; shift < 35; shift += 7 {
		c := r.byte()
		if shift == 28 && c > 0x0f {
			r.failAt(at, "integer is too large or too long")
			return 0
		}
		v |= uint32(c&0x7f) << shift
		if c < 0x80 {
			break
		}
	}
	return v
}

// signed reads a signed LEB128 of the given width: 32, 33 or 64 bits.
func (r *reader) signed(bits int) int64 {
	at, v := r.pos, int64(0)
	for shift := 0; ; shift += 7 {
		c := r.byte()
		if r.err != nil {
			return 0
		}
		v |= int64(c&0x7f) << shift
		left := bits - shift // bits that this byte may still carry, its sign included
		if left <= 7 {
			// The bits beyond the width must repeat the sign.
			if high := int8(c<<1) >> left; c >= 0x80 || high != 0 && high != -1 {
				r.failAt(at, "integer is too large or too long")
				return 0
			}
		}
		if c < 0x80 {
			if s := shift + 7; s < 64 {
				v = v << (64 - s) >> (64 - s)
			}
			return v
		}
	}
}

// count reads the length of a vector whose items take at least size bytes each.
func (r *reader) count(size int) int {
	at := r.pos
	n := r.u32()
	if uint64(n)*uint64(size) > uint64(r.rest()) {
		r.failAt(at, "count %d does not fit into the %d bytes left", n, r.rest())
		return 0
	}
	return int(n)
}

func (r *reader) name() string {
	at := r.pos
	b := r.bytes(r.count(1))
	if !utf8.Valid(b) {
		r.failAt(at, "name is not UTF-8")
		return ""
	}
	return string(b)
}

// index reads an index below n.
func (r *reader) index(what string, n int) uint32 {
	at := r.pos
	i := r.u32()
	if uint64(i) >= uint64(n) && r.err == nil {
		r.failAt(at, "%s index %d out of range (%d)", what, i, n)
	}
	return i
}

// memarg reads what follows the opcode of a load or store.
func (r *reader) memarg() (align, offset uint32) {
	at := r.pos
	if align = r.u32(); align > 4 {
		r.failAt(at, "alignment 2^%d (multi-memory is not supported)", align)
	}
	return align, r.u32()
}

// vectorImmediates reads what follows an opcode behind 0xfd, and reports whether that
// is one of WebAssembly 2.0.
func (r *reader) vectorImmediates(op byte) bool {
	switch vectors[op] {
	case immNone:
	case immMemarg:
		r.memarg()
	case immMemargLane:
		r.memarg()
		r.byte()
	case immLane:
		r.byte()
	case immBytes16:
		r.bytes(16)
	default:
		return false
	}
	return true
}

func appendU32(b []byte, v uint32) []byte {
	for v >= 0x80 {
		b = append(b, byte(v)|0x80)
		v >>= 7
	}
	return append(b, byte(v))
}

func appendI64(b []byte, v int64) []byte {
	for {
		c := byte(v & 0x7f)
		v >>= 7
		if v == 0 && c&0x40 == 0 || v == -1 && c&0x40 != 0 {
			return append(b, c)
		}
		b = append(b, c|0x80)
	}
}

func appendName(b []byte, s string) []byte {
	return append(appendU32(b, uint32(len(s))), s...)
}

// appendSection writes a section: its id, its size, and its payload.
func appendSection(b []byte, id byte, payload ...[]byte) []byte {
	n := 0
	for _, p := range payload {
		n += len(p)
	}
	b = appendU32(append(b, id), uint32(n))
	for _, p := range payload {
		b = append(b, p...)
	}
	return b
}
