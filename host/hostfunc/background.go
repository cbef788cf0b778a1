package hostfunc

import "github.com/cairn-dev/cairn/abi"

// backgroundFunctions are the imports of abi.CapabilityBackground.
var backgroundFunctions = bindings{
	abi.FuncBackgroundRequest: backgroundRequest,
}

// backgroundRequest is the host function abi.FuncBackgroundRequest. It asks
// for an entry of background_run after this one.
//
// # Result
//
//   - StatusOK: background_run will be called after this call
//   - StatusForbidden: the guest lacks the export background_run
func backgroundRequest(c *Call, _ []uint64) abi.Status { return c.done(c.Host.BackgroundRequest()) }
