package event

import (
	"errors"
	"fmt"

	"github.com/cairn-dev/cairn/abi/wire"
)

// Error is a failure that reaches guests: as a wire.Error when it crosses a stub or
// answers an import. The flags are those of package wire. Two that say the same are
// the same to errors.Is, so that one which has crossed a wire is still what it was.
type Error struct {
	Flags   byte
	Name    string // "" is Error
	Message string
}

func (e *Error) Error() string { return e.Message }

// Is implements what errors.Is asks for.
func (e *Error) Is(target error) bool {
	t, ok := target.(*Error)
	return ok && *t == *e
}

// TypeError returns JavaScript's error of that name.
func TypeError(message string) *Error { return &Error{Name: "TypeError", Message: message} }

// Thrown reads the wire.Error that a guest's own code gave. who is what the reader is
// told of if it cannot be read.
func Thrown(output []byte, who string) *Error {
	var e wire.Error
	if wire.DecodeError(output, &e) != nil {
		return &Error{Message: who + " threw an error that does not decode."}
	}
	return &Error{Flags: e.Flags, Name: string(e.Name), Message: string(e.Message)}
}

func errTooManyCalls(limit int) *Error {
	return &Error{Message: fmt.Sprintf("Too many subrequests: one event may set off at most %d "+
		"calls, with all that it calls (limits.subrequests).", limit)}
}

// Failures of events that are no guest's to learn of.
var (
	// ErrClosing says that background work asks for more of itself while the node
	// shuts down.
	ErrClosing = errors.New("the node shuts down")
	// ErrAlarmMoved says that an alarm that was due no longer is: it was set to
	// another time, or deleted. There is nothing to retry.
	ErrAlarmMoved = errors.New("event: alarm was moved")
)

// Errors that the infrastructure gives, with upstream's texts (SEMANTICS 2.8).
var (
	ErrQueueFull = &Error{Flags: wire.ErrorOverloaded,
		Message: "Durable Object is overloaded. Too many requests queued."}
	ErrQueueBytes = &Error{Flags: wire.ErrorOverloaded,
		Message: "Durable Object is overloaded. Too much data queued."}
	ErrQueueOld = &Error{Flags: wire.ErrorOverloaded,
		Message: "Durable Object is overloaded. Requests queued for too long."}
	ErrNoMemory = &Error{Flags: wire.ErrorOverloaded,
		Message: "Durable Object is overloaded. The host has no memory for the call."}
	ErrStarved = &Error{Flags: wire.ErrorOverloaded | wire.ErrorReset,
		Message: "Durable Object is overloaded. The host has no memory for it, and it was reset."}
	ErrTooDeep = &Error{
		Message: "Call chain is too deep: a call may pass through at most 32 guests."}
	ErrEventLong = &Error{Flags: wire.ErrorReset,
		Message: "The event took longer than 15 minutes, with all that it called, and was ended."}
	ErrClientGone = &Error{
		Message: "The client has disconnected: nobody waits for what the request would call."}
	ErrDiskFull = &Error{Flags: wire.ErrorOverloaded | wire.ErrorReset,
		Message: "Internal error in Durable Object storage write caused object to be reset; the " +
			"host's disk is full."}
	ErrCPU = &Error{Flags: wire.ErrorReset,
		Message: "Durable Object exceeded its CPU time limit and was reset."}
	ErrMemory = &Error{Flags: wire.ErrorReset,
		Message: "Durable Object exceeded its memory limit and was reset."}
	ErrBuilding = &Error{
		Message: "Durable Object was called by the chain of calls that its own " +
			"constructor waits for."}
	ErrCritical = &Error{
		Message: "Durable Object was called by the chain of calls that its own " +
			"blockConcurrencyWhile() waits for."}
	ErrCriticalLong = &Error{Flags: wire.ErrorOverloaded | wire.ErrorReset,
		Message: "A call to blockConcurrencyWhile() in a Durable Object waited for too long. " +
			"The call was canceled and the Durable Object was reset."}
	ErrInTransaction = &Error{
		Message: "A transaction cannot call other objects or the network: they could learn of " +
			"writes that it takes back."}
	ErrBatch = &Error{Name: "RangeError",
		Message: "A call may write at most 67108864 bytes before it calls another " +
			"object or returns."}
	ErrNoOutbound = &Error{
		Message: "This host lets guests send nothing out (allow hosts with --allow-host)."}
	ErrClassGone = &Error{Flags: wire.ErrorReset,
		Message: "Durable Object's class was deleted by a migration, and its objects with it."}
	ErrNoFetch = TypeError("Handler does not export a fetch() function.")
)
