package main

import (
	"unsafe"
)

// traps come from below the language, as in compiled code that is wrong.
var traps = ways{"outside": outside}

// outside loads from beyond the end of linear memory. Go's own checks would
// make a panic out of a bad index or a nil pointer; this is none of them.
func outside() error {
	sink = *(*byte)(unsafe.Add(nil, beyond))
	return nil
}

// Variables, so that the compiler does not know what they hold.
var (
	beyond = uintptr(0xffff_fff0)
	sink   byte
)
