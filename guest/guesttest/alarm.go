package guesttest

import (
	"bytes"
	"time"

	"github.com/cairn-dev/cairn/abi"
	"github.com/cairn-dev/cairn/abi/wire"
	"github.com/cairn-dev/cairn/guest/internal/hostcall"
)

// alarmRun is what a call knows of the alarm whose handler it runs. The alarm
// stays stored meanwhile, and is deleted with the handler's own writes. To the
// handler it is gone already, unless it has set another, and so it is to the
// entries that are nested in the handler.
type alarmRun struct {
	running     bool
	scheduledMS int64
	changed     bool // the handler has set another
	kept        bool // and no abort takes that back
}

// dropAlarm deletes the alarm whose handler has aborted, if that is what it asked
// for. One that was set meanwhile stays, if the abort has not taken it back.
func (o *object) dropAlarm() {
	if a := o.drop; a != nil && !a.kept && o.alarm == a.scheduledMS {
		o.alarm = 0
	}
}

// finishAlarm deletes the alarm whose handler has succeeded. One that was set
// meanwhile stays.
func (f *frame) finishAlarm() {
	if f.alarm.running && !f.alarm.changed && f.object.alarm == f.alarm.scheduledMS {
		f.confirmed = true
		f.setAlarm(0)
	}
}

// retry is how often an alarm has failed, and when it will be tried again.
type retry struct {
	scheduledMS int64 // which alarm; 0 is none
	count       uint32
	dueMS       int64
}

// maxRetries is how often an alarm that fails is run again: upstream's figure
// (SEMANTICS 2.7).
const maxRetries = 6

// maxAlarms bounds the alarms that run in one Advance.
const maxAlarms = 10_000

// dueMS returns when the object's alarm goes off.
func (r *record) dueMS() int64 {
	if r.retry.scheduledMS == r.alarm {
		return r.retry.dueMS
	}
	return r.alarm
}

// Now returns what the program sees as the time: the real one, and what the test
// has advanced it by, in milliseconds. They are rounded up, as alarms are: one
// that was set a minute from now is due when a minute has gone by.
func (h *Host) Now() time.Time {
	return time.Now().Add(h.ahead + time.Millisecond - 1).Truncate(time.Millisecond)
}

// Advance lets d go by: it runs each alarm that falls due, at its time and in
// order, and again after 2, 4, 8, 16, 32 and 64 seconds if it fails. It returns
// how many it ran. It cannot change what time.Now says; see guest.Now.
func (h *Host) Advance(d time.Duration) (ran int) {
	h.tb.Helper()
	until := h.Now().Add(d)
	for {
		r := h.nextAlarm()
		if r == nil || r.dueMS() > until.UnixMilli() {
			break
		}
		h.advanceTo(time.UnixMilli(r.dueMS()))
		h.runAlarm(r)
		if ran++; ran > maxAlarms {
			h.tb.Fatalf("guesttest: more than %d alarms went off in %v: does one set itself again,"+
				" by time.Now where guest.Now is the test's clock?", maxAlarms, d)
		}
	}
	h.advanceTo(until)
	return ran
}

func (h *Host) advanceTo(t time.Time) {
	if d := t.Sub(h.Now()); d > 0 {
		h.ahead += d
	}
}

// RunDueAlarms runs the alarms whose time has come. It returns how many it ran.
func (h *Host) RunDueAlarms() (ran int) {
	h.tb.Helper()
	return h.Advance(0)
}

// RunAlarm runs an object's alarm, due or not, and says whether there was one.
func (h *Host) RunAlarm(binding, name string) (ran bool) {
	h.tb.Helper()
	r := h.store[h.id(binding, name)]
	if r == nil || r.alarm == 0 {
		return false
	}
	h.runAlarm(r)
	return true
}

