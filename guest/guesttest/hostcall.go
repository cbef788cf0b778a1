package guesttest

import (
	"log/slog"
	"time"
	"unicode/utf8"

	"github.com/cairn-dev/cairn/abi"
	"github.com/cairn-dev/cairn/abi/wire"
	"github.com/cairn-dev/cairn/guest/internal/hostcall"
)

var _ hostcall.Host = (*Host)(nil)

// top returns the innermost running export.
func (h *Host) top() *frame {
	if len(h.calls) == 0 {
		return new(frame) // imports that need none, such as id_from_name
	}
	return h.calls[len(h.calls)-1]
}

// leave hands out a value or keeps it for result_read, as an import with a
// buffer does.
func (h *Host) leave(value, buf []byte) (int, abi.Status) {
	if len(value) > len(buf) {
		h.top().result = value
		return len(value), abi.StatusTooSmall
	}
	return copy(buf, value), abi.StatusOK
}

// InputRead is the host function abi.FuncInputRead.
func (h *Host) InputRead(buf []byte) abi.Status {
	_, s := h.leave(h.top().input, buf)
	return s
}

// OutputWrite is the host function abi.FuncOutputWrite.
func (h *Host) OutputWrite(b []byte) abi.Status {
	if len(b) > abi.MaxMessageBytes {
		return abi.StatusTooLarge
	}
	h.top().output = append([]byte{}, b...)
	return abi.StatusOK
}

// ResultRead is the host function abi.FuncResultRead.
func (h *Host) ResultRead(buf []byte) (int, abi.Status) { return h.leave(h.top().result, buf) }

// EnvGet is the host function abi.FuncEnvGet.
func (h *Host) EnvGet(name string, buf []byte) (int, abi.Status) {
	value, ok := h.vars[name]
	if !ok {
		return 0, abi.StatusNotFound
	}
	return h.leave(value, buf)
}

// LogWrite is the host function abi.FuncLogWrite. It writes to the test's log.
func (h *Host) LogWrite(level int32, text string, attrs []byte) abi.Status {
	h.tb.Logf("%v %s %s", slog.Level(level), text, attrs)
	return abi.StatusOK
}

// StubCall is the host function abi.FuncStubCall.
func (h *Host) StubCall(binding string, kind uint32, target, method string, args, buf []byte,
) (int, abi.Status) {
	switch {
	case !utf8.ValidString(method):
		return 0, abi.StatusInvalid
	case len(args) > abi.MaxMessageBytes:
		return 0, abi.StatusTooLarge
	}
	input := wire.AppendCall(nil, method, args)
	output, s := h.deliver(binding, kind, target, hostcall.Instance.ObjectCall, false, input)
	return h.answer(output, s, buf)
}

// StubFetch is the host function abi.FuncStubFetch.
func (h *Host) StubFetch(binding string, kind uint32, target string, request, buf []byte,
) (int, abi.Status) {
	if len(request) > abi.MaxMessageBytes {
		return 0, abi.StatusTooLarge
	}
	input := append([]byte{}, request...)
	output, s := h.deliver(binding, kind, target, hostcall.Instance.ObjectFetch, true, input)
	return h.answer(output, s, buf)
}

func (h *Host) answer(output []byte, s abi.Status, buf []byte) (int, abi.Status) {
	switch s {
	case abi.StatusOK:
		return h.leave(output, buf)
	case abi.StatusError:
		h.top().result = output
	}
	return 0, s
}

// CriticalBegin is the host function abi.FuncCriticalBegin.
func (h *Host) CriticalBegin() abi.Status {
	f, s := h.storage("")
	switch {
	case s != abi.StatusOK:
		return s
	case len(f.critical) >= abi.MaxCriticalDepth:
		return h.fail(errCriticalDepth)
	}
	f.critical = append(f.critical, h.Now())
	f.object.critical++
	return abi.StatusOK
}

// CriticalEnd is the host function abi.FuncCriticalEnd.
func (h *Host) CriticalEnd() abi.Status {
	f := h.top()
	switch {
	case f.object == nil:
		return abi.StatusForbidden
	case len(f.critical) == 0:
		return abi.StatusInvalid
	}
	h.checkSection(f)
	f.critical = f.critical[:len(f.critical)-1]
	f.object.critical--
	return abi.StatusOK
}

// checkSection resets the object of a frame in which a critical section has taken
// too long. A test's clock moves only between what the program does, so it is
// enough to look whenever that comes to the host.
func (h *Host) checkSection(f *frame) {
	if len(f.critical) > 0 && h.Now().Sub(f.critical[0]) > abi.MaxCriticalMillis*time.Millisecond {
		h.reset(f.object, wire.ErrorOverloaded|wire.ErrorReset, errCriticalLong)
	}
}

// reset takes an object from memory and ends the call that runs.
func (h *Host) reset(o *object, flags byte, reason string) {
	o.aborted, o.reason, o.flags = true, reason, flags
	if h.memory[o.id] == o {
		delete(h.memory, o.id)
	}
	panic(hostcall.Abort{Reason: reason})
}

// BackgroundRequest is the host function abi.FuncBackgroundRequest.
func (h *Host) BackgroundRequest() abi.Status {
	h.top().background = true
	return abi.StatusOK
}

// ObjectAbort is the host functions abi.FuncObjectAbort and abi.FuncObjectReset.
// The object is gone from memory at once; the panic ends the call that asked for it.
func (h *Host) ObjectAbort(reason string, flags uint32) {
	if reason == "" {
		reason = defaultReason
	}
	f := h.top()
	if f.object == nil {
		panic(hostcall.Abort{Reason: reason})
	}
	if flags&abi.ResetDropAlarm != 0 && f.alarm.running {
		f.object.drop = f.alarm
	}
	h.reset(f.object, wire.ErrorRemote|wire.ErrorReset, reason)
}
