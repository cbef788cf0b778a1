package object

import (
	"errors"

	"github.com/cairn-dev/cairn/abi/wire"
	"github.com/cairn-dev/cairn/host/event"
	"github.com/cairn-dev/cairn/host/hostfunc"
	"github.com/cairn-dev/cairn/host/observe"
)

// isAlarm reports whether an event is an alarm's: nobody waits for its answer.
func isAlarm(r *event.Event) bool { return r.Kind == event.Alarm || r.Kind == event.AlarmGivenUp }

// alarmRun is what a call knows of the alarm whose handler it runs.
//
// The alarm stays stored while its handler runs and is deleted with the
// handler's own writes, so that it goes off again if they fail (SEMANTICS 2.7).
// To the handler it is gone already, unless it has set another, and so it is to
// the entries that are nested in the handler.
type alarmRun struct {
	running     bool
	scheduledMS int64
	changed     bool // the handler has set another
	kept        bool // and that is in the log
}

var _ hostfunc.Alarms = (*turn)(nil)

// AlarmSet implements hostfunc.Alarms.
func (t *turn) AlarmSet(unixMS int64, confirmed bool) error {
	if unixMS <= 0 {
		return event.TypeError("setAlarm() cannot be called with an alarm time <= 0")
	}
	if c, _ := t.act.instance.Program().Class(t.class.Name); !c.Alarm {
		return event.TypeError("Your Durable Object class must have an alarm() handler in order " +
			"to call setAlarm()")
	}
	if err := t.written(8, confirmed); err != nil {
		return err
	}
	t.alarm.changed = t.alarm.running
	return t.txn.SetAlarm(max(unixMS, t.act.objects.options.Now().UnixMilli()))
}

// AlarmGet implements hostfunc.Alarms.
func (t *turn) AlarmGet() (unixMS int64, set bool, err error) {
	if t.alarm.running && !t.alarm.changed {
		return 0, false, nil
	}
	return t.txn.Alarm()
}

// AlarmDelete implements hostfunc.Alarms. In the handler it deletes the alarm
// that the handler has set, and never the one that is running.
func (t *turn) AlarmDelete(confirmed bool) error {
	if err := t.written(8, confirmed); err != nil {
		return err
	}
	if !t.alarm.running {
		return t.txn.DeleteAlarm()
	}
	if !t.alarm.changed {
		return nil
	}
	t.alarm.changed = false
	return t.txn.KeepAlarm(t.alarm.scheduledMS)
}

// dueAlarm returns for when the alarm is set that goes off, unless it has been
// moved or deleted since it was found to be due.
func (t *turn) dueAlarm(r *event.Event) (scheduledMS int64, err error) {
	var due wire.Alarm
	if err := wire.DecodeAlarm(r.Input, &due); err != nil {
		return 0, t.internal("alarm", err)
	}
	at, set, err := t.txn.Alarm()
	if err != nil {
		return 0, t.internal("alarm", err)
	}
	if !set || at > due.ScheduledMS || r.Kind == event.AlarmGivenUp && at != due.ScheduledMS {
		return 0, event.ErrAlarmMoved
	}
	return at, nil
}

// beginAlarm makes the call the run of an alarm. The constructor has run: to it
// the alarm was still set, as upstream, and it may have moved it.
func (t *turn) beginAlarm(r *event.Event) error {
	at, err := t.dueAlarm(r)
	if err == nil {
		*t.alarm = alarmRun{running: true, scheduledMS: at}
	}
	return err
}

// abandonAlarm deletes the alarm in place of a run.
func (t *turn) abandonAlarm() error {
	if err := t.txn.DeleteAlarm(); err != nil {
		return t.internal("alarm", err)
	}
	t.batch = batch{confirmed: true}
	return t.flush()
}

// abortAlarm deletes the alarm whose handler has aborted, if that is what it asked
// for. One that was set meanwhile stays, if an abort could not take it back.
func (t *turn) abortAlarm() error {
	if !t.dropAlarm {
		return nil
	}
	t.dropAlarm = false
	at, set, err := t.txn.Alarm()
	switch {
	case err != nil:
		return t.reset(observe.Commit, t.internal("alarm", err))
	case !set || at != t.alarm.scheduledMS || t.alarm.kept:
		return nil
	}
	return t.abandonAlarm()
}

// LimitExceeded reports whether a call failed because it took more time or
// memory than it may.
func LimitExceeded(err error) bool {
	return errors.Is(err, event.ErrCPU) || errors.Is(err, event.ErrMemory) ||
		errors.Is(err, event.ErrEventLong)
}

// Starved reports whether a call ended because the host had no memory for it, or no
// room on its disk.
func Starved(err error) bool {
	return errors.Is(err, event.ErrStarved) || errors.Is(err, event.ErrNoMemory) ||
		errors.Is(err, event.ErrDiskFull)
}

// finishAlarm deletes the alarm whose handler has succeeded, in the batch of
// the handler's last writes. An alarm that was set meanwhile stays.
func (t *turn) finishAlarm() error {
	at, set, err := t.txn.Alarm()
	if err != nil || !t.alarm.running || t.alarm.changed || !set || at != t.alarm.scheduledMS {
		return err
	}
	t.batch.confirmed = true
	return t.txn.DeleteAlarm()
}
