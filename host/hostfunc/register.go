package hostfunc

import (
	"unicode/utf8"

	"github.com/cairn-dev/cairn/abi"
)

// Registration is what a guest says of itself while it starts.
type Registration interface {
	ClassRegister(name []byte, flags uint32) abi.Status
	WorkerRegister() abi.Status
}

// registrationFunctions are the imports of abi.CapabilityRegistration.
var registrationFunctions = bindings{
	abi.FuncClassRegister:  classRegister,
	abi.FuncWorkerRegister: workerRegister,
}

// classRegister is the host function abi.FuncClassRegister. It announces a
// class of objects.
//
// # Parameters
//
//   - name_ptr, name_len: the class's name in UTF-8, 1 to abi.MaxClassBytes
//   - flags: abi.ClassHasFetch, abi.ClassHasAlarm
//
// # Result
//
//   - StatusOK: the class is known
//   - StatusInvalid: no name, not UTF-8, unknown flags, or registered before
//   - StatusTooLarge: abi.MaxClasses are registered
//   - StatusForbidden: the guest has started
//   - StatusFault: the range lies outside linear memory
func classRegister(c *Call, args []uint64) abi.Status {
	name, ok := c.view(args[0], args[1])
	host := c.can.registration
	switch {
	case !ok:
		return abi.StatusFault
	case len(name) == 0, len(name) > abi.MaxClassBytes, !utf8.Valid(name):
		return abi.StatusInvalid
	case host == nil:
		return abi.StatusForbidden
	}
	return host.ClassRegister(name, uint32(args[2]))
}

// workerRegister is the host function abi.FuncWorkerRegister. It says that the
// guest answers HTTP requests.
//
// # Result
//
//   - StatusOK: done
//   - StatusForbidden: the guest has started
func workerRegister(c *Call, _ []uint64) abi.Status {
	if host := c.can.registration; host != nil {
		return host.WorkerRegister()
	}
	return abi.StatusForbidden
}
