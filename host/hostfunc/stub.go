package hostfunc

import (
	"unicode/utf8"

	"github.com/cairn-dev/cairn/abi"
)

// stubCall is the host function abi.FuncStubCall. It calls a method of another
// object and waits for its answer.
//
// # Parameters
//
//   - binding_ptr, binding_len: the binding's name
//   - target_kind: abi.TargetName or abi.TargetID
//   - target_ptr, target_len: the object's name in UTF-8, or its ID, 32 bytes
//   - method_ptr, method_len: the method's name in UTF-8
//   - args_ptr, args_len: the arguments, a JSON array
//   - buf_ptr, buf_cap: where the result goes, JSON
//   - len_ptr: where the result's length goes, also when it does not fit
//
// # Result
//
//   - StatusOK: the result is in buf
//   - StatusTooSmall: buf_cap < length; the result waits for result_read
//   - StatusNotFound: no such binding
//   - StatusInvalid: an unknown kind, an ID of another length, not UTF-8
//   - StatusTooLarge: the arguments are above abi.MaxMessageBytes
//   - StatusError: the call failed; its wire.Error waits for result_read
//   - StatusFault: a range lies outside linear memory; nothing was called
func stubCall(c *Call, args []uint64) abi.Status {
	target, status := c.target(args)
	if status != abi.StatusOK {
		return status
	}
	method, ok1 := c.view(args[5], args[6])
	arguments, ok2 := c.view(args[7], args[8])
	switch {
	case !ok1, !ok2, !c.mayDeliver(args[9:12]):
		return abi.StatusFault
	case !utf8.Valid(method):
		return abi.StatusInvalid
	case len(arguments) > abi.MaxMessageBytes:
		return abi.StatusTooLarge
	}
	c.meter.pause()
	result, err := c.Host.StubCall(target, method, arguments, c.result[:0])
	c.meter.resume()
	return c.answer(args[9:12], result, err)
}

// stubFetch is the host function abi.FuncStubFetch. It sends a request to
// another object and waits for its response.
//
// # Parameters
//
//   - binding_ptr, binding_len: the binding's name
//   - target_kind: abi.TargetName or abi.TargetID
//   - target_ptr, target_len: the object's name in UTF-8, or its ID, 32 bytes
//   - request_ptr, request_len: a wire.Request
//   - buf_ptr, buf_cap: where the wire.Response goes
//   - len_ptr: where its length goes, also when it does not fit
//
// # Result
//
// As of stubCall.
func stubFetch(c *Call, args []uint64) abi.Status {
	target, status := c.target(args)
	if status != abi.StatusOK {
		return status
	}
	request, ok := c.view(args[5], args[6])
	switch {
	case !ok, !c.mayDeliver(args[7:10]):
		return abi.StatusFault
	case len(request) > abi.MaxMessageBytes:
		return abi.StatusTooLarge
	}
	c.meter.pause()
	result, err := c.Host.StubFetch(target, request, c.result[:0])
	c.meter.resume()
	return c.answer(args[7:10], result, err)
}

// target reads the first five arguments of stub_call and stub_fetch.
func (c *Call) target(args []uint64) (Target, abi.Status) {
	binding, ok1 := c.view(args[0], args[1])
	object, ok2 := c.view(args[3], args[4])
	kind := uint32(args[2])
	switch {
	case !ok1, !ok2:
		return Target{}, abi.StatusFault
	case kind == abi.TargetName && utf8.Valid(object), kind == abi.TargetID && len(object) == abi.IDBytes:
		return Target{Binding: binding, Kind: kind, Object: object}, abi.StatusOK
	}
	return Target{}, abi.StatusInvalid
}

// mayDeliver reports whether buf_ptr, buf_cap and len_ptr lie in memory.
func (c *Call) mayDeliver(args []uint64) bool {
	_, ok1 := c.view(args[0], args[1])
	_, ok2 := c.view(args[2], 4)
	return ok1 && ok2
}

// answer delivers what a callee answered. Memory is looked at anew: a nested
// entry may have grown it meanwhile. It never shrinks, so the ranges still hold.
func (c *Call) answer(args []uint64, result []byte, err error) abi.Status {
	if err != nil {
		return c.fail(err)
	}
	c.result = result
	buf, _ := c.view(args[0], args[1])
	return c.deliver(buf, args[2], result)
}
