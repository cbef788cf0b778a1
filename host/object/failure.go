package object

import (
	"encoding/hex"
	"errors"

	"github.com/cairn-dev/cairn/abi/wire"
	"github.com/cairn-dev/cairn/host/event"
	"github.com/cairn-dev/cairn/host/observe"
	"github.com/cairn-dev/cairn/host/program"
)

// reset breaks the activation, with the error that its calls get.
func (t *turn) reset(cause observe.Cause, err error) error {
	t.act.fail(cause, err, t.act.seen.Join(t.Seen))
	return err
}

// thrown is the error that a guest's own code gave. Of its properties only
// remote is true: what else it says was about another object.
func thrown(output []byte) error {
	e := event.Thrown(output, "The Durable Object")
	e.Flags = wire.ErrorRemote
	return e
}

// explain turns the end of a broken instance into what the caller is told. The
// log gets the whole of it, in one record: wrote is what the guest wrote to standard
// error before its end.
func (t *turn) explain(e program.Entry, input []byte, err error, wrote string) error {
	t.logger().Error("object reset", append(describe(e, input), observe.Failure(err, wrote)...)...)
	var told *event.Error
	switch {
	case errors.Is(err, program.ErrCPULimit):
		return event.ErrCPU
	case errors.Is(err, program.ErrMemoryLimit):
		return event.ErrMemory
	case program.NoMemory(err):
		return event.ErrStarved
	case errors.As(err, &told):
		return told
	}
	return &event.Error{Flags: wire.ErrorRemote | wire.ErrorReset,
		Message: "Durable Object reset: " + observe.FirstLine(err)}
}

// internal is upstream's answer to a failure of the infrastructure: the text
// goes to the log under a reference, and the caller learns the reference.
func (t *turn) internal(what string, err error) error {
	var random [12]byte
	t.Random(random[:])
	reference := hex.EncodeToString(random[:])
	t.logger().Error("internal error", "during", what, "error", err, "reference", reference)
	text := "internal error; reference = "
	if what == "commit" {
		text = "Internal error in Durable Object storage write caused object to be " +
			"reset; reference = "
	}
	return &event.Error{Flags: wire.ErrorReset, Message: text + reference}
}

// cause says why an entry of a guest has ended that gave err.
func cause(err error) observe.Cause {
	var told *event.Error
	switch {
	case errors.Is(err, program.ErrCPULimit):
		return observe.CPU
	case errors.Is(err, program.ErrMemoryLimit):
		return observe.Memory
	case errors.Is(err, event.ErrCriticalLong):
		return observe.Section
	case errors.As(err, &told) && told.Flags&wire.ErrorRemote != 0:
		return observe.Abort // see turn.ObjectAbort
	case errors.As(err, &told):
		return observe.Commit // what an import found and could not answer for
	}
	return observe.Trap
}
