package hostfunc

import "github.com/cairn-dev/cairn/abi"

// Alarms is an object's one alarm. confirmed is as in [Storage].
type Alarms interface {
	AlarmSet(unixMS int64, confirmed bool) error
	AlarmGet() (unixMS int64, set bool, err error)
	AlarmDelete(confirmed bool) error
}

// alarmFunctions are the imports of abi.CapabilityAlarms.
var alarmFunctions = bindings{
	abi.FuncAlarmSet:    alarmSet,
	abi.FuncAlarmGet:    alarmGet,
	abi.FuncAlarmDelete: alarmDelete,
}

// alarmSet is the host function abi.FuncAlarmSet. It sets the object's one
// alarm, as part of the call's batch.
//
// # Parameters
//
//   - time_ms: i64, milliseconds since 1970; a time that has passed is now
//   - flags: abi.WriteUnconfirmed, or 0
//
// # Result
//
//   - StatusOK: the alarm is set
//   - StatusInvalid: an unknown flag
//   - StatusForbidden: this guest has no storage (a Worker)
//   - StatusError: upstream's TypeErrors, or the write failed
func alarmSet(c *Call, args []uint64) abi.Status {
	confirmed, known := confirmed(args[1])
	host := c.can.alarms
	switch {
	case !known:
		return abi.StatusInvalid
	case host == nil:
		return abi.StatusForbidden
	}
	return c.done(host.AlarmSet(int64(args[0]), confirmed))
}

// alarmGet is the host function abi.FuncAlarmGet. It writes the time of the
// object's alarm.
//
// # Parameters
//
//   - time_ptr: where the alarm's time goes, 8 bytes
//
// # Result
//
//   - StatusOK: the time is at time_ptr
//   - StatusNotFound: no alarm; nothing written
//   - StatusForbidden: this guest has no storage (a Worker)
//   - StatusError: the read failed
//   - StatusFault: the range lies outside linear memory
//
// The time 1,767,225,600,000; ? is as it was before:
//
//	                             8 bytes
//	          +--------------------------------------------+
//	[]byte{?, 0x00, 0xa8, 0xda, 0x76, 0x9b, 0x01, 0x00, 0x00, ?}
//	time_ptr -^
func alarmGet(c *Call, args []uint64) abi.Status {
	_, ok := c.view(args[0], 8)
	host := c.can.alarms
	switch {
	case !ok:
		return abi.StatusFault
	case host == nil:
		return abi.StatusForbidden
	}
	at, set, err := host.AlarmGet()
	if err != nil {
		return c.fail(err)
	}
	if !set {
		return abi.StatusNotFound
	}
	c.Memory.WriteUint64Le(uint32(args[0]), uint64(at))
	return abi.StatusOK
}

// alarmDelete is the host function abi.FuncAlarmDelete. It deletes the object's
// alarm, as part of the call's batch.
//
// # Parameters
//
//   - flags: abi.WriteUnconfirmed, or 0
//
// # Result
//
//   - StatusOK: there is no alarm
//   - StatusInvalid: an unknown flag
//   - StatusForbidden: this guest has no storage (a Worker)
//   - StatusError: the write failed
func alarmDelete(c *Call, args []uint64) abi.Status {
	confirmed, known := confirmed(args[0])
	host := c.can.alarms
	switch {
	case !known:
		return abi.StatusInvalid
	case host == nil:
		return abi.StatusForbidden
	}
	return c.done(host.AlarmDelete(confirmed))
}
