// Command echo is a guest for tests of HTTP: a Worker that says what it was
// sent, or answers what it is told to.
package main

import (
	"encoding/json"
	"strconv"

	"github.com/cairn-dev/cairn/guest"
)

func main() {} // the host calls what init registers

func init() { guest.RegisterWorker(fetch) }

// count is what a Worker must not keep.
var count int

// request is what the Worker was sent.
type request struct {
	Method string      `json:"method"`
	URL    string      `json:"url"`
	Header [][2]string `json:"header"`
	Body   []byte      `json:"body"`
}

// response is what the Worker is told to answer.
type response struct {
	Status int         `json:"status"`
	Header [][2]string `json:"header"`
	Body   []byte      `json:"body"`
}

func fetch(req *guest.Request, _ *guest.Env) (*guest.Response, error) {
	query := req.Query()
	switch req.URL.Path {
	case "/respond": // with the response in the body
		return respond(req.Body)
	case "/length": // of the body
		return guest.Text(200, strconv.Itoa(len(req.Body))), nil
	case "/large": // with that many bytes
		n, err := strconv.Atoi(query.Get("bytes"))
		return &guest.Response{Body: make([]byte, n)}, err
	case "/count": // since the instance began
		count++
		return guest.Text(200, strconv.Itoa(count)), nil
	case "/throw":
		return nil, &guest.Error{Message: "thrown by the Worker",
			Overloaded: query.Has("overloaded")}
	case "/panic":
		panic("panicked in the Worker")
	case "/loop": // until the CPU limit
		for {
		}
	}
	said := request{Method: req.Method, URL: req.URL.String(), Body: req.Body}
	for name, value := range req.Header.All() {
		said.Header = append(said.Header, [2]string{name, value})
	}
	return guest.JSON(200, said), nil
}

func respond(body []byte) (*guest.Response, error) {
	var r response
	if err := json.Unmarshal(body, &r); err != nil {
		return nil, err
	}
	resp := &guest.Response{Status: r.Status, Body: r.Body}
	for _, h := range r.Header {
		resp.Header.Add(h[0], h[1])
	}
	return resp, nil
}
