package hostcall

import "github.com/cairn-dev/cairn/abi"

// abiVersion is abi.ExportABIVersion. Go aborts in an export that is called
// before _initialize has run, this one too.
//
//go:wasmexport abi_version
func abiVersion() uint32 { return abi.Version }

// imagePrepare is abi.ExportImagePrepare. Where it panics there is no image.
//
//go:wasmexport image_prepare
func imagePrepare() {
	findRandom()
	instance.ImagePrepare()
	stale = true
	wipe()
}

//go:wasmexport worker_fetch
func workerFetch(inputLen uint32) uint32 {
	refresh(readyWords)
	return uint32(instance.WorkerFetch(int(inputLen)))
}

//go:wasmexport object_init
func objectInit(inputLen uint32) uint32 {
	refresh(0)
	s := instance.ObjectInit(int(inputLen))
	wipe()
	return uint32(s)
}

//go:wasmexport object_call
func objectCall(inputLen uint32) uint32 {
	s := instance.ObjectCall(int(inputLen))
	wipe()
	return uint32(s)
}

//go:wasmexport object_fetch
func objectFetch(inputLen uint32) uint32 {
	s := instance.ObjectFetch(int(inputLen))
	wipe()
	return uint32(s)
}

//go:wasmexport object_alarm
func objectAlarm(inputLen uint32) uint32 {
	s := instance.ObjectAlarm(int(inputLen))
	wipe()
	return uint32(s)
}

//go:wasmexport background_run
func backgroundRun(uint32) uint32 {
	s := instance.BackgroundRun()
	wipe()
	return uint32(s)
}

// wipe clears what a call has left on the stack below its frame. An object that
// sleeps is kept as its difference from the image, and most of that would be
// what nobody reads any more.
//
//go:noinline
func wipe() {
	var dead [1792]byte
	use(&dead)
}

//go:noinline
func use(*[1792]byte) {}
