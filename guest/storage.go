package guest

import (
	"strconv"

	"github.com/cairn-dev/cairn/abi"
	"github.com/cairn-dev/cairn/guest/internal/hostcall"
)

// Storage is the private, durable map of one object. What a call writes becomes
// durable as a whole, before anyone outside sees the call's answer.
type Storage struct{ _ byte } // not zero-sized, so that two are never equal

// Get reads the JSON value of a key into what v points to. It returns false,
// and leaves v alone, where there is no such key.
func (st *Storage) Get(key string, v any) (found bool, err error) {
	buf, found, err := st.read(key)
	if found {
		err = decode(buf, v)
	}
	giveBuffer(buf)
	return found, err
}

// GetBytes reads the value of a key as it is stored. It returns nil where there
// is no such key, and an empty slice for an empty value.
func (st *Storage) GetBytes(key string) ([]byte, error) {
	buf, found, err := st.read(key)
	var value []byte
	if found {
		value = append(make([]byte, 0, len(buf)), buf...)
	}
	giveBuffer(buf)
	return value, err
}

// read reads a value into a buffer that the caller has to give back.
func (st *Storage) read(key string) (buf []byte, found bool, err error) {
	buf = takeBuffer()
	n, s := hostcall.StorageGet(key, buf[:cap(buf)])
	switch s {
	case abi.StatusOK:
		return buf[:n], true, nil
	case abi.StatusNotFound:
		return buf, false, nil
	case abi.StatusTooSmall:
		buf, err = readResult(sized(buf, n))
		return buf, err == nil, err
	}
	return buf, false, storageError(abi.FuncStorageGet, s, len(key), 0)
}

// WriteOption changes what a write means.
type WriteOption uint32

// AllowUnconfirmed is for writes that may be lost in a crash: answers do not
// wait until they are durable. Those of one call are still all or nothing, and
// one write without this option confirms the whole call.
const AllowUnconfirmed WriteOption = abi.WriteUnconfirmed

func writeFlags(options []WriteOption) (flags uint32) {
	for _, o := range options {
		flags |= uint32(o)
	}
	return flags
}

// Put writes v as the JSON value of a key.
func (st *Storage) Put(key string, v any, options ...WriteOption) error {
	if v == nil {
		return typeError("put() called with undefined value.")
	}
	buf, err := encode(takeBuffer(), v)
	if err == nil {
		err = st.PutBytes(key, buf, options...)
	}
	giveBuffer(buf)
	return err
}

// PutBytes writes the value of a key as it is. Get reads it only if it is JSON.
func (st *Storage) PutBytes(key string, value []byte, options ...WriteOption) error {
	if s := hostcall.StoragePut(key, value, writeFlags(options)); s != abi.StatusOK {
		return storageError(abi.FuncStoragePut, s, len(key), len(value))
	}
	return nil
}

// Delete removes a key and says whether there was one.
func (st *Storage) Delete(key string, options ...WriteOption) (deleted bool, err error) {
	switch s := hostcall.StorageDelete(key, writeFlags(options)); s {
	case abi.StatusOK:
		return true, nil
	case abi.StatusNotFound:
		return false, nil
	default:
		return false, storageError(abi.FuncStorageDelete, s, len(key), 0)
	}
}

// storageError says in Durable Objects' words why storage refused.
func storageError(fn string, s abi.Status, keyBytes, valueBytes int) error {
	switch {
	case s == abi.StatusTooLarge && keyBytes > abi.MaxKeyBytes:
		return rangeError("Keys cannot be larger than " + strconv.Itoa(abi.MaxKeyBytes) +
			" bytes. A key of size " + strconv.Itoa(keyBytes) + " was provided.")
	case s == abi.StatusTooLarge:
		return rangeError("Values cannot be larger than " + strconv.Itoa(abi.MaxValueBytes) +
			" bytes. A value of size " + strconv.Itoa(valueBytes) + " was provided.")
	case s == abi.StatusForbidden:
		return &Error{Message: "guest: " + fn + ": storage can be used only in an object's call"}
	}
	return statusError(fn, s)
}
