package hostfunc

import (
	"bytes"

	"github.com/cairn-dev/cairn/abi"
	"github.com/cairn-dev/cairn/abi/wire"
)

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
	// confirmed is false for a write that answers need not wait for.
	StoragePut(key, value []byte, confirmed bool) error
	StorageDelete(key []byte, confirmed bool) (found bool, err error)
	StorageDeleteAll() error
	StorageSync() error

	ListOpen(options *wire.List) (List, error)
	TransactionBegin() error
	TransactionEnd(commit bool) error

	AlarmSet(unixMS int64, confirmed bool) error
	AlarmGet() (unixMS int64, set bool, err error)
	AlarmDelete(confirmed bool) error

	CriticalBegin() error
	CriticalEnd() error
	BackgroundRequest() error

	// FetchSend sends a request out of the host and appends the response to dst.
	FetchSend(request, dst []byte) ([]byte, error)

	// ObjectAbort ends the activation. The call ends with the error it returns.
	// dropAlarm says that the alarm whose handler runs is not tried again.
	ObjectAbort(reason []byte, dropAlarm bool) error
}

// List is a list that a guest has open. Key and Value are views, valid until
// the next Next.
type List interface {
	Next() bool
	Key() []byte
	Value() []byte
	Err() error
	Close() error
}

// Target is the object that a guest calls: a binding of its environment and
// the object's name or ID, as kind says.
type Target struct {
	Binding []byte
	Kind    uint32 // abi.TargetName or abi.TargetID
	Object  []byte
}

// Clone returns a copy that is no view of linear memory.
func (t Target) Clone() Target {
	t.Binding, t.Object = bytes.Clone(t.Binding), bytes.Clone(t.Object)
	return t
}

// statusError is an error that a host function answers with a bare status.
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
func (Forbidden) StoragePut([]byte, []byte, bool) error { return ErrForbidden }

// StorageDelete answers ErrForbidden.
func (Forbidden) StorageDelete([]byte, bool) (bool, error) { return false, ErrForbidden }

// StorageDeleteAll answers ErrForbidden.
func (Forbidden) StorageDeleteAll() error { return ErrForbidden }

// StorageSync answers ErrForbidden.
func (Forbidden) StorageSync() error { return ErrForbidden }

// ListOpen answers ErrForbidden.
func (Forbidden) ListOpen(*wire.List) (List, error) { return nil, ErrForbidden }

// TransactionBegin answers ErrForbidden.
func (Forbidden) TransactionBegin() error { return ErrForbidden }

// TransactionEnd answers ErrForbidden.
func (Forbidden) TransactionEnd(bool) error { return ErrForbidden }

// AlarmSet answers ErrForbidden.
func (Forbidden) AlarmSet(int64, bool) error { return ErrForbidden }

// AlarmGet answers ErrForbidden.
func (Forbidden) AlarmGet() (int64, bool, error) { return 0, false, ErrForbidden }

// AlarmDelete answers ErrForbidden.
func (Forbidden) AlarmDelete(bool) error { return ErrForbidden }

// CriticalBegin answers ErrForbidden.
func (Forbidden) CriticalBegin() error { return ErrForbidden }

// CriticalEnd answers ErrForbidden.
func (Forbidden) CriticalEnd() error { return ErrForbidden }

// BackgroundRequest answers ErrForbidden.
func (Forbidden) BackgroundRequest() error { return ErrForbidden }

// FetchSend answers ErrForbidden.
func (Forbidden) FetchSend([]byte, []byte) ([]byte, error) { return nil, ErrForbidden }

// ObjectAbort ends the call with ErrForbidden.
func (Forbidden) ObjectAbort([]byte, bool) error { return ErrForbidden }
