package wire

// Header is an encoded list of names and values, without its length.
// It is a view: it lives as long as the message it was decoded from.
type Header []byte

// AppendHeader adds one name and value to an encoded list.
func AppendHeader[N, V string | []byte](h Header, name N, value V) Header {
	return appendField(appendField(h, name), value)
}

// Each calls fn with every name and value until fn returns false. The slices
// are views into the header. It returns ErrMalformed at a length beyond the
// end, after the pairs before it.
func (h Header) Each(fn func(name, value []byte) bool) error {
	r := reader{b: h}
	for len(r.b) > 0 {
		name, value := r.field(), r.field()
		if r.failed {
			return ErrMalformed
		}
		if !fn(name, value) {
			return nil
		}
	}
	return nil
}
