package worker

import (
	"github.com/cairn-dev/cairn/abi/wire"
	"github.com/cairn-dev/cairn/host/event"
)

// Errors that a Worker's infrastructure gives, with upstream's texts where it has one
// (SEMANTICS 2.8). Those of objects are package event's.
var (
	errQueueFull = &event.Error{Flags: wire.ErrorOverloaded,
		Message: "Worker is overloaded. Too many requests queued."}
	errQueueOld = &event.Error{Flags: wire.ErrorOverloaded,
		Message: "Worker is overloaded. Requests queued for too long."}
	errNoMemory = &event.Error{Flags: wire.ErrorOverloaded,
		Message: "Worker is overloaded. The host has no memory for the request."}
	errCPU    = &event.Error{Message: "Worker exceeded CPU time limit."}
	errMemory = &event.Error{Message: "Worker exceeded memory limit."}
	// errAssertion is a fault of ours, of which the log has the whole.
	errAssertion = &event.Error{Message: "internal error"}
)
