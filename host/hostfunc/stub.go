package hostfunc

import (
	"bytes"
	"unicode/utf8"

	"github.com/cairn-dev/cairn/abi"
)

// Stubs calls other objects. What the callee answers is appended to dst.
type Stubs interface {
	StubCall(t Target, method, args, dst []byte) ([]byte, error)
	StubFetch(t Target, request, dst []byte) ([]byte, error)
}

// Target is the object that a guest calls: a binding of its environment and
// the object's name or ID, as kind says.
type Target struct {
	Binding []byte
	Kind    uint32 // abi.TargetName or abi.TargetID
	Object  []byte
}

// Clone returns a copy that is no view of linear memory.
func (t Target) Clone() Target {
	t.Binding, t.Object = bytes.Clone(t.Binding), bytes.Clone(t.Object)
	return t
}

// stubFunctions are the imports of abi.CapabilityStubs.
var stubFunctions = bindings{
	abi.FuncStubCall:  stubCall,
	abi.FuncStubFetch: stubFetch,
}

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
//   - StatusForbidden: the guest starts
//   - StatusError: the call failed; its wire.Error waits for result_read
//   - StatusFault: a range lies outside linear memory; nothing was called
func stubCall(c *Call, args []uint64) abi.Status {
	target, ok1 := c.target(args)
	method, ok2 := c.view(args[5], args[6])
	arguments, ok3 := c.view(args[7], args[8])
	host := c.can.stubs
	switch {
	case !ok1, !ok2, !ok3, !c.mayDeliver(args[9:12]):
		return abi.StatusFault
	case !target.valid(), !utf8.Valid(method):
		return abi.StatusInvalid
	case len(arguments) > abi.MaxMessageBytes:
		return abi.StatusTooLarge
	case host == nil:
		return abi.StatusForbidden
	}
	c.carry(len(arguments)) // the Host copies them
	c.pause()
	result, err := host.StubCall(target, method, arguments, c.result[:0])
	c.resume()
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
//   - StatusOK: the response is in buf
//   - StatusTooSmall: buf_cap < length; the response waits for result_read
//   - StatusNotFound: no such binding
//   - StatusInvalid: an unknown kind, an ID of another length, a name that is not
//     UTF-8, a request that does not decode
//   - StatusTooLarge: the request is above abi.MaxMessageBytes
//   - StatusForbidden: the guest starts
//   - StatusError: the call failed; its wire.Error waits for result_read
//   - StatusFault: a range lies outside linear memory; nothing was called
func stubFetch(c *Call, args []uint64) abi.Status {
	target, ok1 := c.target(args)
	request, ok2 := c.view(args[5], args[6])
	host := c.can.stubs
	switch {
	case !ok1, !ok2, !c.mayDeliver(args[7:10]):
		return abi.StatusFault
	case !target.valid():
		return abi.StatusInvalid
	case len(request) > abi.MaxMessageBytes:
		return abi.StatusTooLarge
	case host == nil:
		return abi.StatusForbidden
	}
	c.carry(len(request)) // the Host copies it
	c.pause()
	result, err := host.StubFetch(target, request, c.result[:0])
	c.resume()
	return c.answer(args[7:10], result, err)
}

// target reads the first five arguments of stub_call and stub_fetch. ok is
// false where a range lies outside linear memory.
func (c *Call) target(args []uint64) (t Target, ok bool) {
	binding, ok1 := c.view(args[0], args[1])
	object, ok2 := c.view(args[3], args[4])
	return Target{Binding: binding, Kind: uint32(args[2]), Object: object}, ok1 && ok2
}

// valid reports whether the target names an object.
func (t *Target) valid() bool {
	switch t.Kind {
	case abi.TargetName:
		return utf8.Valid(t.Object)
	case abi.TargetID:
		return len(t.Object) == abi.IDBytes
	}
	return false
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
	c.carry(0)
	buf, _ := c.view(args[0], args[1])
	return c.deliver(buf, args[2], result)
}
