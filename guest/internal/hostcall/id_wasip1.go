package hostcall

import (
	"unsafe"

	"github.com/cairn-dev/cairn/abi"
)

// id is where the host writes an ID.
var id abi.ID

//go:wasmimport cairn_v1 id_from_name
//go:noescape
func idFromName(binding, name string, id unsafe.Pointer) uint32

// IDFromName is abi.FuncIDFromName.
func IDFromName(binding, name string) (abi.ID, abi.Status) {
	s := idFromName(binding, name, unsafe.Pointer(&id))
	return id, abi.Status(s)
}

//go:wasmimport cairn_v1 id_parse
//go:noescape
func idParse(binding, hex string, id unsafe.Pointer) uint32

// IDParse is abi.FuncIDParse.
func IDParse(binding, hex string) (abi.ID, abi.Status) {
	s := idParse(binding, hex, unsafe.Pointer(&id))
	return id, abi.Status(s)
}

//go:wasmimport cairn_v1 id_new
//go:noescape
func idNew(binding string, id unsafe.Pointer) uint32

// IDNew is abi.FuncIDNew.
func IDNew(binding string) (abi.ID, abi.Status) {
	s := idNew(binding, unsafe.Pointer(&id))
	return id, abi.Status(s)
}
