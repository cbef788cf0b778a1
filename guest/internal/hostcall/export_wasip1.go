package hostcall

import "github.com/cairn-dev/cairn/abi"

// abiVersion is abi.ExportABIVersion. Go aborts in an export that is called
// before _initialize has run, this one too.
//
//go:wasmexport abi_version
func abiVersion() uint32 { return abi.Version }

//go:wasmexport worker_fetch
func workerFetch(inputLen uint32) uint32 { return uint32(instance.WorkerFetch(int(inputLen))) }

//go:wasmexport object_init
func objectInit(inputLen uint32) uint32 { return uint32(instance.ObjectInit(int(inputLen))) }

//go:wasmexport object_call
func objectCall(inputLen uint32) uint32 { return uint32(instance.ObjectCall(int(inputLen))) }

//go:wasmexport object_fetch
func objectFetch(inputLen uint32) uint32 { return uint32(instance.ObjectFetch(int(inputLen))) }
