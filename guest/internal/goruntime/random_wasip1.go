package goruntime

import (
	"runtime"
	"unsafe"
)

// FindGenerator returns the generator that the runtime draws from. It panics with
// a Go whose generator it does not know: that one must have no image, or instances
// would share their random numbers.
func FindGenerator() *Generator {
	// Static variables are all below the heap.
	heap := new([64 << 10]byte)
	escape = heap
	const start = 8 // unsafe.Slice refuses nil
	memory := unsafe.Slice((*byte)(unsafe.Add(unsafe.Pointer(nil), start)),
		uintptr(unsafe.Pointer(heap))-start)
	var g *Generator
	for range 4 { // a block may end between two draws
		if g = findGenerator(memory, draw()); g != nil {
			break
		}
	}
	escape = nil
	if g == nil || !g.verify() {
		panic("goruntime: no image: the random numbers of " + runtime.Version() +
			" are not where they were, so all instances would draw the same")
	}
	return g
}

var escape *[64 << 10]byte
