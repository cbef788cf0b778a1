package guest

import (
	"errors"
	"strconv"

	"github.com/cairn-dev/cairn/abi"
	"github.com/cairn-dev/cairn/abi/wire"
	"github.com/cairn-dev/cairn/guest/internal/hostcall"
)

// Kinds of [Error], for errors.Is. One error can be of several kinds.
var (
	// ErrRemote: the code of the object that was called failed, and not what
	// lies between.
	ErrRemote = errors.New("guest: remote error")
	// ErrRetryable: the call may not have happened. Retry it if it is
	// idempotent, after a pause and with a new stub.
	ErrRetryable = errors.New("guest: retryable error")
	// ErrOverloaded: the object has too much to do. Retrying makes it worse.
	ErrOverloaded = errors.New("guest: object overloaded")
	// ErrReset: the object lost what it held in memory. The stub is broken;
	// make a new one.
	ErrReset = errors.New("guest: object reset")
)

// Error is an error that crosses a stub or comes from the host.
//
// A method may return one to choose the Name that its caller sees. The other
// four are facts that the host states about the object that was called: whatever
// a method returned is Remote and no more, also when it passes on what another
// object failed with. A Worker that returns an error that is Overloaded answers
// with status 503, and with 500 else.
type Error struct {
	Message string
	Name    string // JavaScript's class of error, such as TypeError; empty means Error

	Remote     bool
	Retryable  bool
	Overloaded bool
	Reset      bool
}

// Error returns the message as its author wrote it, without the name.
func (e *Error) Error() string { return e.Message }

// Is says whether target is a kind of e.
func (e *Error) Is(target error) bool {
	switch target {
	case ErrRemote:
		return e.Remote
	case ErrRetryable:
		return e.Retryable
	case ErrOverloaded:
		return e.Overloaded
	case ErrReset:
		return e.Reset
	}
	return false
}

func typeError(message string) *Error  { return &Error{Name: "TypeError", Message: message} }
func rangeError(message string) *Error { return &Error{Name: "RangeError", Message: message} }

// appendError encodes what a handler failed with. Remote and Reset are the host's
// to set; of the other two it takes what counts.
func appendError(b []byte, err error) []byte {
	var flags byte
	name := ""
	if e, ok := errors.AsType[*Error](err); ok {
		name = e.Name
		if e.Retryable {
			flags |= wire.ErrorRetryable
		}
		if e.Overloaded {
			flags |= wire.ErrorOverloaded
		}
	}
	return wire.AppendError(b, flags, name, err.Error())
}

// decodeError reads the error that an import left.
func decodeError(b []byte) error {
	var e wire.Error
	if err := wire.DecodeError(b, &e); err != nil {
		return &Error{Message: "guest: the host's error does not decode"}
	}
	return &Error{
		Message:    string(e.Message),
		Name:       string(e.Name),
		Remote:     e.Flags&wire.ErrorRemote != 0,
		Retryable:  e.Flags&wire.ErrorRetryable != 0,
		Overloaded: e.Flags&wire.ErrorOverloaded != 0,
		Reset:      e.Flags&wire.ErrorReset != 0,
	}
}

// statusError says in words why the import fn did not do its work.
func statusError(fn string, s abi.Status) error {
	switch s {
	case abi.StatusError:
		buf, err := readResult(takeBuffer())
		if err == nil {
			err = decodeError(buf)
		}
		giveBuffer(buf)
		return err
	case abi.StatusForbidden:
		return &Error{Message: "guest: " + fn + " cannot be called here"}
	case abi.StatusTooLarge:
		return rangeError("guest: " + fn + ": the message is larger than 32 MiB")
	}
	return &Error{Message: "guest: " + fn + ": " + s.String()}
}

// callTooLarge is upstream's text, which programs look for. A request and a
// response have another, as upstream streams them.
func callTooLarge(bytes int) error {
	return &Error{Message: "Serialized RPC arguments or return values are limited to 32MiB, " +
		"but the size of this value was: " + strconv.Itoa(bytes) + " bytes."}
}

// readResult reads the result that the last import left, however long it is,
// into buf or a larger one.
func readResult(buf []byte) ([]byte, error) {
	buf = buf[:cap(buf)]
	n, s := hostcall.ResultRead(buf)
	if s == abi.StatusTooSmall {
		buf = make([]byte, n)
		n, s = hostcall.ResultRead(buf)
	}
	if s != abi.StatusOK {
		return buf[:0], &Error{Message: "guest: " + abi.FuncResultRead + ": " + s.String()}
	}
	return buf[:n], nil
}
