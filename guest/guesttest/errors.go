package guesttest

import (
	"errors"
	"fmt"

	"github.com/cairn-dev/cairn/abi"
	"github.com/cairn-dev/cairn/abi/wire"
	"github.com/cairn-dev/cairn/guest"
)

// Errors of the host, in cairn's words, most of which are Durable Objects'.
var (
	errBadID = &guest.Error{Name: "TypeError",
		Message: "Invalid Durable Object ID: must be 64 hex digits"}
	errForeignID = &guest.Error{Name: "TypeError",
		Message: "Durable Object ID is not valid for this namespace."}
	errNoFetch = &guest.Error{Name: "TypeError",
		Message: "Handler does not export a fetch() function."}
	errTooDeep = &guest.Error{Message: fmt.Sprintf(
		"Call chain is too deep: a call may pass through at most %d guests.", abi.MaxCallDepth)}
	errBuilding = &guest.Error{
		Message: "Durable Object was called by the chain of calls that its own " +
			"constructor waits for."}
	errCritical = &guest.Error{
		Message: "Durable Object was called by the chain of calls that its own " +
			"blockConcurrencyWhile() waits for."}
	errCriticalDepth = &guest.Error{Message: "blockConcurrencyWhile() calls are " +
		"nested too deeply."}
	errInTransaction = &guest.Error{Message: "A transaction cannot call other objects or the " +
		"network: they could learn of writes that it takes back."}
	errTransactionDepth = &guest.Error{
		Message: fmt.Sprintf("transactions are nested deeper than %d", abi.MaxTransactionDepth)}
	errDeleteAll = &guest.Error{Name: "TypeError",
		Message: "Cannot call deleteAll() within a transaction"}
	errBatch = &guest.Error{Name: "RangeError", Message: fmt.Sprintf(
		"A call may write at most %d bytes before it calls another object or returns.",
		abi.MaxBatchBytes)}
	errLists      = &guest.Error{Message: "too many lists are open in one call"}
	errStartTwice = &guest.Error{Name: "TypeError",
		Message: "list() cannot be called with both start and startAfter values."}
	errLimit     = &guest.Error{Name: "TypeError", Message: "List limit must be positive."}
	errAlarmTime = &guest.Error{Name: "TypeError",
		Message: "setAlarm() cannot be called with an alarm time <= 0"}
	errNoAlarm = &guest.Error{Name: "TypeError",
		Message: "Your Durable Object class must have an alarm() handler in order to " +
			"call setAlarm()"}
	errNoOutbound = &guest.Error{
		Message: "This host lets guests send nothing out (allow hosts with --allow-host)."}
)

// errCriticalLong is upstream's text for a section that took too long.
const errCriticalLong = "A call to blockConcurrencyWhile() in a Durable Object waited for too " +
	"long. The call was canceled and the Durable Object was reset."

// defaultReason is upstream's text for an abort without a reason.
const defaultReason = "Application called abort() to reset Durable Object."

// fail leaves an error for result_read.
func (h *Host) fail(err error) abi.Status {
	h.top().result = encodeError(err)
	return abi.StatusError
}

func encodeError(err error) []byte {
	e, ok := errors.AsType[*guest.Error](err)
	if !ok {
		return wire.AppendError(nil, 0, "", err.Error())
	}
	var flags byte
	for flag, set := range map[byte]bool{
		wire.ErrorRemote: e.Remote, wire.ErrorRetryable: e.Retryable,
		wire.ErrorOverloaded: e.Overloaded, wire.ErrorReset: e.Reset,
	} {
		if set {
			flags |= flag
		}
	}
	return wire.AppendError(nil, flags, e.Name, err.Error())
}

// thrown is what a caller gets of an error that came out of an export. Of its
// properties only remote is true: what else it says was about another object.
func thrown(output []byte) []byte {
	var e wire.Error
	if err := wire.DecodeError(output, &e); err != nil {
		return wire.AppendError(nil, wire.ErrorRemote, "", "guesttest: the error does not decode")
	}
	return wire.AppendError(nil, wire.ErrorRemote, e.Name, e.Message)
}
