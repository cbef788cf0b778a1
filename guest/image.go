package guest

import (
	"encoding/json"
	"fmt"
	"net/url"
	"reflect"
	"runtime"
	"runtime/debug"

	"github.com/cairn-dev/cairn/abi/wire"
)

// ImagePrepare is [abi.ExportImagePrepare]. A page of memory that an instance
// writes is one that its host copies, so what every instance would do is done
// here, and the heap is left as a call likes to find it.
func (in *instance) ImagePrepare() {
	learnTypes()
	rehearse()
	growHeap()
	rehearse()
	touchSizes()
}

// growHeap makes the heap as large as it may become before the garbage collector
// runs. Linear memory that is there already belongs to all instances; what one
// of them adds is its own.
func growHeap() {
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	percent := debug.SetGCPercent(-1)
	const chunk = 8 << 10
	for n := m.HeapAlloc; n < m.NextGC; n += chunk {
		keep = make([]byte, chunk)
	}
	keep = nil
	debug.SetGCPercent(percent)
	// Twice, as what a pool holds survives once. The workers of the collector
	// end when they are let run.
	for range 2 {
		runtime.GC()
		for range 16 {
			runtime.Gosched()
		}
	}
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
	text := fmt.Sprintf("%s %d %v", u.Query().Get("b"), len(message), req.Method)
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

// touchSizes makes the allocator take a span for each small size of object, with
// and without pointers.
func touchSizes() {
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

var keep any
