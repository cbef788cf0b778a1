package hostfunc

import "github.com/cairn-dev/cairn/abi"

// Host is what a guest may ask during one call. Slices that it is given are
// views of linear memory, valid until it returns or enters a guest, whichever
// is first; slices that it returns are views that the caller copies at once.
//
// Embed [Forbidden] and override what the guest may do.
type Host interface {
	ClassRegister(name []byte, flags uint32) abi.Status
	WorkerRegister() abi.Status

	EnvGet(name []byte) (value []byte, ok bool)
	Log(level int32, text, attrs []byte)

	IDFromName(binding, name []byte) (abi.ID, error)
	IDParse(binding, hex []byte) (abi.ID, error)
	IDNew(binding []byte) (abi.ID, error)

	// StubCall and StubFetch append what the callee answered to dst.
	StubCall(t Target, method, args, dst []byte) ([]byte, error)
	StubFetch(t Target, request, dst []byte) ([]byte, error)

	StorageGet(key []byte) (value []byte, found bool, err error)
	StoragePut(key, value []byte) error
	StorageDelete(key []byte) (found bool, err error)

	// ObjectAbort ends the activation. The call ends with the error it returns.
	ObjectAbort(reason []byte) error
}

// Target is the object that a guest calls: a binding of its environment and
// the object's name or ID, as kind says.
type Target struct {
	Binding []byte
	Kind    uint32 // abi.TargetName or abi.TargetID
	Object  []byte
}

// Error is a failure that reaches guests: as a wire.Error when it crosses a
// stub or answers an import. The flags are those of package wire.
type Error struct {
	Flags   byte
	Name    string // "" is Error
	Message string
}

func (e *Error) Error() string { return e.Message }

// Status is an error that a host function answers with a bare status.
type statusError abi.Status

func (s statusError) Error() string { return "hostfunc: " + abi.Status(s).String() }

// Errors that stand for a status without a text.
const (
	ErrForbidden = statusError(abi.StatusForbidden)
	ErrNotFound  = statusError(abi.StatusNotFound)
	ErrInvalid   = statusError(abi.StatusInvalid)
	ErrTooLarge  = statusError(abi.StatusTooLarge)
)

// Forbidden is a Host that allows nothing.
type Forbidden struct{}

// ClassRegister answers StatusForbidden.
func (Forbidden) ClassRegister([]byte, uint32) abi.Status { return abi.StatusForbidden }

// WorkerRegister answers StatusForbidden.
func (Forbidden) WorkerRegister() abi.Status { return abi.StatusForbidden }

// EnvGet knows no variable.
func (Forbidden) EnvGet([]byte) ([]byte, bool) { return nil, false }

// Log drops the record.
func (Forbidden) Log(int32, []byte, []byte) {}

// IDFromName answers ErrForbidden.
func (Forbidden) IDFromName([]byte, []byte) (abi.ID, error) { return abi.ID{}, ErrForbidden }

// IDParse answers ErrForbidden.
func (Forbidden) IDParse([]byte, []byte) (abi.ID, error) { return abi.ID{}, ErrForbidden }

// IDNew answers ErrForbidden.
func (Forbidden) IDNew([]byte) (abi.ID, error) { return abi.ID{}, ErrForbidden }

// StubCall answers ErrForbidden.
func (Forbidden) StubCall(Target, []byte, []byte, []byte) ([]byte, error) { return nil, ErrForbidden }

// StubFetch answers ErrForbidden.
func (Forbidden) StubFetch(Target, []byte, []byte) ([]byte, error) { return nil, ErrForbidden }

// StorageGet answers ErrForbidden.
func (Forbidden) StorageGet([]byte) ([]byte, bool, error) { return nil, false, ErrForbidden }

// StoragePut answers ErrForbidden.
func (Forbidden) StoragePut([]byte, []byte) error { return ErrForbidden }

// StorageDelete answers ErrForbidden.
func (Forbidden) StorageDelete([]byte) (bool, error) { return false, ErrForbidden }

// ObjectAbort ends the call with ErrForbidden.
func (Forbidden) ObjectAbort([]byte) error { return ErrForbidden }
