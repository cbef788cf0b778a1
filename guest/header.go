package guest

import (
	"iter"

	"github.com/cairn-dev/cairn/abi/wire"
)

// Header is the header of a request or response: names, each with one or more
// values. The zero Header is empty and ready to use. Names are compared without
// regard to case and read as "Content-Type". Values lose the white space around
// them.
//
// A name that is no token, and a value with NUL, CR or LF in it, are a TypeError
// of whoever sends the header: of [Stub.Fetch] and [Fetch], and of the handler
// that returned the response.
//
// A header that came in stays encoded until it is changed: most are never read,
// or for one name. A copy of a Header shares its fields with the original; use
// [Header.Clone] to change one of them alone.
type Header struct {
	raw    wire.Header // the fields as they came; nil once fields has them
	fields []headerField
}

type headerField struct{ name, value string }

// Get returns the first value of name, or "" if there is none.
func (h *Header) Get(name string) string {
	var value string
	h.each(name, func(v string) bool { value = v; return false })
	return value
}

// Values returns all values of name.
func (h *Header) Values(name string) []string {
	var values []string
	h.each(name, func(v string) bool { values = append(values, v); return true })
	return values
}

func (h *Header) each(name string, fn func(value string) bool) {
	name = canonicalName(name)
	for _, f := range h.fields {
		if f.name == name && !fn(f.value) {
			return
		}
	}
	if len(h.raw) > 0 {
		h.raw.Each(func(n, v []byte) bool { return !sameName(n, name) || fn(string(v)) })
	}
}

// Set makes value the one value of name.
func (h *Header) Set(name, value string) {
	h.Del(name)
	h.Add(name, value)
}

// Add adds a value to name.
func (h *Header) Add(name, value string) {
	h.decode()
	h.fields = append(h.fields, headerField{canonicalName(name), wire.TrimValue(value)})
}

// Del removes all values of name.
func (h *Header) Del(name string) {
	h.decode()
	name = canonicalName(name)
	kept := h.fields[:0:0] // a copy of h may look at the old ones
	for _, f := range h.fields {
		if f.name != name {
			kept = append(kept, f)
		}
	}
	h.fields = kept
}

// All returns every name and value, in order.
func (h *Header) All() iter.Seq2[string, string] {
	return func(yield func(string, string) bool) {
		h.decode()
		for _, f := range h.fields {
			if !yield(f.name, f.value) {
				return
			}
		}
	}
}

// Clone returns a copy that shares nothing with h.
func (h *Header) Clone() Header {
	h.decode()
	return Header{fields: append([]headerField(nil), h.fields...)}
}

// decode moves what came in to h.fields.
func (h *Header) decode() {
	if h.raw == nil {
		return
	}
	h.raw.Each(func(name, value []byte) bool {
		h.fields = append(h.fields, headerField{canonicalName(string(name)), string(value)})
		return true
	})
	h.raw = nil
}

// encoded returns h as the wire has it. buf may hold it, and is returned in any
// case. What came in is passed on as it came.
func (h *Header) encoded(buf []byte) (list wire.Header, _ []byte, err error) {
	if h.raw != nil || len(h.fields) == 0 {
		return h.raw, buf, nil
	}
	list = buf
	for _, f := range h.fields {
		value, err := wire.CheckField(f.name, f.value)
		if err != nil {
			return nil, list, typeError(err.Error())
		}
		list = wire.AppendHeader(list, f.name, value)
	}
	return list, list, nil
}

// canonicalName returns name as net/http writes it. What is no token has no
// such form and stays as it is.
func canonicalName(name string) string {
	upper, changes := true, false
	for i := range len(name) {
		c := name[i]
		if !wire.IsToken(c) {
			return name
		}
		changes = changes || c != canonicalByte(c, upper)
		upper = c == '-'
	}
	if !changes {
		return name
	}
	b, upper := []byte(name), true
	for i, c := range b {
		b[i] = canonicalByte(c, upper)
		upper = c == '-'
	}
	return string(b)
}

// sameName says whether the canonical form of name is canonical.
func sameName(name []byte, canonical string) bool {
	if len(name) != len(canonical) {
		return false
	}
	exact := true
	for i, c := range name {
		d := canonical[i]
		if c != d {
			exact = false
			if lower(c) != lower(d) {
				return false
			}
		}
	}
	return exact || canonicalName(string(name)) == canonical
}

func canonicalByte(c byte, upper bool) byte {
	switch {
	case upper && 'a' <= c && c <= 'z':
		return c - 'a' + 'A'
	case !upper:
		return lower(c)
	}
	return c
}

func lower(c byte) byte {
	if 'A' <= c && c <= 'Z' {
		return c - 'A' + 'a'
	}
	return c
}
