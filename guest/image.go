package guest

import (
	"encoding/json"
	"fmt"
	"net/url"
	"reflect"

	"github.com/cairn-dev/cairn/abi/wire"
	"github.com/cairn-dev/cairn/guest/internal/goruntime"
)

// ImagePrepare is [abi.ExportImagePrepare]. A page of memory that an instance
// writes is one that its host copies, so what every instance would do is done
// here, and the heap is left as a call likes to find it.
func (in *instance) ImagePrepare() {
	learnTypes()
	rehearse()
	goruntime.GrowHeap()
	goruntime.SettleHeap()
	rehearse()
	few := append(in.first.buffers[:0], buffers[:min(2, len(buffers))]...)
	buffers = append(few, in.first.buffer[:0]) // the last is taken first
	in.env.first.first = &in.first.stub
	firstResponse = &in.first.response
	firstResponse.Body = in.first.body[:0]
}

// rehearse does what a request would otherwise be the first to do: maps and fmt
// make what they keep.
func rehearse() {
	message := wire.AppendRequest(nil, &wire.Request{
		Method: []byte("GET"),
		URL:    []byte("http://127.0.0.1/a?b=c"),
		Header: textHeader,
	})
	var req Request
	var u url.URL
	if err := decodeRequest(message, &req, &u); err != nil {
		panic(err)
	}
	text := fmt.Sprintf("%s%s %d %-200v", u.Query().Get("b"), req.Query().Get("b"),
		len(message), req.Method)
	appendResponse(message[:0], Text(200, text))
}

// learnTypes has encoding/json look at the types of parameters and results: what
// it learns of one is more than most objects remember of all else.
func learnTypes() {
	for _, c := range classes {
		for _, m := range c.methods {
			if m.out != nil {
				learnType(m.out)
			}
			for _, t := range m.in {
				learnType(t)
			}
		}
	}
}

// learnType may run the program's own MarshalJSON, which need not expect a zero
// value.
func learnType(t reflect.Type) {
	defer func() { _ = recover() }()
	_, _ = json.Marshal(reflect.Zero(t).Interface())
}
