package hostcall

import (
	"unsafe"

	"github.com/cairn-dev/cairn/abi"
)

// stubCall is not go:noescape: see "Memory" in the package comment.
//
//go:wasmimport cairn_v1 stub_call
func stubCall(binding string, kind uint32, target, method string, args unsafe.Pointer,
	argsLen uint32, buf unsafe.Pointer, bufCap uint32, n *uint32) uint32

// StubCall is abi.FuncStubCall. The bytes of target are a name, or an ID. It
// returns the result's whole length, also with StatusTooSmall. args and buf
// belong to the call until it returns: exports that are entered meanwhile must
// not touch them.
func StubCall(binding string, kind uint32, target, method string, args, buf []byte,
) (int, abi.Status) {
	s := stubCall(binding, kind, target, method, ptr(args), uint32(len(args)),
		ptr(buf), uint32(len(buf)), &length)
	return int(length), abi.Status(s)
}

// stubFetch is not go:noescape: see "Memory" in the package comment.
//
//go:wasmimport cairn_v1 stub_fetch
func stubFetch(binding string, kind uint32, target string, request unsafe.Pointer,
	requestLen uint32, buf unsafe.Pointer, bufCap uint32, n *uint32) uint32

// StubFetch is abi.FuncStubFetch. What [StubCall] says of its buffers holds.
func StubFetch(binding string, kind uint32, target string, request, buf []byte,
) (int, abi.Status) {
	s := stubFetch(binding, kind, target, ptr(request), uint32(len(request)),
		ptr(buf), uint32(len(buf)), &length)
	return int(length), abi.Status(s)
}

// fetchSend is not go:noescape: see "Memory" in the package comment.
//
//go:wasmimport cairn_v1 fetch_send
func fetchSend(request unsafe.Pointer, requestLen uint32, buf unsafe.Pointer, bufCap uint32,
	n *uint32) uint32

// FetchSend is abi.FuncFetchSend. What [StubCall] says of its buffers holds.
func FetchSend(request, buf []byte) (int, abi.Status) {
	s := fetchSend(ptr(request), uint32(len(request)), ptr(buf), uint32(len(buf)), &length)
	return int(length), abi.Status(s)
}
