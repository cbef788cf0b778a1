package object

import (
	"github.com/cairn-dev/cairn/abi"
	"github.com/cairn-dev/cairn/host/account"
	"github.com/cairn-dev/cairn/host/gate"
	"github.com/cairn-dev/cairn/host/module"
)

// Address names an object.
type Address struct {
	Namespace *Namespace
	ID        abi.ID
	Name      string // when Named
	Named     bool
}

// Request is an event for an object.
type Request struct {
	To     Address
	Export module.Export // ObjectCall, ObjectFetch or ObjectAlarm
	// Alarm is what goes off, for ObjectAlarm.
	Alarm *Alarm
	// Input is what the export reads: a wire.Call or a wire.Request. It belongs
	// to the caller, until the reply.
	Input []byte
	// Seen is what the caller could tell of.
	Seen gate.Mark
	// Depth counts the guests that the chain of calls has passed, 0 for one
	// that no guest makes.
	Depth int
	// Budget is that of the event which the call is made for; nil: the call is the
	// event, and gets one.
	Budget *Budget
	// From is the object that calls, nil for a Worker or the host.
	From *Activation

	// Hold is what the reply's output is taken for, before it is appended; nil: its
	// caller does not count it.
	Hold *account.Hold

	edge edge // from From, while the request is under way on this node
}

// Reply is what an object answered.
type Reply struct {
	// Output is what Send appended to: a JSON value or a wire.Response.
	Output []byte
	// Seen is what the reply could tell of, for the gate that it leaves the node by.
	// It is set beside an error as well: an error may tell of what was written.
	Seen gate.Mark
}

// Sender sends a request to an object, wherever it lives, and waits for the
// reply, whose output it appends to dst. Errors for guests are
// *hostfunc.Error. The router is one, and Objects is the one at its end.
type Sender interface {
	Send(r *Request, dst []byte) (Reply, error)
}
