package hostcall

import "github.com/cairn-dev/cairn/abi"

// Instance answers the exports. Package guest implements it. In WebAssembly
// there is one for the module's instance; natively a host has one for its
// Worker and one for each object in memory.
//
// Each method is the body of the export of the same name: it reads its input
// of inputLen bytes with [InputRead] and hands over its output with
// [OutputWrite]. A method may be entered again while it waits in [StubCall],
// [StubFetch] or [FetchSend]; the inner one returns first.
//
// A StatusError never says that the error is remote. The host adds that flag
// when it carries the error on to another guest, because only the host knows
// that it came out of an export and not out of its own hands.
type Instance interface {
	// ImagePrepare does what should not be done again in each instance. Only
	// WebAssembly has images, and an instance that nothing else has entered.
	ImagePrepare()

	WorkerFetch(inputLen int) abi.Status
	ObjectInit(inputLen int) abi.Status
	ObjectCall(inputLen int) abi.Status
	ObjectFetch(inputLen int) abi.Status
	ObjectAlarm(inputLen int) abi.Status
	BackgroundRun() abi.Status
}

var (
	newInstance func() Instance
	instance    Instance // the one of this module's instance, in WebAssembly
)

// Install says what answers the exports. Package guest calls it from init.
func Install(f func() Instance) { newInstance, instance = f, f() }

// NewInstance returns a fresh instance of the program.
func NewInstance() Instance { return newInstance() }
