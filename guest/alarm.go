package guest

import (
	"time"

	"github.com/cairn-dev/cairn/abi"
	"github.com/cairn-dev/cairn/guest/internal/hostcall"
)

// AlarmInfo tells an object's Alarm method which alarm went off.
//
// An alarm goes off at its time or later, at least once. If the method returns
// an error it is run again, after 2, 4, 8, 16, 32 and 64 seconds or somewhat
// more, and after seven runs the alarm is given up.
type AlarmInfo struct {
	RetryCount    int  // how often it was run before; 0 on the first run
	IsRetry       bool // RetryCount is not 0
	ScheduledTime time.Time
}

// Now returns the time. It is time.Now, but in go test it is the clock of a
// guesttest.Host, which a test can advance: a program that computes alarms with
// Now is one that can be tested.
func Now() time.Time { return hostcall.Now() }

// SetAlarm sets the object's one alarm, in place of an earlier one: the object's
// Alarm method will be run at t, in milliseconds rounded up, or soon after. A
// time that has passed is now. It is a write like [Storage.Put], and stands or
// falls with the other writes of the call.
func (st *Storage) SetAlarm(t time.Time, options ...WriteOption) error {
	ms := t.UnixMilli()
	if t.Nanosecond()%int(time.Millisecond) != 0 {
		ms++ // never early
	}
	if s := hostcall.AlarmSet(ms, writeFlags(options)); s != abi.StatusOK {
		return storageError(abi.FuncAlarmSet, s, 0, 0)
	}
	return nil
}

// GetAlarm returns when the alarm will go off, the zero time if none is set.
// While the Alarm method runs, the alarm that it runs for is gone; one that the
// method has set is there.
func (st *Storage) GetAlarm() (time.Time, error) {
	switch ms, s := hostcall.AlarmGet(); s {
	case abi.StatusOK:
		return time.UnixMilli(ms), nil
	case abi.StatusNotFound:
		return time.Time{}, nil
	default:
		return time.Time{}, storageError(abi.FuncAlarmGet, s, 0, 0)
	}
}

// DeleteAlarm removes the alarm, if one is set. It does not stop an Alarm method
// that is running.
func (st *Storage) DeleteAlarm(options ...WriteOption) error {
	if s := hostcall.AlarmDelete(writeFlags(options)); s != abi.StatusOK {
		return storageError(abi.FuncAlarmDelete, s, 0, 0)
	}
	return nil
}
