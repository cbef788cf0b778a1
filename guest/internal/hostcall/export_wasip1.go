package hostcall

import (
	"github.com/cairn-dev/cairn/abi"
	"github.com/cairn-dev/cairn/guest/internal/goruntime"
)

// abiVersion is abi.ExportABIVersion. Go aborts in an export that is called
// before _initialize has run, this one too.
//
//go:wasmexport abi_version
func abiVersion() uint32 { return abi.Version }

// imagePrepare is abi.ExportImagePrepare. Where it panics there is no image.
//
//go:wasmexport image_prepare
func imagePrepare() {
	random = goruntime.FindGenerator()
	instance.ImagePrepare()
	stale = true
	goruntime.WipeStack()
}

//go:wasmexport worker_fetch
func workerFetch(inputLen uint32) uint32 {
	refresh(goruntime.ReadyWords)
	return uint32(instance.WorkerFetch(int(inputLen)))
}

//go:wasmexport object_init
func objectInit(inputLen uint32) uint32 {
	refresh(0)
	s := instance.ObjectInit(int(inputLen))
	goruntime.WipeStack()
	return uint32(s)
}

//go:wasmexport object_call
func objectCall(inputLen uint32) uint32 {
	s := instance.ObjectCall(int(inputLen))
	goruntime.WipeStack()
	return uint32(s)
}

//go:wasmexport object_fetch
func objectFetch(inputLen uint32) uint32 {
	s := instance.ObjectFetch(int(inputLen))
	goruntime.WipeStack()
	return uint32(s)
}

//go:wasmexport object_alarm
func objectAlarm(inputLen uint32) uint32 {
	s := instance.ObjectAlarm(int(inputLen))
	goruntime.WipeStack()
	return uint32(s)
}

//go:wasmexport background_run
func backgroundRun(uint32) uint32 {
	s := instance.BackgroundRun()
	goruntime.WipeStack()
	return uint32(s)
}
