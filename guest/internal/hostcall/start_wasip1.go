package hostcall

import "github.com/cairn-dev/cairn/abi"

//go:wasmimport cairn_v1 class_register
//go:noescape
func classRegister(name string, flags uint32) uint32

// ClassRegister is abi.FuncClassRegister.
func ClassRegister(name string, flags uint32) abi.Status {
	return abi.Status(classRegister(name, flags))
}

//go:wasmimport cairn_v1 worker_register
func workerRegister() uint32

// WorkerRegister is abi.FuncWorkerRegister.
func WorkerRegister() abi.Status { return abi.Status(workerRegister()) }
