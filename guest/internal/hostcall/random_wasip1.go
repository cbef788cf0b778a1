package hostcall

import (
	"unsafe"

	"github.com/cairn-dev/cairn/guest/internal/goruntime"
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
	random *goruntime.Generator // what the runtime draws from; nil without an image
	stale  bool                 // this instance still has the image's random numbers
)

// refresh gives an instance that was just made from the image random numbers of
// its own. It comes first in every export that can be an instance's first.
func refresh(ready int) {
	if stale {
		stale = false
		random.Reseed(ready, fillRandom)
	}
}
