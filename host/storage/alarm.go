package storage

import (
	"encoding/binary"
	"fmt"

	"github.com/cairn-dev/cairn/abi"
)

// Alarm is an object that wants to be woken.
type Alarm struct {
	UnixMS int64 // when
	Owner  Owner // whom
}

// DueAlarms returns the alarms that are due at the given moment, that is, at or
// before it, earliest first and at most limit of them. It does not take them
// away: the object's next DeleteAlarm or SetAlarm does.
func (s *Store) DueAlarms(unixMS int64, limit int) ([]Alarm, error) {
	return s.dueAlarms([]byte{tagAlarms}, unixMS, limit)
}

// DueAlarmsAfter is DueAlarms without what comes before an alarm in the order of
// time and ID, and without that alarm itself. Only UnixMS and Owner.ID of after
// count, and it need not be stored.
func (s *Store) DueAlarmsAfter(after Alarm, unixMS int64, limit int) ([]Alarm, error) {
	return s.dueAlarms(append(appendAlarmKey(nil, after.UnixMS, after.Owner.ID), 0), unixMS, limit)
}

func (s *Store) dueAlarms(low []byte, unixMS int64, limit int) ([]Alarm, error) {
	it, err := s.iter(low, []byte{tagAlarms + 1})
	if err != nil {
		return nil, err
	}
	defer it.Close()
	var due []Alarm
	for ok := it.First(); ok && len(due) < limit; ok = it.Next() {
		at, id, err := decodeAlarmKey(it.Key())
		if err != nil {
			return nil, err
		}
		if at > unixMS {
			break
		}
		k := makeObjectKey(id)
		owner, _, err := s.lookup(&k)
		if err != nil {
			return nil, err
		}
		owner.ID = id // also if the object went away since the iterator began
		due = append(due, Alarm{UnixMS: at, Owner: owner})
	}
	return due, it.Error()
}

// NextAlarm returns the earliest alarm, due or not.
func (s *Store) NextAlarm() (alarm Alarm, found bool, err error) {
	due, err := s.DueAlarms(1<<63-1, 1)
	if err != nil || len(due) == 0 {
		return Alarm{}, false, err
	}
	return due[0], true, nil
}

func decodeAlarmKey(key []byte) (unixMS int64, id abi.ID, err error) {
	if len(key) != alarmKeyBytes {
		return 0, id, fmt.Errorf("%w: alarm key %x", ErrCorrupt, key)
	}
	copy(id[:], key[1+8:])
	return dueFromBits(binary.BigEndian.Uint64(key[1:])), id, nil
}

// alarmOf reads an object's alarm.
func (s *Store) alarmOf(k *objectKey) (unixMS int64, set bool, err error) {
	var buf [prefixBytes]byte
	view, closer, err := s.get(k.appendKey(buf[:0], tableAlarm, nil))
	if closer == nil {
		return 0, false, err
	}
	defer closer.Close()
	if len(view) != 8 {
		return 0, false, fmt.Errorf("%w: alarm of object %s", ErrCorrupt, k.id())
	}
	return dueFromBits(binary.BigEndian.Uint64(view)), true, nil
}
