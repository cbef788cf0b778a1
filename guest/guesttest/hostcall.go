package guesttest

import (
	"log/slog"
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
	if len(args) > abi.MaxMessageBytes {
		return 0, abi.StatusTooLarge
	}
	input := wire.AppendCall(nil, method, args)
	return h.send(binding, kind, target, hostcall.Instance.ObjectCall, input, buf)
}

// StubFetch is the host function abi.FuncStubFetch.
func (h *Host) StubFetch(binding string, kind uint32, target string, request, buf []byte,
) (int, abi.Status) {
	if len(request) > abi.MaxMessageBytes {
		return 0, abi.StatusTooLarge
	}
	input := append([]byte{}, request...)
	return h.send(binding, kind, target, hostcall.Instance.ObjectFetch, input, buf)
}

func (h *Host) send(binding string, kind uint32, target string, fn export, input, buf []byte,
) (int, abi.Status) {
	output, s := h.deliver(binding, kind, target, fn, input)
	switch s {
	case abi.StatusOK:
		return h.leave(output, buf)
	case abi.StatusError:
		if output != nil { // else the error is there already
			h.top().result = output
		}
	}
	return 0, s
}

// storage returns the object whose call is running.
func (h *Host) storage(key string) (*object, abi.Status) {
	o := h.top().object
	switch {
	case o == nil:
		return nil, abi.StatusForbidden
	case o.aborted:
		panic(hostcall.Abort{Reason: o.reason}) // the program recovered the first one
	case len(key) > abi.MaxKeyBytes:
		return nil, abi.StatusTooLarge
	case !utf8.ValidString(key):
		return nil, abi.StatusInvalid
	}
	return o, abi.StatusOK
}

// StorageGet is the host function abi.FuncStorageGet.
func (h *Host) StorageGet(key string, buf []byte) (int, abi.Status) {
	o, s := h.storage(key)
	if s != abi.StatusOK {
		return 0, s
	}
	value, ok := o.values[key]
	if !ok {
		return 0, abi.StatusNotFound
	}
	return h.leave(value, buf)
}

// StoragePut is the host function abi.FuncStoragePut.
func (h *Host) StoragePut(key string, value []byte) abi.Status {
	o, s := h.storage(key)
	if s == abi.StatusOK && len(value) > abi.MaxValueBytes {
		s = abi.StatusTooLarge
	}
	if s == abi.StatusOK {
		o.put(key, append([]byte{}, value...))
	}
	return s
}

// StorageDelete is the host function abi.FuncStorageDelete.
func (h *Host) StorageDelete(key string) abi.Status {
	o, s := h.storage(key)
	if s != abi.StatusOK {
		return s
	}
	if _, ok := o.values[key]; !ok {
		return abi.StatusNotFound
	}
	o.put(key, nil)
	return abi.StatusOK
}

// defaultReason is upstream's text for an abort without a reason.
const defaultReason = "Application called abort() to reset Durable Object."

// ObjectAbort is the host function abi.FuncObjectAbort. The object is gone from
// memory at once; the panic ends the call that asked for it.
func (h *Host) ObjectAbort(reason string) {
	if reason == "" {
		reason = defaultReason
	}
	if o := h.top().object; o != nil {
		o.aborted, o.reason = true, reason
		if h.memory[o.id] == o {
			delete(h.memory, o.id)
		}
	}
	panic(hostcall.Abort{Reason: reason})
}
