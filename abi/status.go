package abi

import "fmt"

// Status is what a host function answers and what an export returns, an i32.
type Status uint32

const (
	// StatusOK means done.
	StatusOK Status = 0
	// StatusNotFound means that there is no such key, variable or binding.
	StatusNotFound Status = 1
	// StatusTooSmall means that the guest's buffer cannot hold the value. Its
	// length is at len_ptr; FuncResultRead reads it.
	StatusTooSmall Status = 2
	// StatusFault means that a pointer and length reach outside linear memory.
	// Nothing was read or written.
	StatusFault Status = 3
	// StatusInvalid means that an argument has no meaning: an unknown kind,
	// text that is not UTF-8, bytes that do not decode.
	StatusInvalid Status = 4
	// StatusTooLarge means that a key, a value or a message is above its limit.
	StatusTooLarge Status = 5
	// StatusForbidden means that this function cannot be called at this moment,
	// such as storage in a Worker.
	StatusForbidden Status = 6
	// StatusError means that the work failed; a wire.Error waits for
	// FuncResultRead (imports) or is the output (exports).
	StatusError Status = 7
)

var statusNames = [...]string{
	StatusOK:        "OK",
	StatusNotFound:  "NOT_FOUND",
	StatusTooSmall:  "TOO_SMALL",
	StatusFault:     "FAULT",
	StatusInvalid:   "INVALID",
	StatusTooLarge:  "TOO_LARGE",
	StatusForbidden: "FORBIDDEN",
	StatusError:     "ERROR",
}

// String returns the status's name in SPEC.md, such as "NOT_FOUND".
func (s Status) String() string {
	if int(s) < len(statusNames) {
		return statusNames[s]
	}
	return fmt.Sprintf("STATUS_%d", uint32(s))
}
