package nethttp

import (
	"bytes"
	"io"
	"net/http"
	"strconv"

	"github.com/cairn-dev/cairn/guest"
)

// Transport returns a RoundTripper that sends requests with fetch: guest.Fetch
// for the network, a stub's Fetch for an object.
//
//	client := &http.Client{Transport: nethttp.Transport(guest.Fetch)}
func Transport(fetch func(*guest.Request) (*guest.Response, error)) http.RoundTripper {
	return transport(fetch)
}

type transport func(*guest.Request) (*guest.Response, error)

// RoundTrip implements http.RoundTripper.
func (fetch transport) RoundTrip(r *http.Request) (*http.Response, error) {
	req, err := Request(r)
	if err != nil {
		return nil, err
	}
	resp, err := fetch(req)
	if err != nil {
		return nil, err
	}
	status := resp.Status
	if status == 0 {
		status = http.StatusOK
	}
	return &http.Response{
		Status:     strconv.Itoa(status) + " " + http.StatusText(status),
		StatusCode: status,
		Proto:      "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
		Header:        toHTTP(&resp.Header),
		Body:          io.NopCloser(bytes.NewReader(resp.Body)),
		ContentLength: int64(len(resp.Body)),
		Request:       r,
	}, nil
}

// Request makes a request of r that a stub's Fetch or guest.Fetch can send, such
// as to pass on what a handler was asked. It reads and closes r's body.
func Request(r *http.Request) (*guest.Request, error) {
	req := &guest.Request{Method: r.Method, Header: fromHTTP(r.Header)}
	u := *r.URL
	if u.Host == "" {
		u.Scheme, u.Host = "http", r.Host
	}
	req.URL = &u
	if r.Host != "" && r.Host != u.Host {
		req.Header.Set("Host", r.Host)
	}
	if r.Body == nil {
		return req, nil
	}
	defer r.Body.Close()
	var err error
	req.Body, err = io.ReadAll(r.Body)
	return req, err
}

// Write answers a handler's request with a response, such as one that a stub's
// Fetch returned.
func Write(w http.ResponseWriter, resp *guest.Response) {
	for name, value := range resp.Header.All() {
		w.Header().Add(name, value)
	}
	if len(resp.Body) > 0 { // the body says its length, and a host takes no other word for it
		w.Header().Del("Content-Length")
	}
	status := resp.Status
	if status == 0 {
		status = http.StatusOK
	}
	w.WriteHeader(status)
	w.Write(resp.Body)
}
