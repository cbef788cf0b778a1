package guestkit

import (
	"bytes"
	"encoding/binary"
	"maps"
	"slices"

	"github.com/cairn-dev/cairn/abi"
	"github.com/cairn-dev/cairn/abi/wire"
)

// list is a list that an entry has open.
type list struct {
	keys   []string
	values map[string][]byte
}

// storageAnswers are those of the imports that Workers lack.
var storageAnswers = map[string]answer{
	abi.FuncStorageGet:          (*world).storageGet,
	abi.FuncStoragePut:          (*world).storagePut,
	abi.FuncStorageDelete:       (*world).storageDelete,
	abi.FuncStorageDeleteAll:    (*world).storageDeleteAll,
	abi.FuncStorageSync:         (*world).storageSync,
	abi.FuncListOpen:            (*world).listOpen,
	abi.FuncListNext:            (*world).listNext,
	abi.FuncListClose:           (*world).listClose,
	abi.FuncTransactionBegin:    (*world).transactionBegin,
	abi.FuncTransactionCommit:   (*world).transactionCommit,
	abi.FuncTransactionRollback: (*world).transactionRollback,
	abi.FuncAlarmSet:            (*world).alarmSet,
	abi.FuncAlarmGet:            (*world).alarmGet,
	abi.FuncAlarmDelete:         (*world).alarmDelete,
	abi.FuncCriticalBegin:       (*world).criticalBegin,
	abi.FuncCriticalEnd:         (*world).criticalEnd,
}

func (w *world) storageGet(e *entry, c *call) abi.Status {
	if len(c.ins[0]) > abi.MaxKeyBytes {
		return abi.StatusTooLarge
	}
	value, ok := e.instance.object.stored[string(c.ins[0])]
	if !ok {
		return abi.StatusNotFound
	}
	return c.give(value)
}

func (w *world) storagePut(e *entry, c *call) abi.Status {
	switch {
	case len(c.ins[0]) > abi.MaxKeyBytes, len(c.ins[1]) > abi.MaxValueBytes:
		return abi.StatusTooLarge
	case c.nums[0]&^abi.WriteUnconfirmed != 0:
		return abi.StatusInvalid
	}
	e.instance.object.stored[string(c.ins[0])] = c.ins[1]
	return abi.StatusOK
}

func (w *world) storageDelete(e *entry, c *call) abi.Status {
	stored, key := e.instance.object.stored, string(c.ins[0])
	_, ok := stored[key]
	switch {
	case len(key) > abi.MaxKeyBytes:
		return abi.StatusTooLarge
	case c.nums[0]&^abi.WriteUnconfirmed != 0:
		return abi.StatusInvalid
	case !ok:
		return abi.StatusNotFound
	}
	delete(stored, key)
	return abi.StatusOK
}

func (w *world) storageDeleteAll(e *entry, _ *call) abi.Status {
	if len(e.transacts) > 0 {
		return e.fail("Error", "a transaction is open")
	}
	clear(e.instance.object.stored)
	e.instance.object.alarm = 0
	return abi.StatusOK
}

func (w *world) storageSync(e *entry, _ *call) abi.Status {
	if len(e.transacts) > 0 {
		return e.fail("Error", "a transaction is open")
	}
	e.instance.object.apply()
	return abi.StatusOK
}

func (w *world) listOpen(e *entry, c *call) abi.Status {
	var m wire.List
	if wire.DecodeList(c.ins[0], &m) != nil {
		return abi.StatusInvalid
	}
	limited := m.Flags&abi.ListHasLimit != 0
	const starts = abi.ListHasStart | abi.ListHasStartAfter
	if m.Flags&starts == starts || limited && (m.Limit == 0 || m.Limit > 1<<31-1) {
		return e.fail("TypeError", "the options exclude each other, or the limit has no meaning")
	}
	if len(e.lists) >= abi.MaxLists {
		return e.fail("Error", "too many lists are open")
	}
	l := &list{values: maps.Clone(e.instance.object.stored)}
	for _, key := range slices.Sorted(maps.Keys(l.values)) {
		k := []byte(key)
		if bytes.HasPrefix(k, m.Prefix) &&
			(m.Flags&abi.ListHasStart == 0 || bytes.Compare(k, m.Start) >= 0) &&
			(m.Flags&abi.ListHasStartAfter == 0 || bytes.Compare(k, m.StartAfter) > 0) &&
			(m.Flags&abi.ListHasEnd == 0 || bytes.Compare(k, m.End) < 0) {
			l.keys = append(l.keys, key)
		}
	}
	if m.Flags&abi.ListReverse != 0 {
		slices.Reverse(l.keys)
	}
	if limited {
		l.keys = l.keys[:min(len(l.keys), int(m.Limit))]
	}
	e.next++
	e.lists[e.next] = l
	c.write(abi.KindHandle, binary.LittleEndian.AppendUint32(nil, e.next))
	return abi.StatusOK
}

