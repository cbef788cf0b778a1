package hostfunc

import "github.com/cairn-dev/cairn/abi"

// Storage is an object's own keys and values. confirmed is false for a write that
// answers need not wait for.
type Storage interface {
	StorageGet(key []byte) (value []byte, found bool, err error)
	StoragePut(key, value []byte, confirmed bool) error
	StorageDelete(key []byte, confirmed bool) (found bool, err error)
	StorageDeleteAll() error
	StorageSync() error
}

// storageFunctions are the imports of abi.CapabilityStorage.
var storageFunctions = bindings{
	abi.FuncStorageGet:       storageGet,
	abi.FuncStoragePut:       storagePut,
	abi.FuncStorageDelete:    storageDelete,
	abi.FuncStorageDeleteAll: storageDeleteAll,
	abi.FuncStorageSync:      storageSync,
}

// storageGet is the host function abi.FuncStorageGet. It copies the value of a
// key into the guest's memory.
//
// # Parameters
//
//   - key_ptr, key_len: the key; key_len <= abi.MaxKeyBytes
//   - buf_ptr, buf_cap: where the value goes
//   - len_ptr: where the value's length goes, also when it does not fit
//
// # Result
//
//   - StatusOK: the value is in buf
//   - StatusNotFound: no such key; nothing written
//   - StatusTooSmall: buf_cap < length; the value waits for result_read
//   - StatusTooLarge: key_len > abi.MaxKeyBytes
//   - StatusForbidden: this guest has no storage (a Worker)
//   - StatusError: the read failed
//   - StatusFault: a range lies outside linear memory
//
// A value of 5 bytes; ? is as it was before:
//
//	                    buf_cap (8)
//	          +------------------------------+
//	[]byte{?, 'h', 'e', 'l', 'l', 'o', ?, ?, ?, ?}   len_ptr -> 5
//	buf_ptr --^
func storageGet(c *Call, args []uint64) abi.Status {
	key, ok1 := c.view(args[0], args[1])
	buf, ok2 := c.view(args[2], args[3])
	_, ok3 := c.view(args[4], 4)
	host := c.can.storage
	switch {
	case !ok1, !ok2, !ok3:
		return abi.StatusFault
	case len(key) > abi.MaxKeyBytes:
		return abi.StatusTooLarge
	case host == nil:
		return abi.StatusForbidden
	}
	value, found, err := host.StorageGet(key)
	if err != nil {
		return c.fail(err)
	}
	if !found {
		return abi.StatusNotFound
	}
	return c.deliver(buf, args[4], value)
}

// storagePut is the host function abi.FuncStoragePut. It stores a value under
// a key, as part of the call's batch.
//
// # Parameters
//
//   - key_ptr, key_len: the key; key_len <= abi.MaxKeyBytes
//   - value_ptr, value_len: the value; value_len <= abi.MaxValueBytes
//   - flags: abi.WriteUnconfirmed, or 0
//
// # Result
//
//   - StatusOK: the write is in the batch
//   - StatusInvalid: an unknown flag
//   - StatusTooLarge: the key or the value is above its limit
//   - StatusForbidden: this guest has no storage (a Worker)
//   - StatusError: the write failed
//   - StatusFault: a range lies outside linear memory
func storagePut(c *Call, args []uint64) abi.Status {
	key, ok1 := c.view(args[0], args[1])
	value, ok2 := c.view(args[2], args[3])
	confirmed, known := confirmed(args[4])
	host := c.can.storage
	switch {
	case !ok1, !ok2:
		return abi.StatusFault
	case len(key) > abi.MaxKeyBytes, len(value) > abi.MaxValueBytes:
		return abi.StatusTooLarge
	case !known:
		return abi.StatusInvalid
	case host == nil:
		return abi.StatusForbidden
	}
	return c.done(host.StoragePut(key, value, confirmed))
}

// storageDelete is the host function abi.FuncStorageDelete. It deletes a key.
//
// # Parameters
//
//   - key_ptr, key_len: the key; key_len <= abi.MaxKeyBytes
//   - flags: abi.WriteUnconfirmed, or 0
//
// # Result
//
//   - StatusOK: the key is gone
//   - StatusInvalid: an unknown flag
//   - StatusNotFound: there was no such key
//   - StatusTooLarge: key_len > abi.MaxKeyBytes
//   - StatusForbidden: this guest has no storage (a Worker)
//   - StatusError: the write failed
//   - StatusFault: the range lies outside linear memory
func storageDelete(c *Call, args []uint64) abi.Status {
	key, ok := c.view(args[0], args[1])
	confirmed, known := confirmed(args[2])
	host := c.can.storage
	switch {
	case !ok:
		return abi.StatusFault
	case len(key) > abi.MaxKeyBytes:
		return abi.StatusTooLarge
	case !known:
		return abi.StatusInvalid
	case host == nil:
		return abi.StatusForbidden
	}
	found, err := host.StorageDelete(key, confirmed)
	if err != nil {
		return c.fail(err)
	}
	if !found {
		return abi.StatusNotFound
	}
	return abi.StatusOK
}

// confirmed reads the flags of a write.
func confirmed(flags uint64) (confirmed, ok bool) {
	f := uint32(flags)
	return f&abi.WriteUnconfirmed == 0, f&^abi.WriteUnconfirmed == 0
}

// storageDeleteAll is the host function abi.FuncStorageDeleteAll. It deletes
// every key and the alarm, as part of the call's batch.
//
// # Result
//
//   - StatusOK: done
//   - StatusForbidden: this guest has no storage (a Worker)
//   - StatusError: in a transaction, or the write failed
func storageDeleteAll(c *Call, _ []uint64) abi.Status {
	host := c.can.storage
	if host == nil {
		return abi.StatusForbidden
	}
	return c.done(host.StorageDeleteAll())
}

// storageSync is the host function abi.FuncStorageSync. It waits until
// everything written before is durable.
//
// # Result
//
//   - StatusOK: durable
//   - StatusForbidden: this guest has no storage (a Worker)
//   - StatusError: it never will be
func storageSync(c *Call, _ []uint64) abi.Status {
	host := c.can.storage
	if host == nil {
		return abi.StatusForbidden
	}
	c.pause()
	defer c.resume()
	return c.done(host.StorageSync())
}

// done is the status of a host function that gives nothing but an error.
func (c *Call) done(err error) abi.Status {
	if err != nil {
		return c.fail(err)
	}
	return abi.StatusOK
}
