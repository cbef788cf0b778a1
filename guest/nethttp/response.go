package nethttp

import (
	"bytes"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/cairn-dev/cairn/abi/wire"
	"github.com/cairn-dev/cairn/guest"
)

// response is the http.ResponseWriter of one request. It does what net/http's
// does as far as it shows in a response that is sent whole.
type response struct {
	header  http.Header
	head    bool // the request is a HEAD: the body counts, and is not sent
	status  int
	written http.Header // the header when the status was written; later changes do not count
	length  int64       // the Content-Length that it says, -1 without
	body    bytes.Buffer
	count   int64  // bytes written, of a HEAD as well
	start   []byte // of the body, as far as net/http would look to guess its type
	flushed bool   // start is complete
}

// Header implements http.ResponseWriter.
func (w *response) Header() http.Header {
	if w.header == nil {
		w.header = http.Header{}
	}
	return w.header
}

// WriteHeader implements http.ResponseWriter. Of several the first counts, and
// an informational one is passed over.
func (w *response) WriteHeader(status int) {
	if w.status != 0 {
		return
	}
	if status < 100 || status > 999 { // net/http's text
		panic(fmt.Sprintf("invalid WriteHeader code %v", status))
	}
	if status < 200 && status != http.StatusSwitchingProtocols {
		return
	}
	w.status, w.written, w.length = status, w.Header().Clone(), -1
	if text := w.written.Get("Content-Length"); text != "" {
		n, err := strconv.ParseInt(text, 10, 64)
		if err == nil && n >= 0 {
			w.length = n
		} else {
			delete(w.written, "Content-Length")
		}
	}
}

// Write implements http.ResponseWriter.
func (w *response) Write(b []byte) (int, error) {
	if w.status == 0 {
		w.WriteHeader(http.StatusOK)
	}
	if len(b) == 0 {
		return 0, nil
	}
	if !bodyAllowed(w.status) {
		return 0, http.ErrBodyNotAllowed
	}
	w.count += int64(len(b)) // net/http counts what it refuses, too
	if w.length >= 0 && w.count > w.length {
		return 0, http.ErrContentLength
	}
	const sniffed = 512 // http.DetectContentType looks at no more
	if !w.flushed {
		w.start = append(w.start, b[:min(len(b), sniffed-len(w.start))]...)
	}
	if w.head {
		return len(b), nil
	}
	return w.body.Write(b)
}

// WriteString implements io.StringWriter.
func (w *response) WriteString(s string) (int, error) { return w.Write([]byte(s)) }

// Flush implements http.Flusher. What was written goes out with the rest, but it
// is what the type is guessed from.
func (w *response) Flush() {
	if w.status == 0 {
		w.WriteHeader(http.StatusOK)
	}
	w.flushed = true
}

// FlushError is Flush for http.ResponseController.
func (w *response) FlushError() error { w.Flush(); return nil }

// SetReadDeadline is for http.ResponseController: the body is there already.
func (w *response) SetReadDeadline(time.Time) error { return nil }

// SetWriteDeadline is for http.ResponseController: nothing waits for the client.
func (w *response) SetWriteDeadline(time.Time) error { return nil }

// EnableFullDuplex is for http.ResponseController.
func (w *response) EnableFullDuplex() error { return nil }

// bodyAllowed says whether net/http sends a body with a status.
func bodyAllowed(status int) bool {
	return status >= 200 && status != http.StatusNoContent && status != http.StatusNotModified
}

// finish returns the response when the handler has returned.
func (w *response) finish() *guest.Response {
	if w.status == 0 {
		w.WriteHeader(http.StatusOK)
	}
	h := w.written
	_, typed := h["Content-Type"]
	switch {
	case w.status == http.StatusNotModified:
		delete(h, "Content-Type")
		fallthrough
	case !bodyAllowed(w.status):
		delete(h, "Content-Length")
	case !typed && h.Get("Content-Encoding") == "" && h.Get("Transfer-Encoding") == "" &&
		len(w.start) > 0:
		h.Set("Content-Type", http.DetectContentType(w.start))
	}
	if w.head && w.length < 0 && w.count > 0 && bodyAllowed(w.status) {
		h.Set("Content-Length", strconv.FormatInt(w.count, 10))
	}
	delete(h, "Transfer-Encoding") // the host frames the body, and there are no trailers
	delete(h, "Trailer")
	return &guest.Response{Status: w.status, Header: fromHTTP(sendable(h)), Body: w.body.Bytes()}
}

// sendable changes h into what net/http would send of it: names that are none
// are left out, and what would end a value is a space.
func sendable(h http.Header) http.Header {
	for name, values := range h {
		if _, err := wire.CheckField(name, ""); err != nil {
			delete(h, name)
			continue
		}
		for i, v := range values { // ours: h is a clone
			values[i] = strings.NewReplacer("\n", " ", "\r", " ", "\x00", " ").Replace(v)
		}
	}
	return h
}
