package guest

import (
	"github.com/cairn-dev/cairn/abi"
	"github.com/cairn-dev/cairn/guest/internal/hostcall"
)

// worker answers the app's HTTP requests; nil when the program has no Worker.
var worker func(*Request, *Env) (*Response, error)

// RegisterWorker makes fetch the program's Worker: it answers every HTTP
// request of the app. Nothing that it leaves in memory is there for the next
// request; what should last belongs in an object. An error becomes a response
// with status 500, or 503 for one that is [ErrOverloaded], and goes to the log.
//
// RegisterWorker can be called only in init, and once.
func RegisterWorker(fetch func(*Request, *Env) (*Response, error)) {
	if fetch == nil || worker != nil {
		panic("guest: RegisterWorker: a program has one Worker, which is not nil")
	}
	if s := hostcall.WorkerRegister(); s != abi.StatusOK {
		panic("guest: RegisterWorker: " + s.String())
	}
	worker = fetch
}
