package ingress_test

import (
	"bytes"
	"slices"
	"strconv"
	"testing"

	"github.com/cairn-dev/cairn/abi/wire"
	"github.com/cairn-dev/cairn/host/hosttest"
)

// mirror is a guest without an SDK, byte by byte: its Worker answers a request that has
// a body with that body, which is to be a wire.Response, right or wrong; any other
// with 200 and the wire.Request as it came.
var mirror = slices.Concat([]byte("\x00asm\x01\x00\x00\x00"),
	section(1, // types: () -> i32, (i32, i32) -> i32, () -> (), i32 -> i32
		"\x04\x60\x00\x01\x7f\x60\x02\x7f\x7f\x01\x7f\x60\x00\x00\x60\x01\x7f\x01\x7f"),
	section(2, "\x03", text("cairn_v1"), text("worker_register"), "\x00\x00",
		text("cairn_v1"), text("input_read"), "\x00\x01",
		text("cairn_v1"), text("output_write"), "\x00\x01"),
	section(3, "\x03\x00\x02\x03"), // abi_version, _initialize, worker_fetch
	section(5, "\x01\x00\x20"),     // 2 MiB of memory
	section(7, "\x04", text("memory"), "\x02\x00", text("abi_version"), "\x00\x03",
		text("_initialize"), "\x00\x04", text("worker_fetch"), "\x00\x05"),
	section(10, "\x03",
		"\x04\x00\x41\x01\x0b",
		"\x05\x00\x10\x00\x1a\x0b",
		text("\x01\x01\x7f"+ // one local, where the next field is
			"\x41\x8d\x08\x20\x00\x10\x01\x1a"+ // input_read(1037, n)
			"\x41\x8e\x08\x21\x01"+ // it begins behind the version
			next+next+next+ // method, URL, header
			"\x20\x01\x28\x02\x00"+ // the body's length
			"\x04\x40"+ // is it above 0
			"\x20\x01\x41\x04\x6a\x20\x01\x28\x02\x00\x10\x02\x0f"+ // return output_write(body)
			"\x0b"+
			"\x41\x80\x08\x41\x01\x3a\x00\x00"+ // version 1
			"\x41\x81\x08\x41\xc8\x01\x36\x02\x00"+ // status 200
			"\x41\x85\x08\x41\x00\x36\x02\x00"+ // no header
			"\x41\x89\x08\x20\x00\x36\x02\x00"+ // the input's length
			"\x41\x80\x08\x20\x00\x41\x0d\x6a\x10\x02\x0b"))) // return output_write(1024, n+13)

// next adds 4 and the length of a field to the local.
const next = "\x20\x01\x20\x01\x28\x02\x00\x6a\x41\x04\x6a\x21\x01"

func section(id byte, parts ...string) []byte {
	var body []byte
	for _, p := range parts {
		body = append(body, p...)
	}
	return slices.Concat([]byte{id}, leb(len(body)), body)
}

func text(s string) string { return string(leb(len(s))) + s }

func leb(n int) (b []byte) {
	for ; n >= 0x80; n >>= 7 {
		b = append(b, byte(n)|0x80)
	}
	return append(b, byte(n))
}

func startMirror(t *testing.T, o hosttest.Options) *hosttest.Host {
	t.Helper()
	o.Wasm, o.Bindings = mirror, map[string]string{}
	return hosttest.Start(t, o)
}

// received is what a Worker was sent.
type received struct {
	method, url string
	header      [][2]string
}

func (r *received) values(name string) (values []string) {
	for _, f := range r.header {
		if f[0] == name {
			values = append(values, f[1])
		}
	}
	return values
}

func decodeReceived(t *testing.T, body string) *received {
	t.Helper()
	var w wire.Request
	if err := wire.DecodeRequest([]byte(body), &w); err != nil {
		t.Fatalf("%v: %q", err, body)
	}
	r := &received{method: string(w.Method), url: string(w.URL)}
	w.Header.Each(func(name, value []byte) bool {
		r.header = append(r.header, [2]string{string(name), string(value)})
		return true
	})
	return r
}

// respondRaw lets the mirror answer with a response, and returns what comes out.
func respondRaw(t *testing.T, h *hosttest.Host, method string, r *wire.Response) string {
	t.Helper()
	message := wire.AppendResponse(nil, r)
	var request bytes.Buffer
	request.WriteString(method + " / HTTP/1.1\r\n" + toH + "Connection: close\r\nContent-Length: ")
	request.Write(appendInt(len(message)))
	request.WriteString("\r\n\r\n")
	request.Write(message)
	return talk(t, h, request.String())
}

func appendInt(n int) []byte { return strconv.AppendInt(nil, int64(n), 10) }
