package hostfunc

import (
	"errors"

	"github.com/cairn-dev/cairn/abi"
)

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

// ErrCPULimit ends a call that has computed for longer than it may.
var ErrCPULimit = errors.New("hostfunc: CPU limit exceeded")
