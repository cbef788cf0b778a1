package hostcall

import (
	"unsafe"

	"github.com/cairn-dev/cairn/abi"
)

// length is where the host writes the length of what an import returns.
var length uint32

// ptr returns where b begins. The host does not look at it when b is empty.
func ptr(b []byte) unsafe.Pointer { return unsafe.Pointer(unsafe.SliceData(b)) }

//go:wasmimport cairn_v1 input_read
//go:noescape
func inputRead(buf unsafe.Pointer, bufCap uint32) uint32

// InputRead is abi.FuncInputRead.
func InputRead(buf []byte) abi.Status { return abi.Status(inputRead(ptr(buf), uint32(len(buf)))) }

//go:wasmimport cairn_v1 output_write
//go:noescape
func outputWrite(b unsafe.Pointer, n uint32) uint32

// OutputWrite is abi.FuncOutputWrite.
func OutputWrite(b []byte) abi.Status { return abi.Status(outputWrite(ptr(b), uint32(len(b)))) }

//go:wasmimport cairn_v1 result_read
//go:noescape
func resultRead(buf unsafe.Pointer, bufCap uint32, n *uint32) uint32

// ResultRead is abi.FuncResultRead. It returns the result's whole length, also
// with StatusTooSmall.
func ResultRead(buf []byte) (int, abi.Status) {
	s := resultRead(ptr(buf), uint32(len(buf)), &length)
	return int(length), abi.Status(s)
}
