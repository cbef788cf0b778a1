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
	settle()
	rehearse()
	few := append(in.first.buffers[:0], buffers[:min(2, len(buffers))]...)
	buffers = append(few, in.first.buffer[:0]) // the last is taken first
	in.env.first.first = &in.first.stub
	firstResponse = &in.first.response
	firstResponse.Body = in.first.body[:0]
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
	text := fmt.Sprintf("%s%s %d %-200v", u.Query().Get("b"), req.Query().Get("b"), len(message), req.Method)
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

// smallSizes are the allocator's sizes of objects, as far as it keeps what it
// knows of an object's pointers at the end of its span. Those that most calls need
// are in the middle of the list, where what the allocator knows of their spans is
// most likely together; 352 is the first eight entries of a map[string][]string.
var smallSizes = [...]int{512, 480, 448, 416, 384, 320, 288, 256,
	352, 48, 32, 16, 64, 24, 80, 96, 112, 128, 8,
	240, 224, 208, 192, 176, 160, 144}

const (
	spanBytes = 8 << 10
	pageBytes = 4 << 10
)

// settle leaves the allocator in a fresh span for each small size of object, with
// and without pointers, and at a place where the next ones lie in one page. For
// those with pointers that is the span's last page: what they mean to the garbage
// collector is written down at its end. All are taken in a row, so what the
// allocator knows of them is together as well.
func settle() {
	for _, size := range smallSizes {
		settleSize(size, func() uintptr {
			keepPointers = make([]*byte, size/8)
			return reflect.ValueOf(&keepPointers[0]).Pointer()
		})
		if size < 16 {
			continue // without pointers they are put together to 16 bytes
		}
		settleSize(size, func() uintptr {
			keepBytes = make([]byte, size)
			return reflect.ValueOf(&keepBytes[0]).Pointer()
		})
	}
	keepPointers, keepBytes = nil, nil
}

// settleSize allocates objects of one size until the first page of a span was
// filled in a row, so that no old ones are in between.
func settleSize(size int, allocate func() uintptr) {
	row, last := 0, uintptr(0)
	for range 4 * spanBytes / size {
		at := allocate()
		if row++; at != last+uintptr(size) {
			row = 1
		}
		last = at
		begin := int(at % spanBytes)
		if begin < pageBytes && begin+size >= pageBytes && row >= pageBytes/size {
			return
		}
	}
}

var (
	keep         any // on the heap
	keepBytes    []byte
	keepPointers []*byte
)
