package guesttest

import (
	"github.com/cairn-dev/cairn/abi"
	"github.com/cairn-dev/cairn/abi/wire"
	"github.com/cairn-dev/cairn/guest"
	"github.com/cairn-dev/cairn/guest/internal/hostcall"
)

// Fetch sends a request to the Worker. An error of the Worker is what a client
// sees of it, a response with status 500 or 503 that says no more than its
// status, and a line in the test's log.
func (h *Host) Fetch(req *guest.Request) *guest.Response {
	h.tb.Helper()
	if !hostcall.HasWorker() {
		h.tb.Fatal("guesttest: the program has no Worker")
	}
	defer h.enter()()
	worker := hostcall.NewInstance() // nothing is kept between two requests
	f := &frame{input: encodeRequest(req)}
	h.calls = append(h.calls, f)
	status := worker.WorkerFetch(len(f.input))
	output := f.output
	for f.background {
		f.background = false
		worker.BackgroundRun()
	}
	h.calls = h.calls[:len(h.calls)-1]
	if status != abi.StatusOK {
		return h.failure(output)
	}
	resp, err := decodeResponse(output)
	if err != nil {
		h.tb.Fatalf("guesttest: the Worker's response: %v", err)
	}
	return resp
}

func (h *Host) failure(output []byte) *guest.Response {
	var e wire.Error
	if err := wire.DecodeError(output, &e); err != nil {
		h.tb.Fatalf("guesttest: the Worker's error: %v", err)
	}
	h.tb.Logf("guesttest: the Worker failed: %s %s", e.Name, e.Message)
	if e.Flags&wire.ErrorOverloaded != 0 {
		resp := guest.Text(503, "Service Unavailable")
		resp.Header.Set("Retry-After", "1")
		return resp
	}
	return guest.Text(500, "Internal Server Error")
}

// FetchSend is the host function abi.FuncFetchSend.
func (h *Host) FetchSend(request, buf []byte) (int, abi.Status) {
	var w wire.Request
	switch err := wire.DecodeRequest(request, &w); {
	case len(request) > abi.MaxMessageBytes:
		return 0, abi.StatusTooLarge
	case err != nil:
		return 0, abi.StatusInvalid
	}
	if err := h.leaving(); err != nil {
		return 0, h.fail(err)
	}
	if h.options.Fetch == nil {
		return 0, h.fail(errNoOutbound)
	}
	h.unconfirmed = nil // the outside must not learn what could be lost
	req, err := guest.NewRequest(string(w.Method), string(w.URL), append([]byte(nil), w.Body...))
	if err != nil {
		return 0, h.fail(err)
	}
	w.Header.Each(func(name, value []byte) bool {
		req.Header.Add(string(name), string(value))
		return true
	})
	unlabel()
	resp, err := h.options.Fetch(req)
	h.label()
	if err != nil {
		return 0, h.fail(err)
	}
	return h.leave(encodeResponse(resp), buf)
}

func encodeRequest(req *guest.Request) []byte {
	method := req.Method
	if method == "" {
		method = "GET"
	}
	return wire.AppendRequest(nil, &wire.Request{
		Method: []byte(method), URL: []byte(req.URL.String()),
		Header: encodeHeader(&req.Header), Body: req.Body,
	})
}

func encodeResponse(resp *guest.Response) []byte {
	status := resp.Status
	if status == 0 {
		status = 200
	}
	return wire.AppendResponse(nil, &wire.Response{
		Status: uint32(status), Header: encodeHeader(&resp.Header), Body: resp.Body,
	})
}

func encodeHeader(h *guest.Header) (list wire.Header) {
	for name, value := range h.All() {
		list = wire.AppendHeader(list, name, value)
	}
	return list
}

func decodeResponse(b []byte) (*guest.Response, error) {
	var w wire.Response
	if err := wire.DecodeResponse(b, &w); err != nil {
		return nil, err
	}
	resp := &guest.Response{Status: int(w.Status), Body: w.Body}
	w.Header.Each(func(name, value []byte) bool {
		resp.Header.Add(string(name), string(value))
		return true
	})
	return resp, nil
}
