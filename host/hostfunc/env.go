package hostfunc

import "github.com/cairn-dev/cairn/abi"

// Env is the variables of the app's config, as JSON. A guest without them finds none.
type Env interface {
	EnvGet(name []byte) (value []byte, ok bool)
}

// envFunctions are the imports of abi.CapabilityEnv.
var envFunctions = bindings{
	abi.FuncEnvGet: envGet,
}

// envGet is the host function abi.FuncEnvGet. It reads a variable of the
// config's vars.
//
// # Parameters
//
//   - name_ptr, name_len: the variable's name
//   - buf_ptr, buf_cap: where its value goes, JSON
//   - len_ptr: where the value's length goes, also when it does not fit
//
// # Result
//
//   - StatusOK: the value is in buf
//   - StatusNotFound: no such variable; nothing written
//   - StatusTooSmall: buf_cap < length; the value waits for result_read
//   - StatusFault: a range lies outside linear memory
//
// The variable "hi", which is 4 bytes of JSON; ? is as it was before:
//
//	                buf_cap (6)
//	          +----------------------+
//	[]byte{?, '"', 'h', 'i', '"', ?, ?, ?}   len_ptr -> 4
//	buf_ptr --^
func envGet(c *Call, args []uint64) abi.Status {
	name, ok := c.view(args[0], args[1])
	if !ok || !c.mayDeliver(args[2:5]) {
		return abi.StatusFault
	}
	host := c.can.env
	if host == nil {
		return abi.StatusNotFound
	}
	value, found := host.EnvGet(name)
	if !found {
		return abi.StatusNotFound
	}
	buf, _ := c.view(args[2], args[3])
	return c.deliver(buf, args[4], value)
}
