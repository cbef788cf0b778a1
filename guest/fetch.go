package guest

import (
	"bytes"

	"github.com/cairn-dev/cairn/abi"
	"github.com/cairn-dev/cairn/guest/internal/hostcall"
)

// Fetch sends a request out to the network and waits for the response, if the
// host allows where it goes. Before it leaves, everything that this call has
// written or seen is durable. Redirects are followed, up to 20 of them, to where
// the host allows it as well: a POST that meets 301 or 302 goes on as a GET, and
// so does everything but GET and HEAD that meets 303; others keep method and body.
// Every status from 200 on is a response, one of 500 as well; a server that
// switches protocols (101) or takes longer than a minute is an error.
func Fetch(req *Request) (*Response, error) {
	request, err := appendRequest(takeBuffer(), req)
	defer giveBuffer(request)
	if err != nil {
		return nil, err
	}
	buf := takeBuffer()
	n, status := hostcall.FetchSend(request, buf[:cap(buf)])
	switch status {
	case abi.StatusOK:
		buf = buf[:n]
	case abi.StatusTooSmall:
		buf, err = readResult(sized(buf, n))
	default:
		err = statusError(abi.FuncFetchSend, status)
	}
	return response(buf, err)
}

// response decodes a response, which is the caller's for good. So it gets its own
// bytes, or those of a buffer that is too large to be used again.
func response(buf []byte, err error) (*Response, error) {
	if err == nil && cap(buf) > maxBufferBytes {
		return decodeResponse(buf)
	}
	var resp *Response
	if err == nil {
		resp, err = decodeResponse(bytes.Clone(buf))
	}
	giveBuffer(buf)
	return resp, err
}
