package hostcall

import (
	"unsafe"

	"github.com/cairn-dev/cairn/abi"
)

//go:wasmimport cairn_v1 env_get
//go:noescape
func envGet(name string, buf unsafe.Pointer, bufCap uint32, n *uint32) uint32

// EnvGet is abi.FuncEnvGet. It returns the value's whole length, also with
// StatusTooSmall.
func EnvGet(name string, buf []byte) (int, abi.Status) {
	s := envGet(name, ptr(buf), uint32(len(buf)), &length)
	return int(length), abi.Status(s)
}

//go:wasmimport cairn_v1 log_write
//go:noescape
func logWrite(level int32, text string, attrs unsafe.Pointer, attrsLen uint32) uint32

// LogWrite is abi.FuncLogWrite.
func LogWrite(level int32, text string, attrs []byte) abi.Status {
	return abi.Status(logWrite(level, text, ptr(attrs), uint32(len(attrs))))
}
