package hostcall

import (
	"runtime"
	"unsafe"
)

//go:wasmimport wasi_snapshot_preview1 random_get
//go:noescape
func randomGet(buf unsafe.Pointer, n uint32) uint32

func fillRandom(b []byte) {
	if randomGet(ptr(b), uint32(len(b))) != 0 {
		panic("hostcall: the host gives no random numbers")
	}
}

var (
	random *generator // where the runtime draws from; nil without an image
	stale  bool       // this instance still has the image's random numbers
)

// findRandom finds the runtime's generator. A Go whose generator it does not
// know must have no image: instances would share their random numbers.
func findRandom() {
	// Static variables are all below the heap.
	heap := new([64 << 10]byte)
	escape = heap
	const start = 8 // unsafe.Slice refuses nil
	memory := unsafe.Slice((*byte)(unsafe.Add(unsafe.Pointer(nil), start)),
		uintptr(unsafe.Pointer(heap))-start)
	for range 4 { // a block may end between two draws
		if random = findGenerator(memory, draw()); random != nil {
			break
		}
	}
	escape = nil
	if random == nil || !random.verify() {
		panic("hostcall: no image: the random numbers of " + runtime.Version() +
			" are not where they were, so all instances would draw the same")
	}
}

var escape *[64 << 10]byte

// refresh gives an instance that was just made from the image random numbers of
// its own. It comes first in every export that can be an instance's first.
func refresh(ready int) {
	if stale {
		stale = false
		random.reseed(ready, fillRandom)
	}
}