func (w *world) listNext(e *entry, c *call) abi.Status {
	l := e.lists[uint32(c.nums[0])]
	if l == nil {
		return abi.StatusInvalid
	}
	var filled []byte
	for len(l.keys) > 0 {
		next := wire.AppendHeader(nil, l.keys[0], l.values[l.keys[0]])
		if uint64(len(filled)+len(next)) > uint64(c.cap) {
			if filled == nil {
				c.writeLen(uint32(len(next)))
				return abi.StatusTooSmall
			}
			break
		}
		filled, l.keys = append(filled, next...), l.keys[1:]
	}
	c.writeLen(uint32(len(filled)))
	if filled == nil {
		return abi.StatusNotFound
	}
	c.write(abi.KindBuffer, filled)
	return abi.StatusOK
}

func (w *world) listClose(e *entry, c *call) abi.Status {
	if e.lists[uint32(c.nums[0])] == nil {
		return abi.StatusInvalid
	}
	delete(e.lists, uint32(c.nums[0]))
	return abi.StatusOK
}

func (w *world) transactionBegin(e *entry, _ *call) abi.Status {
	if len(e.transacts) >= abi.MaxTransactionDepth {
		return e.fail("Error", "transactions are nested too deep")
	}
	o := e.instance.object
	e.transacts = append(e.transacts, snapshot{maps.Clone(o.stored), o.alarm})
	return abi.StatusOK
}

func (w *world) transactionCommit(e *entry, _ *call) abi.Status {
	if len(e.transacts) == 0 {
		return abi.StatusInvalid
	}
	e.transacts = e.transacts[:len(e.transacts)-1]
	return abi.StatusOK
}

func (w *world) transactionRollback(e *entry, _ *call) abi.Status {
	if len(e.transacts) == 0 {
		return abi.StatusInvalid
	}
	last, o := e.transacts[len(e.transacts)-1], e.instance.object
	e.transacts = e.transacts[:len(e.transacts)-1]
	o.stored, o.alarm = last.stored, last.alarm
	return abi.StatusOK
}

func (w *world) alarmSet(e *entry, c *call) abi.Status {
	switch {
	case c.nums[1]&^abi.WriteUnconfirmed != 0:
		return abi.StatusInvalid
	case c.nums[0] <= 0, w.judge.flags(e.instance.object.class)&classHasAlarm == 0:
		return e.fail("TypeError", "the time has no meaning, or the class answers no alarm")
	}
	e.instance.object.alarm = c.nums[0]
	return abi.StatusOK
}

func (w *world) alarmGet(e *entry, c *call) abi.Status {
	if e.instance.object.alarm == 0 {
		return abi.StatusNotFound
	}
	c.write(abi.KindTime, binary.LittleEndian.AppendUint64(nil, uint64(e.instance.object.alarm)))
	return abi.StatusOK
}

func (w *world) alarmDelete(e *entry, c *call) abi.Status {
	if c.nums[0]&^abi.WriteUnconfirmed != 0 {
		return abi.StatusInvalid
	}
	e.instance.object.alarm = 0
	return abi.StatusOK
}

func (w *world) criticalBegin(e *entry, _ *call) abi.Status {
	if e.critical >= abi.MaxCriticalDepth {
		return e.fail("Error", "critical sections are nested too deep")
	}
	e.critical++
	return abi.StatusOK
}

func (w *world) criticalEnd(e *entry, _ *call) abi.Status {
	if e.critical == 0 {
		return abi.StatusInvalid
	}
	e.critical--
	return abi.StatusOK
}
