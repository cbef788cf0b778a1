package hostfunc

import "github.com/cairn-dev/cairn/abi"

// Sections is an object's critical sections.
type Sections interface {
	CriticalBegin() error
	CriticalEnd() error
}

// sectionFunctions are the imports of abi.CapabilitySections.
var sectionFunctions = bindings{
	abi.FuncCriticalBegin: criticalBegin,
	abi.FuncCriticalEnd:   criticalEnd,
}

// criticalBegin is the host function abi.FuncCriticalBegin. No nested entry is
// let in until the matching critical_end.
//
// # Result
//
//   - StatusOK: begun
//   - StatusForbidden: this guest is no object (a Worker)
//   - StatusError: deeper than abi.MaxCriticalDepth
func criticalBegin(c *Call, _ []uint64) abi.Status {
	host := c.can.sections
	if host == nil {
		return abi.StatusForbidden
	}
	return c.done(host.CriticalBegin())
}

// criticalEnd is the host function abi.FuncCriticalEnd. It ends the innermost
// section.
//
// # Result
//
//   - StatusOK: ended in time
//   - StatusInvalid: none has begun
//   - StatusForbidden: this guest is no object (a Worker)
//
// It does not return when the section took longer than abi.MaxCriticalMillis:
// the call ends and the activation with it.
func criticalEnd(c *Call, _ []uint64) abi.Status {
	host := c.can.sections
	if host == nil {
		return abi.StatusForbidden
	}
	return c.done(host.CriticalEnd())
}
