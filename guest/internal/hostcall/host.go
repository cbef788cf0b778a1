package hostcall

import (
	"sync"
	"time"

	"github.com/cairn-dev/cairn/abi"
)

// What follows stands in for a host outside WebAssembly. It compiles everywhere,
// so that tests do, but only the functions of hostcall_other.go ask it.

// Host is what stands in for the imports outside WebAssembly. A method is the
// import of the same name; the package functions of this file pass on to the
// host that is current.
type Host interface {
	InputRead(buf []byte) abi.Status
	OutputWrite(b []byte) abi.Status
	ResultRead(buf []byte) (int, abi.Status)
	EnvGet(name string, buf []byte) (int, abi.Status)
	LogWrite(level int32, text string, attrs []byte) abi.Status
	IDFromName(binding, name string) (abi.ID, abi.Status)
	IDParse(binding, hex string) (abi.ID, abi.Status)
	IDNew(binding string) (abi.ID, abi.Status)
	StubCall(binding string, kind uint32, target, method string, args, buf []byte) (int, abi.Status)
	StubFetch(binding string, kind uint32, target string, request, buf []byte) (int, abi.Status)
	StorageGet(key string, buf []byte) (int, abi.Status)
	StoragePut(key string, value []byte, flags uint32) abi.Status
	StorageDelete(key string, flags uint32) abi.Status
	StorageDeleteAll() abi.Status
	StorageSync() abi.Status
	ListOpen(options []byte) (list uint32, _ abi.Status)
	ListNext(list uint32, buf []byte) (int, abi.Status)
	ListClose(list uint32) abi.Status
	TransactionBegin() abi.Status
	TransactionCommit() abi.Status
	TransactionRollback() abi.Status
	AlarmSet(unixMS int64, flags uint32) abi.Status
	AlarmGet() (unixMS int64, _ abi.Status)
	AlarmDelete(flags uint32) abi.Status
	CriticalBegin() abi.Status
	CriticalEnd() abi.Status
	BackgroundRequest() abi.Status
	FetchSend(request, buf []byte) (int, abi.Status)
	Now() time.Time // in place of time.Now
	ObjectAbort(reason string, flags uint32)
}

// Abort is the panic that unwinds a guest's Go code after [Host.ObjectAbort].
// Package guest lets it pass.
type Abort struct{ Reason string }

var (
	mu      sync.Mutex // held from Enter to its leave
	current Host       = noHost{}

	// Written while packages initialise, read-only after.
	classes   = map[string]uint32{}
	hasWorker bool
)

// Enter makes h the current host and keeps every other goroutine's host out
// until leave is called. It does not nest.
func Enter(h Host) (leave func()) {
	mu.Lock()
	current = h
	return func() {
		current = noHost{}
		mu.Unlock()
	}
}

// Class returns the flags of a registered class.
func Class(name string) (flags uint32, ok bool) {
	flags, ok = classes[name]
	return flags, ok
}

// HasWorker says whether the program registered a Worker.
func HasWorker() bool { return hasWorker }

// IsAbort says whether a recovered value is an [Abort] on its way out and must
// be thrown again.
func IsAbort(v any) bool { _, ok := v.(Abort); return ok }
