package hostfunc

import "github.com/cairn-dev/cairn/abi"

// Resets ends an object's activation.
type Resets interface {
	// ObjectAbort returns the error that the call ends with. dropAlarm says that
	// the alarm whose handler runs is not tried again.
	ObjectAbort(reason []byte, dropAlarm bool) error
}

// resetFunctions are the imports of abi.CapabilityResets.
var resetFunctions = bindings{
	abi.FuncObjectAbort: objectAbort,
	abi.FuncObjectReset: objectReset,
}

// objectAbort is the host function abi.FuncObjectAbort. It does not return to
// the guest: the call ends with the Host's error.
//
// # Parameters
//
//   - reason_ptr, reason_len: why, in UTF-8; a bad range is no reason
func objectAbort(c *Call, args []uint64) abi.Status {
	reason, _ := c.view(args[0], args[1])
	host := c.can.resets
	if host == nil {
		panic(ErrForbidden)
	}
	panic(host.ObjectAbort(reason, false))
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
	host := c.can.resets
	switch {
	case !ok:
		return abi.StatusFault
	case flags&^abi.ResetDropAlarm != 0:
		return abi.StatusInvalid
	case host == nil:
		return abi.StatusForbidden
	}
	panic(host.ObjectAbort(reason, flags&abi.ResetDropAlarm != 0))
}
