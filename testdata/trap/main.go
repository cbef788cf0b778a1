// Command trap is a guest that traps, as compiled code does that is wrong below its
// language.
package main

import (
	"unsafe"

	"github.com/cairn-dev/cairn/testdata/internal/good"
)

func main() {} // the host calls what init registers

func init() {
	good.Register(map[string]func() error{"outside": outside})
}

// outside loads from beyond the end of linear memory. Go's own checks would
// make a panic out of a bad index or a nil pointer; this is none of them.
func outside() error {
	sink = *(*byte)(unsafe.Add(nil, address))
	return nil
}

// Variables, so that the compiler does not know what they hold.
var (
	address = uintptr(0xffff_fff0)
	sink    byte
)
