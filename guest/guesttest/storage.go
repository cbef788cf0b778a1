package guesttest

import (
	"github.com/cairn-dev/cairn/abi"
	"github.com/cairn-dev/cairn/guest/internal/hostcall"
)

// storage returns the running call of an object.
func (h *Host) storage(key string) (*frame, abi.Status) {
	f := h.top()
	switch {
	case f.object == nil:
		return nil, abi.StatusForbidden
	case f.object.aborted:
		panic(hostcall.Abort{Reason: f.object.reason}) // the program recovered the first one
	case len(key) > abi.MaxKeyBytes:
		return nil, abi.StatusTooLarge
	}
	h.checkSection(f)
	return f, abi.StatusOK
}

// StorageGet is the host function abi.FuncStorageGet.
func (h *Host) StorageGet(key string, buf []byte) (int, abi.Status) {
	f, s := h.storage(key)
	if s != abi.StatusOK {
		return 0, s
	}
	value, ok := f.object.values[key]
	if !ok {
		return 0, abi.StatusNotFound
	}
	return h.leave(value, buf)
}

// StoragePut is the host function abi.FuncStoragePut.
func (h *Host) StoragePut(key string, value []byte, flags uint32) abi.Status {
	f, s := h.storage(key)
	switch {
	case s != abi.StatusOK:
		return s
	case len(value) > abi.MaxValueBytes:
		return abi.StatusTooLarge
	}
	if err := f.written(len(key)+len(value), flags); err != nil {
		return h.fail(err)
	}
	f.put(key, append([]byte{}, value...))
	return abi.StatusOK
}

// StorageDelete is the host function abi.FuncStorageDelete.
func (h *Host) StorageDelete(key string, flags uint32) abi.Status {
	f, s := h.storage(key)
	if s != abi.StatusOK {
		return s
	}
	bytes, confirmed := f.bytes, f.confirmed
	if err := f.written(len(key), flags); err != nil {
		return h.fail(err)
	}
	if _, ok := f.object.values[key]; !ok {
		f.bytes, f.confirmed = bytes, confirmed // deleting nothing writes nothing
		return abi.StatusNotFound
	}
	f.put(key, nil)
	return abi.StatusOK
}

// StorageDeleteAll is the host function abi.FuncStorageDeleteAll.
func (h *Host) StorageDeleteAll() abi.Status {
	f, s := h.storage("")
	switch {
	case s != abi.StatusOK:
		return s
	case len(f.transactions) > 0:
		return h.fail(errDeleteAll)
	}
	f.confirmed = true
	f.alarm.running = false // nothing is left of the alarm that runs, so nothing to retry
	f.deleteAll()
	return abi.StatusOK
}

// StorageSync is the host function abi.FuncStorageSync.
func (h *Host) StorageSync() abi.Status {
	f, s := h.storage("")
	switch {
	case s != abi.StatusOK:
		return s
	case len(f.transactions) > 0:
		return h.fail(errInTransaction)
	}
	f.confirmed = true
	h.commit(f)
	return abi.StatusOK
}

// TransactionBegin is the host function abi.FuncTransactionBegin.
func (h *Host) TransactionBegin() abi.Status {
	f, s := h.storage("")
	switch {
	case s != abi.StatusOK:
		return s
	case len(f.transactions) >= abi.MaxTransactionDepth:
		return h.fail(errTransactionDepth)
	}
	f.transactions = append(f.transactions,
		transaction{len(f.undo), f.bytes, f.confirmed, f.alarm.changed})
	return abi.StatusOK
}

// TransactionCommit is the host function abi.FuncTransactionCommit.
func (h *Host) TransactionCommit() abi.Status { return h.endTransaction(true) }

// TransactionRollback is the host function abi.FuncTransactionRollback.
func (h *Host) TransactionRollback() abi.Status { return h.endTransaction(false) }

func (h *Host) endTransaction(commit bool) abi.Status {
	f := h.top()
	switch {
	case f.object == nil:
		return abi.StatusForbidden
	case len(f.transactions) == 0:
		return abi.StatusInvalid
	}
	f.endTransaction(commit)
	return abi.StatusOK
}
