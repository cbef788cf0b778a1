package hostfunc

import "github.com/cairn-dev/cairn/abi"

// Background is what a guest leaves for after its answer.
type Background interface {
	BackgroundRequest() error
}

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
func backgroundRequest(c *Call, _ []uint64) abi.Status {
	host := c.can.background
	if host == nil {
		return abi.StatusForbidden
	}
	return c.done(host.BackgroundRequest())
}
