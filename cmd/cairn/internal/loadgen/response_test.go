package loadgen

import (
	"errors"
	"io"
	"strconv"
	"strings"
	"testing"
	"testing/iotest"
)

const ok = "HTTP/1.1 200 OK\r\n"

// broken and cut are what is wrong with responses.
var broken, cut = errMalformed, io.ErrUnexpectedEOF

// responses are what a server may send.
var responses = []struct {
	name, text string
	status     int
	reusable   bool
	err        error
}{
	{"length", ok + "Content-Length: 5\r\n\r\nhello", 200, true, nil},
	{"no body", ok + "content-length:0\r\n\r\n", 200, true, nil},
	{"bare line feeds", "HTTP/1.1 200 OK\nContent-Length: 1\n\nx", 200, true, nil},
	{"no reason", "HTTP/1.1 404\r\nContent-Length: 0\r\n\r\n", 404, true, nil},
	{"long body", ok + "Content-Length: 50000\r\n\r\n" + strings.Repeat("x", 50000),
		200, true, nil},
	{"chunks", ok + "Transfer-Encoding: Chunked\r\n\r\n5\r\nhello\r\n1;a=b\r\n!\r\n0\r\n\r\n",
		200, true, nil},
	{"hex", ok + "Transfer-Encoding: chunked\r\n\r\n" +
		"1a\r\n" + strings.Repeat("x", 26) + "\r\n00F\r\n" +
		strings.Repeat("y", 15) + "\r\n0\r\nTrailer: x\r\n\r\n", 200, true, nil},
	{"many chunks", ok + "Transfer-Encoding: chunked\r\n" +
		"\r\n" + strings.Repeat("1\r\nx\r\n", 1000) + "0\r\n\r\n", 200, true, nil},
	{"until the end", ok + "\r\neverything", 200, false, nil},
	{"empty until the end", ok + "\r\n", 200, false, nil},
	{"close", ok + "Connection: x, Close\r\nContent-Length: 1\r\n\r\nx", 200, false, nil},
	{"1.0", "HTTP/1.0 200 OK\r\nContent-Length: 1\r\n\r\nx", 200, false, nil},
	{"1.0 kept", "HTTP/1.0 200 OK\r\nConnection: keep-alive\r\nContent-Length: 1\r\n\r\nx",
		200, true, nil},
	{"204", "HTTP/1.1 204 No Content\r\n\r\n", 204, true, nil},
	{"304", "HTTP/1.1 304 Not Modified\r\nContent-Length: 99\r\n\r\n", 304, true, nil},
	{"interim", "HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n" + ok + "Content-Length: 0\r\n\r\n",
		200, true, nil},
	{"same length twice", ok + "Content-Length: 1\r\nContent-Length: 1\r\n\r\nx", 200, true, nil},

	{"nothing", "", 0, false, cut},
	{"cut status line", "HTTP/1.1 20", 0, false, cut},
	{"cut head", ok + "Content-Le", 0, false, cut},
	{"cut body", ok + "Content-Length: 5\r\n\r\nhell", 0, false, cut},
	{"cut chunk", ok + "Transfer-Encoding: chunked\r\n\r\n5\r\nhel", 0, false, cut},
	{"no last chunk", ok + "Transfer-Encoding: chunked\r\n\r\n1\r\nx\r\n", 0, false, cut},
	{"no trailer's end", ok + "Transfer-Encoding: chunked\r\n\r\n0\r\n", 0, false, cut},

	{"no HTTP", "220 ready\r\n", 0, false, broken},
	{"HTTP/2", "HTTP/2.0 200 OK\r\n\r\n", 0, false, broken},
	{"HTTP/1.2", "HTTP/1.2 200 OK\r\n\r\n", 0, false, broken},
	{"no status", "HTTP/1.1  OK and\r\n\r\n", 0, false, broken},
	{"status 2000", "HTTP/1.1 2000 OK\r\n\r\n", 0, false, broken},
	{"status 099", "HTTP/1.1 099 OK\r\n\r\n", 0, false, broken},
	{"switch", "HTTP/1.1 101 Switching\r\n\r\n", 0, false, broken},
	{"no colon", ok + "Content-Length 5\r\n\r\nhello", 0, false, broken},
	{"no name", ok + ": 5\r\n\r\nhello", 0, false, broken},
	{"no number", ok + "Content-Length: five\r\n\r\n", 0, false, broken},
	{"negative", ok + "Content-Length: -5\r\n\r\n", 0, false, broken},
	{"huge", ok + "Content-Length: 9999999999999999999\r\n\r\n", 0, false, broken},
	{"two lengths", ok + "Content-Length: 1\r\nContent-Length: 2\r\n\r\nxx", 0, false, broken},
	{"both", ok + "Content-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
		0, false, broken},
	{"gzip", ok + "Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n", 0, false, broken},
	{"chunk size", ok + "Transfer-Encoding: chunked\r\n\r\nxyz\r\n", 0, false, broken},
	{"empty chunk size", ok + "Transfer-Encoding: chunked\r\n\r\n\r\n", 0, false, broken},
	{"huge chunk", ok + "Transfer-Encoding: chunked\r\n\r\nfffffffffffffffff\r\n",
		0, false, broken},
	{"long chunk", ok + "Transfer-Encoding: chunked\r\n\r\n1\r\nxy\r\n0\r\n\r\n", 0, false, broken},
	{"long line", ok + "X: " + strings.Repeat("x", bufferBytes) + "\r\n\r\n", 0, false, broken},
	{"many lines", ok + strings.Repeat("X: y\r\n", maxHeadLines) + "\r\n", 0, false, broken},
	{"many interims", strings.Repeat("HTTP/1.1 100 Continue\r\n\r\n", maxHeadLines),
		0, false, broken},
}

