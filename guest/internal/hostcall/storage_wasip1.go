package hostcall

import (
	"unsafe"

	"github.com/cairn-dev/cairn/abi"
)

//go:wasmimport cairn_v1 storage_get
//go:noescape
func storageGet(key string, buf unsafe.Pointer, bufCap uint32, n *uint32) uint32

// StorageGet is abi.FuncStorageGet. It returns the value's whole length, also
// with StatusTooSmall.
func StorageGet(key string, buf []byte) (int, abi.Status) {
	s := storageGet(key, ptr(buf), uint32(len(buf)), &length)
	return int(length), abi.Status(s)
}

//go:wasmimport cairn_v1 storage_put
//go:noescape
func storagePut(key string, value unsafe.Pointer, valueLen, flags uint32) uint32

// StoragePut is abi.FuncStoragePut.
func StoragePut(key string, value []byte, flags uint32) abi.Status {
	return abi.Status(storagePut(key, ptr(value), uint32(len(value)), flags))
}

//go:wasmimport cairn_v1 storage_delete
//go:noescape
func storageDelete(key string, flags uint32) uint32

// StorageDelete is abi.FuncStorageDelete.
func StorageDelete(key string, flags uint32) abi.Status {
	return abi.Status(storageDelete(key, flags))
}

//go:wasmimport cairn_v1 storage_delete_all
func storageDeleteAll() uint32

// StorageDeleteAll is abi.FuncStorageDeleteAll.
func StorageDeleteAll() abi.Status { return abi.Status(storageDeleteAll()) }

//go:wasmimport cairn_v1 storage_sync
func storageSync() uint32

// StorageSync is abi.FuncStorageSync.
func StorageSync() abi.Status { return abi.Status(storageSync()) }
