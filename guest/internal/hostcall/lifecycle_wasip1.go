package hostcall

import (
	"time"

	"github.com/cairn-dev/cairn/abi"
)

// alarmTime is where the host writes an alarm's time.
var alarmTime int64

//go:wasmimport cairn_v1 alarm_set
func alarmSet(unixMS int64, flags uint32) uint32

// AlarmSet is abi.FuncAlarmSet.
func AlarmSet(unixMS int64, flags uint32) abi.Status { return abi.Status(alarmSet(unixMS, flags)) }

//go:wasmimport cairn_v1 alarm_get
//go:noescape
func alarmGet(unixMS *int64) uint32

// AlarmGet is abi.FuncAlarmGet.
func AlarmGet() (unixMS int64, _ abi.Status) {
	s := alarmGet(&alarmTime)
	return alarmTime, abi.Status(s)
}

//go:wasmimport cairn_v1 alarm_delete
func alarmDelete(flags uint32) uint32

// AlarmDelete is abi.FuncAlarmDelete.
func AlarmDelete(flags uint32) abi.Status { return abi.Status(alarmDelete(flags)) }

//go:wasmimport cairn_v1 critical_begin
func criticalBegin() uint32

// CriticalBegin is abi.FuncCriticalBegin.
func CriticalBegin() abi.Status { return abi.Status(criticalBegin()) }

//go:wasmimport cairn_v1 critical_end
func criticalEnd() uint32

// CriticalEnd is abi.FuncCriticalEnd. It may not return.
func CriticalEnd() abi.Status { return abi.Status(criticalEnd()) }

//go:wasmimport cairn_v1 background_request
func backgroundRequest() uint32

// BackgroundRequest is abi.FuncBackgroundRequest.
func BackgroundRequest() abi.Status { return abi.Status(backgroundRequest()) }

// Now returns the time, which WASI tells.
func Now() time.Time { return time.Now() }

//go:wasmimport cairn_v1 object_abort
//go:noescape
func objectAbort(reason string)

//go:wasmimport cairn_v1 object_reset
//go:noescape
func objectReset(reason string, flags uint32) uint32

// ObjectAbort is abi.FuncObjectAbort, or abi.FuncObjectReset with flags. It does
// not return.
func ObjectAbort(reason string, flags uint32) {
	if flags == 0 {
		objectAbort(reason)
	}
	objectReset(reason, flags)
	panic("hostcall: object_reset returned")
}