// TestResponse reads responses whole and byte by byte.
func TestResponse(t *testing.T) {
	for _, c := range responses {
		for _, way := range []func(io.Reader) io.Reader{
			func(r io.Reader) io.Reader { return r }, iotest.OneByteReader, iotest.HalfReader,
			iotest.DataErrReader,
		} {
			r := reader{buf: make([]byte, bufferBytes)}
			r.reset(way(strings.NewReader(c.text)))
			status, reusable, err := r.response()
			if status != c.status || reusable != c.reusable || !errors.Is(err, c.err) {
				t.Errorf("%s: %d, %v, %v, want %d, %v, %v",
					c.name, status, reusable, err, c.status, c.reusable, c.err)
			}
			if err == nil && r.total != uint64(len(c.text)) {
				t.Errorf("%s: %d bytes, want %d", c.name, r.total, len(c.text))
			}
		}
	}
}

// TestResponseError passes on what the connection says.
func TestResponseError(t *testing.T) {
	reset := errors.New("reset")
	r := reader{buf: make([]byte, bufferBytes)}
	r.reset(io.MultiReader(strings.NewReader("HTTP/1.1 200 OK\r\n\r\npart"),
		iotest.ErrReader(reset)))
	if _, _, err := r.response(); !errors.Is(err, reset) {
		t.Errorf("%v, want %v", err, reset)
	}
}

// FuzzResponse wants the same from a response whole and byte by byte, and never
// a status that a tally has no place for.
func FuzzResponse(f *testing.F) {
	f.Add("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello")
	f.Add("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5;x\r\nhello\r\n0\r\nA: b\r\n\r\n")
	f.Add("HTTP/1.0 503 Busy\r\nConnection: keep-alive\r\n\r\n")
	f.Fuzz(func(t *testing.T, text string) {
		whole := reader{buf: make([]byte, bufferBytes)}
		whole.reset(strings.NewReader(text))
		status, reusable, err := whole.response()
		bytewise := reader{buf: make([]byte, bufferBytes)}
		bytewise.reset(iotest.OneByteReader(strings.NewReader(text)))
		status2, reusable2, err2 := bytewise.response()
		if whole.r != whole.w || errors.Is(err, errMalformed) {
			return // what follows a response is seen only when it is there
		}
		if status != status2 || reusable != reusable2 || !errors.Is(err, err2) {
			t.Errorf("%d, %v, %v, byte by byte %d, %v, %v",
				status, reusable, err, status2, reusable2, err2)
		}
		if err == nil && (status < 200 || status > 999) {
			t.Error("status " + strconv.Itoa(status))
		}
	})
}
