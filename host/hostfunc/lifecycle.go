package hostfunc

import "github.com/cairn-dev/cairn/abi"

// criticalBegin is the host function abi.FuncCriticalBegin. No nested entry is
// let in until the matching critical_end.
//
// # Result
//
//   - StatusOK: begun
//   - StatusForbidden: this guest is no object (a Worker)
//   - StatusError: deeper than abi.MaxCriticalDepth
func criticalBegin(c *Call, _ []uint64) abi.Status { return c.done(c.Host.CriticalBegin()) }

// criticalEnd is the host function abi.FuncCriticalEnd.
//
// # Result
//
//   - StatusOK: ended in time
//   - StatusInvalid: none has begun
//   - StatusForbidden: this guest is no object (a Worker)
//
// It does not return when the section took longer than abi.MaxCriticalMillis:
// the call ends and the activation with it.
func criticalEnd(c *Call, _ []uint64) abi.Status { return c.done(c.Host.CriticalEnd()) }

// backgroundRequest is the host function abi.FuncBackgroundRequest.
//
// # Result
//
//   - StatusOK: background_run will be called after this call
//   - StatusForbidden: the guest lacks the export background_run
func backgroundRequest(c *Call, _ []uint64) abi.Status { return c.done(c.Host.BackgroundRequest()) }

// objectAbort is the host function abi.FuncObjectAbort. It does not return to
// the guest: the call ends with the Host's error.
//
// # Parameters
//
//   - reason_ptr, reason_len: why, in UTF-8; a bad range is no reason
func objectAbort(c *Call, args []uint64) abi.Status {
	reason, _ := c.view(args[0], args[1])
	panic(c.Host.ObjectAbort(reason, false))
}

// objectReset is the host function abi.FuncObjectReset. It returns to the guest
// only to refuse: else the call ends with the Host's error.
//
// # Parameters
//
//   - reason_ptr, reason_len: why, in UTF-8
//   - flags: abi.ResetDropAlarm, or 0
//
// # Result
//
//   - StatusInvalid: an unknown flag
//   - StatusForbidden: this guest is no object (a Worker)
//   - StatusFault: the range lies outside linear memory
func objectReset(c *Call, args []uint64) abi.Status {
	reason, ok := c.view(args[0], args[1])
	flags := uint32(args[2])
	switch {
	case !ok:
		return abi.StatusFault
	case flags&^abi.ResetDropAlarm != 0:
		return abi.StatusInvalid
	}
	err := c.Host.ObjectAbort(reason, flags&abi.ResetDropAlarm != 0)
	if err == ErrForbidden {
		return c.fail(err)
	}
	panic(err)
}
