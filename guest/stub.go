package guest

import (
	"github.com/cairn-dev/cairn/abi"
	"github.com/cairn-dev/cairn/guest/internal/hostcall"
)

// Stub is what a caller holds of an object. It does not say where the object
// is, and costs nothing until it is used.
//
// After an error that is [ErrReset] the stub stays broken and returns the same
// error at once: what the object remembered of its callers is gone, and going
// on as if nothing happened must be the caller's decision. A new stub works. A
// reset that some other caller met does not break a stub.
type Stub struct {
	ns     *Namespace
	kind   uint32
	target string // a name, or the 32 bytes of an ID
	name   string // the name of a target that is an ID, if it is known
	broken error
}

// ID returns the object's ID. It panics when there is no such binding.
func (s *Stub) ID() ID {
	if s.kind == abi.TargetName {
		return s.ns.IDFromName(s.target)
	}
	id := ID{name: s.name}
	copy(id.id[:], s.target)
	return id
}

// Name returns the name that the stub was made from, if it was.
func (s *Stub) Name() string {
	if s.kind == abi.TargetName {
		return s.target
	}
	return s.name
}

// noArgs is an empty array of arguments. The host only reads it.
var noArgs = []byte("[]")

// Call calls a method of the object by its wire name and waits. The arguments
// and the result are JSON values; the result goes into what result points to,
// unless that is nil.
func (s *Stub) Call(method string, result any, args ...any) error {
	if s.broken != nil {
		return s.broken
	}
	encoded := noArgs
	if len(args) > 0 {
		buf, err := encodeArgs(takeBuffer(), args)
		defer giveBuffer(buf)
		if err != nil {
			return err
		}
		encoded = buf
	}
	buf := takeBuffer()
	n, status := hostcall.StubCall(s.ns.binding, s.kind, s.target, method, encoded, buf[:cap(buf)])
	if status == abi.StatusTooLarge {
		giveBuffer(buf)
		return callTooLarge(len(encoded))
	}
	buf, err := s.result(buf, n, abi.FuncStubCall, status)
	if err == nil && result != nil && len(buf) > 0 {
		err = decode(buf, result)
	}
	giveBuffer(buf)
	return err
}

// Fetch sends a request to the object's Fetch method and waits. The URL's host
// is free: it does not decide which object answers.
func (s *Stub) Fetch(req *Request) (*Response, error) {
	if s.broken != nil {
		return nil, s.broken
	}
	request, err := appendRequest(takeBuffer(), req)
	defer giveBuffer(request)
	if err != nil {
		return nil, err
	}
	buf := takeBuffer()
	n, status := hostcall.StubFetch(s.ns.binding, s.kind, s.target, request, buf[:cap(buf)])
	return response(s.result(buf, n, abi.FuncStubFetch, status))
}

// result returns what a call left in buf or beyond it.
func (s *Stub) result(buf []byte, n int, fn string, status abi.Status) ([]byte, error) {
	switch status {
	case abi.StatusOK:
		return buf[:n], nil
	case abi.StatusTooSmall:
		return readResult(sized(buf, n))
	}
	err := s.ns.failed(fn, status)
	if e, ok := err.(*Error); ok && e.Reset {
		s.broken = err
	}
	return buf, err
}

func encodeArgs(b []byte, args []any) ([]byte, error) {
	b = append(b, '[')
	for i, arg := range args {
		if i > 0 {
			b = append(b, ',')
		}
		var err error
		if b, err = encode(b, arg); err != nil {
			return b, err
		}
	}
	return append(b, ']'), nil
}
