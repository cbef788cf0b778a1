package wire

import "testing"

// BenchmarkMessage encodes and decodes what a request is made of on its way
// through the host.
func BenchmarkMessage(b *testing.B) {
	header := AppendHeader(AppendHeader(AppendHeader(nil, "Host", "127.0.0.1:8787"),
		"User-Agent", "curl/8.5.0"), "Accept", "*/*")
	request := Request{Method: []byte("GET"), URL: []byte("http://127.0.0.1:8787/increment?name=A"),
		Header: header}
	response := Response{Status: 200, Header: header, Body: []byte("Durable Object 'A' count: 1")}
	var buf []byte
	for _, c := range []struct {
		name string
		run  func() error
	}{
		{"request", func() error {
			var r Request
			buf = AppendRequest(buf[:0], &request)
			return DecodeRequest(buf, &r)
		}},
		{"response", func() error {
			var r Response
			buf = AppendResponse(buf[:0], &response)
			return DecodeResponse(buf, &r)
		}},
		{"call", func() error {
			var c Call
			buf = AppendCall(buf[:0], "increment", "[]")
			return DecodeCall(buf, &c)
		}},
	} {
		b.Run(c.name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if err := c.run(); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
