package goruntime

import (
	"reflect"
	"runtime"
	"runtime/debug"
)

// GrowHeap makes the heap as large as it may become before the garbage collector
// runs. Linear memory that is there already belongs to all instances; what one
// of them adds is its own.
func GrowHeap() {
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

// smallSizes are the allocator's size classes, as far as it keeps what it knows of
// an object's pointers at the end of its span. Those that most calls need
// are in the middle of the list, where what the allocator knows of their spans is
// most likely together; 352 is the first eight entries of a map[string][]string.
var smallSizes = [...]int{512, 480, 448, 416, 384, 320, 288, 256,
	352, 48, 32, 16, 64, 24, 80, 96, 112, 128, 8,
	240, 224, 208, 192, 176, 160, 144}

const (
	// spanBytes is what the allocator cuts into objects of one small size.
	spanBytes = 8 << 10
	// PageBytes is the host's page: what an instance writes to is copied by pages.
	PageBytes = 4 << 10
	// HeaderBytes is the word that the allocator keeps in front of an object with
	// pointers that is larger than the largest of smallSizes.
	HeaderBytes = 8
)

// SettleHeap leaves the allocator in a fresh span for each small size of object, with
// and without pointers, and at a place where the next ones lie in one page. For
// those with pointers that is the span's last page: what they mean to the garbage
// collector is written down at its end. All are taken in a row, so what the
// allocator knows of them is together as well.
func SettleHeap() {
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
		if begin < PageBytes && begin+size >= PageBytes && row >= PageBytes/size {
			return
		}
	}
}

var (
	keep         any // on the heap
	keepBytes    []byte
	keepPointers []*byte
)
