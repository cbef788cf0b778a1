package event

import (
	"context"

	"github.com/cairn-dev/cairn/abi"
	"github.com/cairn-dev/cairn/host/account"
	"github.com/cairn-dev/cairn/host/gate"
)

// Address names an object.
type Address struct {
	Namespace uint32 // the namespace's number in the store
	ID        abi.ID
	Name      string // when Named
	Named     bool
}

// Kind is what an event asks for.
type Kind uint8

// Kinds of events. Each says what Input is and what the reply's Output is.
const (
	// Call is of a method: a wire.Call, a JSON value.
	Call Kind = iota
	// Fetch is a request: a wire.Request, a wire.Response.
	Fetch
	// Alarm is one that goes off: a wire.Alarm, nothing.
	Alarm
	// AlarmGivenUp is one that is deleted in place of a run, if it is still the one
	// that is meant: a wire.Alarm, nothing.
	AlarmGivenUp
)

// Event is what happens to an object.
type Event struct {
	To   Address
	Kind Kind
	// Input is what Kind says. It belongs to the sender, until the reply.
	Input []byte
	// Seen is what the sender could tell of; the router adds under which lease the object
	// is asked.
	Seen gate.Mark
	// Request is what the event is part of, for the log; 0: it begins a new one.
	Request RequestID
	// From is the guest that waits for the reply; nil: none does.
	From *Caller

	// Hold is what the reply's output is taken for, before it is appended; nil: its
	// sender does not count it. It stays on the node.
	Hold *account.Hold
}

// Caller is a guest that waits for what it has sent, and who waits for it in turn. It
// belongs to the sender, until the reply.
type Caller struct {
	ID    abi.ID  // of an object; zero for a Worker
	Depth int     // guests in the chain of calls, this one included
	Above *Caller // who waits for this one; nil: nobody, or somebody outside
	// Waits is what the room of objects knows of the wait. It stays on the node; nil
	// for a Worker, which nobody can call.
	Waits any
}

// Depth returns how many guests the chain of calls has passed.
func (e *Event) Depth() int {
	if e.From == nil {
		return 0
	}
	return e.From.Depth
}

// Chain appends the IDs of the objects that wait for the event, the nearest first.
func (e *Event) Chain(ids []abi.ID) []abi.ID {
	for c := e.From; c != nil; c = c.Above {
		if c.ID != (abi.ID{}) {
			ids = append(ids, c.ID)
		}
	}
	return ids
}

// Reply is what an object answered.
type Reply struct {
	// Output is what Send appended to; see Kind.
	Output []byte
	// Seen is what the reply could tell of, for the gate that it leaves the node by.
	// It is set beside an error as well: an error may tell of what was written.
	Seen gate.Mark
}

// Sender brings an event to an object, wherever it lives, and waits for the reply,
// whose output it appends to dst. ctx bears the Budget of what the event is part of; one
// that bears none begins an event from outside. Errors for guests are *Error. The router
// is a Sender, and Objects is the one at its end.
type Sender interface {
	Send(ctx context.Context, e *Event, dst []byte) (Reply, error)
}