// Alarm returns when an object's alarm is set for, the zero time if it has none.
// An alarm that failed is still set for the time at which it should have run.
func (h *Host) Alarm(binding, name string) time.Time {
	h.tb.Helper()
	if r := h.store[h.id(binding, name)]; r != nil && r.alarm != 0 {
		return time.UnixMilli(r.alarm)
	}
	return time.Time{}
}

// nextAlarm returns whose alarm goes off next.
func (h *Host) nextAlarm() (next *record) {
	for _, r := range h.store {
		switch {
		case r.alarm == 0:
		case next == nil, r.dueMS() < next.dueMS(),
			r.dueMS() == next.dueMS() && bytes.Compare(r.id[:], next.id[:]) < 0:
			next = r
		}
	}
	return next
}

func (h *Host) runAlarm(r *record) {
	defer h.enter()()
	if r.retry.scheduledMS != r.alarm {
		r.retry = retry{scheduledMS: r.alarm}
	}
	scheduled := r.alarm
	input := wire.AppendAlarm(nil, &wire.Alarm{ScheduledMS: scheduled, RetryCount: r.retry.count})
	changed := false
	output, s := h.deliverTo(target{r, r.named, r.name},
		func(in hostcall.Instance, n int) abi.Status {
			f := h.top()
			*f.alarm, f.handler = alarmRun{running: true, scheduledMS: scheduled}, true
			s := in.ObjectAlarm(n)
			changed = (f.alarm.changed || !f.alarm.running) && !f.object.aborted
			return s
		}, false, input)
	if s == abi.StatusOK {
		r.retry = retry{}
		return
	}
	var e wire.Error
	if wire.DecodeError(output, &e) == nil {
		h.tb.Logf("guesttest: an alarm failed: %s %s", e.Name, e.Message)
	}
	if changed || r.alarm != scheduled {
		r.retry = retry{} // what the handler has set takes the retry's place
		return
	}
	if r.retry.count == maxRetries {
		r.alarm, r.retry = 0, retry{}
		return
	}
	r.retry.dueMS = h.Now().Add(2 * time.Second << r.retry.count).UnixMilli()
	r.retry.count++
}

// AlarmSet is the host function abi.FuncAlarmSet.
func (h *Host) AlarmSet(unixMS int64, flags uint32) abi.Status {
	f, s := h.storage("")
	if s != abi.StatusOK {
		return s
	}
	class, _ := hostcall.Class(f.object.class)
	switch {
	case unixMS <= 0:
		return h.fail(errAlarmTime)
	case class&abi.ClassHasAlarm == 0:
		return h.fail(errNoAlarm)
	}
	if err := f.written(8, flags); err != nil {
		return h.fail(err)
	}
	f.alarm.changed = f.alarm.running
	f.setAlarm(max(unixMS, h.Now().UnixMilli()))
	if !f.alarm.running { // another alarm, even at the time of one that is tried again
		r := f.object.record
		old := r.retry
		f.undo = append(f.undo, func() { r.retry = old })
		r.retry = retry{}
	}
	return abi.StatusOK
}

// AlarmGet is the host function abi.FuncAlarmGet.
func (h *Host) AlarmGet() (unixMS int64, _ abi.Status) {
	f, s := h.storage("")
	switch {
	case s != abi.StatusOK:
		return 0, s
	case f.object.alarm == 0, f.alarm.running && !f.alarm.changed:
		return 0, abi.StatusNotFound
	}
	return f.object.alarm, abi.StatusOK
}

// AlarmDelete is the host function abi.FuncAlarmDelete.
func (h *Host) AlarmDelete(flags uint32) abi.Status {
	f, s := h.storage("")
	if s != abi.StatusOK {
		return s
	}
	if err := f.written(8, flags); err != nil {
		return h.fail(err)
	}
	switch {
	case !f.alarm.running:
		f.setAlarm(0)
	case f.alarm.changed: // never the one that is running
		f.alarm.changed = false
		f.setAlarm(f.alarm.scheduledMS)
	}
	return abi.StatusOK
}
