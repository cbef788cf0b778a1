package hostfunc

import (
	"github.com/cairn-dev/cairn/abi"
	"github.com/cairn-dev/cairn/abi/wire"
)

// Outbound sends requests out of the host. The response is appended to dst.
type Outbound interface {
	FetchSend(request, dst []byte) ([]byte, error)
}

// outboundFunctions are the imports of abi.CapabilityOutbound.
var outboundFunctions = bindings{
	abi.FuncFetchSend: fetchSend,
}

// fetchSend is the host function abi.FuncFetchSend. It sends a request out of
// the host and waits for its response.
//
// # Parameters
//
//   - request_ptr, request_len: a wire.Request
//   - buf_ptr, buf_cap: where the wire.Response goes
//   - len_ptr: where its length goes, also when it does not fit
//
// # Result
//
//   - StatusOK: the response is in buf
//   - StatusTooSmall: buf_cap < length; the response waits for result_read
//   - StatusInvalid: the request does not decode
//   - StatusTooLarge: the request is above abi.MaxMessageBytes
//   - StatusForbidden: the guest starts
//   - StatusError: not allowed to go there, or it failed
//   - StatusFault: a range lies outside linear memory; nothing was sent
func fetchSend(c *Call, args []uint64) abi.Status {
	request, ok := c.view(args[0], args[1])
	switch {
	case !ok, !c.mayDeliver(args[2:5]):
		return abi.StatusFault
	case len(request) > abi.MaxMessageBytes:
		return abi.StatusTooLarge
	}
	var check wire.Request
	if wire.DecodeRequest(request, &check) != nil {
		return abi.StatusInvalid
	}
	host := c.can.outbound
	if host == nil {
		return abi.StatusForbidden
	}
	c.carry(len(request)) // the Host copies it
	c.pause()
	result, err := host.FetchSend(request, c.result[:0])
	c.resume()
	return c.answer(args[2:5], result, err)
}
