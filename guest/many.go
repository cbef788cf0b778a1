package guest

import (
	"iter"
	"maps"
	"slices"
	"strconv"

	"github.com/cairn-dev/cairn/abi"
	"github.com/cairn-dev/cairn/guest/internal/hostcall"
)

// maxMany bounds the keys of one GetMany, PutMany or DeleteMany: upstream's
// figure (SEMANTICS 2.8).
const maxMany = 128

// Values are values by key, as they are stored.
type Values map[string][]byte

// Decode reads the JSON value of a key into what v points to. It returns false,
// and leaves v alone, where there is no such key.
func (m Values) Decode(key string, v any) (found bool, err error) {
	value, found := m[key]
	if found {
		err = decode(value, v)
	}
	return found, err
}

// All returns the keys and values in the order of the keys' bytes, as upstream's
// Map has them.
func (m Values) All() iter.Seq2[string, []byte] {
	return func(yield func(string, []byte) bool) {
		for _, key := range slices.Sorted(maps.Keys(m)) {
			if !yield(key, m[key]) {
				return
			}
		}
	}
}

// GetMany reads the values of up to 128 keys. Keys that there are not are left
// out.
func (st *Storage) GetMany(keys ...string) (Values, error) {
	if err := checkKeys(keys); err != nil {
		return nil, err
	}
	m := make(Values, len(keys))
	for _, key := range keys {
		value, err := st.GetBytes(key)
		if err != nil {
			return nil, err
		}
		if value != nil {
			m[key] = value
		}
	}
	return m, nil
}

// PutMany writes up to 128 JSON values: all of them, or none where one cannot be
// written. A value that is nil is left out, as undefined is upstream.
func (st *Storage) PutMany(entries map[string]any, options ...WriteOption) error {
	keys := make([]string, 0, len(entries))
	for key, v := range entries {
		if v != nil {
			keys = append(keys, key)
		}
	}
	slices.Sort(keys)
	if err := checkKeys(keys); err != nil {
		return err
	}
	type value struct{ from, to int }
	values := make([]value, 0, len(keys))
	buf := takeBuffer()
	defer func() { giveBuffer(buf) }()
	for _, key := range keys {
		from := len(buf)
		var err error
		if buf, err = encode(buf, entries[key]); err != nil {
			return err
		}
		if n := len(buf) - from; n > abi.MaxValueBytes {
			return storageError(abi.FuncStoragePut, abi.StatusTooLarge, len(key), n)
		}
		values = append(values, value{from, len(buf)})
	}
	return st.Transaction(func() error {
		for i, key := range keys {
			if err := st.PutBytes(key, buf[values[i].from:values[i].to], options...); err != nil {
				return err
			}
		}
		return nil
	})
}

// DeleteMany removes up to 128 keys and says how many of them there were. It has
// no options; Delete has.
func (st *Storage) DeleteMany(keys ...string) (n int, err error) {
	if err := checkKeys(keys); err != nil {
		return 0, err
	}
	err = st.Transaction(func() error {
		for _, key := range keys {
			deleted, err := st.Delete(key)
			if err != nil {
				return err
			}
			if deleted {
				n++
			}
		}
		return nil
	})
	if err != nil {
		return 0, err
	}
	return n, nil
}

func checkKeys(keys []string) error {
	if len(keys) > maxMany {
		return rangeError("Maximum number of key value pairs is " + strconv.Itoa(maxMany) +
			". " + strconv.Itoa(len(keys)) + " pairs were provided.")
	}
	for _, key := range keys {
		if len(key) > abi.MaxKeyBytes {
			return storageError(abi.FuncStoragePut, abi.StatusTooLarge, len(key), 0)
		}
	}
	return nil
}

// Transaction runs fn. If fn returns an error or panics, what it wrote is taken
// back, also alarms, and Transaction returns the error, or panics on.
//
// Transactions nest. What fn writes it sees, through the same Storage. It cannot
// call other objects or the network, which could learn of what is taken back;
// and it needs no transaction only to write several keys: a call's writes are
// all or nothing anyway, unless the call goes on after an error.
func (st *Storage) Transaction(fn func() error) error {
	if s := hostcall.TransactionBegin(); s != abi.StatusOK {
		return storageError(abi.FuncTransactionBegin, s, 0, 0)
	}
	returned := false
	defer func() {
		if !returned {
			hostcall.TransactionRollback()
		}
	}()
	err := fn()
	returned = true
	if err != nil {
		hostcall.TransactionRollback()
		return err
	}
	if s := hostcall.TransactionCommit(); s != abi.StatusOK {
		return storageError(abi.FuncTransactionCommit, s, 0, 0)
	}
	return nil
}

// Sync waits until everything that the object has written is durable, with
// [AllowUnconfirmed] or without. Answers wait by themselves; Sync is for what no
// answer waits for.
func (st *Storage) Sync() error {
	if s := hostcall.StorageSync(); s != abi.StatusOK {
		return storageError(abi.FuncStorageSync, s, 0, 0)
	}
	return nil
}

// DeleteAll removes every key, and the alarm.
func (st *Storage) DeleteAll() error {
	if s := hostcall.StorageDeleteAll(); s != abi.StatusOK {
		return storageError(abi.FuncStorageDeleteAll, s, 0, 0)
	}
	return nil
}
