package guest

import (
	"encoding/json"

	"github.com/cairn-dev/cairn/abi"
	"github.com/cairn-dev/cairn/abi/wire"
	"github.com/cairn-dev/cairn/guest/internal/hostcall"
)

// Response is an HTTP response.
type Response struct {
	Status int // 200 to 599; 0 is 200
	Header Header
	Body   []byte
}

// Headers that many responses have, encoded once. Nobody writes to them.
var (
	textHeader = wire.AppendHeader(nil, "Content-Type", "text/plain;charset=UTF-8")
	jsonHeader = wire.AppendHeader(nil, "Content-Type", "application/json")
)

// firstResponse is what newResponse returns first; nil natively, where nobody
// keeps goroutines apart that make responses.
var firstResponse *Response

// newResponse returns an empty response. The first of a module's instance lies
// in the image: a Worker's request makes one.
func newResponse() *Response {
	r := firstResponse
	if r == nil {
		return new(Response)
	}
	firstResponse = nil
	return r
}

// Text returns a response of plain text.
func Text(status int, s string) *Response {
	r := newResponse()
	r.Status, r.Header.raw = status, textHeader
	if r.Body == nil {
		r.Body = []byte(s)
	} else {
		r.Body = append(r.Body, s...)
	}
	return r
}

// JSON returns v as a response. A value that has no JSON is a 500 and a line in
// the log: it is a mistake in the program, not something to handle.
func JSON(status int, v any) *Response {
	body, err := json.Marshal(v)
	if err != nil {
		hostcall.LogWrite(abi.LevelError, "guest: a response has no JSON: "+err.Error(), nil)
		return Text(500, "Internal Server Error")
	}
	r := newResponse()
	r.Status, r.Header.raw, r.Body = status, jsonHeader, body
	return r
}

// appendResponse encodes what a handler returned.
func appendResponse(b []byte, resp *Response) ([]byte, error) {
	if resp == nil {
		return b, typeError("guest: the handler returned no response")
	}
	status := resp.Status
	if status == 0 {
		status = 200
	}
	if status < 200 || status > 599 {
		return b, rangeError("Responses may only be constructed with status codes " +
			"in the range 200 to 599, inclusive.")
	}
	list, scratch, err := resp.Header.encoded(takeBuffer())
	if err == nil {
		b = wire.AppendResponse(b, &wire.Response{Status: uint32(status), Header: list,
			Body: resp.Body})
	}
	giveBuffer(scratch)
	return b, err
}

// decodeResponse returns a response whose Header and Body are views of b.
func decodeResponse(b []byte) (*Response, error) {
	var w wire.Response
	if err := wire.DecodeResponse(b, &w); err != nil {
		return nil, err
	}
	return &Response{Status: int(w.Status), Header: Header{raw: w.Header}, Body: w.Body}, nil
}
