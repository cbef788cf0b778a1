package hostcall

import (
	"unsafe"

	"github.com/cairn-dev/cairn/abi"
)

// handle is where the host writes what names a list.
var handle uint32

//go:wasmimport cairn_v1 list_open
//go:noescape
func listOpen(options unsafe.Pointer, optionsLen uint32, handle *uint32) uint32

// ListOpen is abi.FuncListOpen.
func ListOpen(options []byte) (list uint32, _ abi.Status) {
	s := listOpen(ptr(options), uint32(len(options)), &handle)
	return handle, abi.Status(s)
}

//go:wasmimport cairn_v1 list_next
//go:noescape
func listNext(list uint32, buf unsafe.Pointer, bufCap uint32, n *uint32) uint32

// ListNext is abi.FuncListNext. With StatusTooSmall it returns the length of
// the next entry.
func ListNext(list uint32, buf []byte) (int, abi.Status) {
	s := listNext(list, ptr(buf), uint32(len(buf)), &length)
	return int(length), abi.Status(s)
}

//go:wasmimport cairn_v1 list_close
func listClose(list uint32) uint32

// ListClose is abi.FuncListClose.
func ListClose(list uint32) abi.Status { return abi.Status(listClose(list)) }

//go:wasmimport cairn_v1 transaction_begin
func transactionBegin() uint32

// TransactionBegin is abi.FuncTransactionBegin.
func TransactionBegin() abi.Status { return abi.Status(transactionBegin()) }

//go:wasmimport cairn_v1 transaction_commit
func transactionCommit() uint32

// TransactionCommit is abi.FuncTransactionCommit.
func TransactionCommit() abi.Status { return abi.Status(transactionCommit()) }

//go:wasmimport cairn_v1 transaction_rollback
func transactionRollback() uint32

// TransactionRollback is abi.FuncTransactionRollback.
func TransactionRollback() abi.Status { return abi.Status(transactionRollback()) }
