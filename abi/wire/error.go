package wire

// Properties of an error, upstream's four (SEMANTICS 1.2).
const (
	// ErrorRemote: user code of the callee threw it, not the infrastructure.
	ErrorRemote = 1 << 0
	// ErrorRetryable: the call may not have happened; retry if idempotent,
	// with back-off and a new stub.
	ErrorRetryable = 1 << 1
	// ErrorOverloaded: the callee has too much to do. Do not retry.
	ErrorOverloaded = 1 << 2
	// ErrorReset: the activation ended, and what it held in memory is lost.
	ErrorReset = 1 << 3

	errorFlags = 1<<4 - 1
)

// Error is a failure that crosses a stub.
//
//	+----+------------+------+---------+
//	| 01 | flags (1B) | name | message |
//	+----+------------+------+---------+
//
// The name is upstream's class of error, such as TypeError or RangeError;
// empty means Error.
type Error struct {
	Flags   byte
	Name    []byte
	Message []byte
}

// AppendError encodes an error.
func AppendError[N, M string | []byte](b []byte, flags byte, name N, message M) []byte {
	b = append(b, Version, flags)
	return appendField(appendField(b, name), message)
}

// DecodeError decodes an error into e, whose slices become views of b.
func DecodeError(b []byte, e *Error) error {
	d := newReader(b, Version)
	e.Flags, e.Name, e.Message = d.byte(), d.field(), d.field()
	if e.Flags&^errorFlags != 0 {
		return ErrMalformed
	}
	return d.end()
}
