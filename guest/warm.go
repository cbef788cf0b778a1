package guest

import (
	"fmt"
	"net/url"

	"github.com/cairn-dev/cairn/abi/wire"
)

// warm does once, while init runs, what a request would otherwise be the first
// to do: the allocator takes a span for each size of object, maps and fmt make
// what they keep. A host that starts every request from the image of an
// initialised module would pay for that in each of them.
func warm() {
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
	text := fmt.Sprintf("%s %d %v", u.Query().Get("b"), len(message), req.Method)
	appendResponse(message[:0], Text(200, text))
	// The sizes of the small size classes, with and without pointers.
	keep = []any{
		new([1]byte), new([16]byte), new([24]byte), new([32]byte), new([48]byte), new([64]byte),
		new([80]byte), new([96]byte), new([112]byte), new([128]byte), new([192]byte), new([256]byte),
		new([384]byte), new([512]byte), new([1024]byte),
		new(*byte), new([2]*byte), new([3]*byte), new([4]*byte), new([6]*byte), new([8]*byte),
		new([10]*byte), new([12]*byte), new([14]*byte), new([16]*byte), new([24]*byte),
		new([32]*byte), new([48]*byte), new([64]*byte),
	}
	keep = nil
}

var keep []any
