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

var _ hostfunc.Alarms = (*State)(nil)

// AlarmSet implements hostfunc.Alarms.
func (s *State) AlarmSet(unixMS int64, confirmed bool) error {
	if unixMS <= 0 {
		return event.TypeError("setAlarm() cannot be called with an alarm time <= 0")
	}
	if c, _ := s.act.instance.Program().Class(s.class.Name); !c.Alarm {
		return event.TypeError("Your Durable Object class must have an alarm() handler in order to call setAlarm()")
	}
	if err := s.written(8, confirmed); err != nil {
		return err
	}
	s.alarm.changed = s.alarm.running
	return s.txn.SetAlarm(max(unixMS, s.act.objects.options.Now().UnixMilli()))
}

// AlarmGet implements hostfunc.Alarms.
func (s *State) AlarmGet() (unixMS int64, set bool, err error) {
	if s.alarm.running && !s.alarm.changed {
		return 0, false, nil
	}
	return s.txn.Alarm()
}

// AlarmDelete implements hostfunc.Alarms. In the handler it deletes the alarm
// that the handler has set, and never the one that is running.
func (s *State) AlarmDelete(confirmed bool) error {
	if err := s.written(8, confirmed); err != nil {
		return err
	}
	if !s.alarm.running {
		return s.txn.DeleteAlarm()
	}
	if !s.alarm.changed {
		return nil
	}
	s.alarm.changed = false
	return s.txn.KeepAlarm(s.alarm.scheduledMS)
}

// dueAlarm returns for when the alarm is set that goes off, unless it has been
// moved or deleted since it was found to be due.
func (s *State) dueAlarm(r *event.Event) (scheduledMS int64, err error) {
	var due wire.Alarm
	if err := wire.DecodeAlarm(r.Input, &due); err != nil {
		return 0, s.internal("alarm", err)
	}
	at, set, err := s.txn.Alarm()
	if err != nil {
		return 0, s.internal("alarm", err)
	}
	if !set || at > due.ScheduledMS || r.Kind == event.AlarmGivenUp && at != due.ScheduledMS {
		return 0, event.ErrAlarmMoved
	}
	return at, nil
}

// beginAlarm makes the call the run of an alarm. The constructor has run: to it
// the alarm was still set, as upstream, and it may have moved it.
func (s *State) beginAlarm(r *event.Event) error {
	at, err := s.dueAlarm(r)
	if err == nil {
		*s.alarm = alarmRun{running: true, scheduledMS: at}
	}
	return err
}

// abandonAlarm deletes the alarm in place of a run.
func (s *State) abandonAlarm() error {
	if err := s.txn.DeleteAlarm(); err != nil {
		return s.internal("alarm", err)
	}
	s.batch = batch{confirmed: true}
	return s.flush()
}

// abortAlarm deletes the alarm whose handler has aborted, if that is what it asked
// for. One that was set meanwhile stays, if an abort could not take it back.
func (s *State) abortAlarm() error {
	if !s.dropAlarm {
		return nil
	}
	s.dropAlarm = false
	at, set, err := s.txn.Alarm()
	switch {
	case err != nil:
		return s.reset(observe.Commit, s.internal("alarm", err))
	case !set || at != s.alarm.scheduledMS || s.alarm.kept:
		return nil
	}
	return s.abandonAlarm()
}

// LimitExceeded reports whether a call failed because it took more time or
// memory than it may.
func LimitExceeded(err error) bool {
	return errors.Is(err, event.ErrCPU) || errors.Is(err, event.ErrMemory) || errors.Is(err, event.ErrEventLong)
}

// Starved reports whether a call ended because the host had no memory for it, or no
// room on its disk.
func Starved(err error) bool {
	return errors.Is(err, event.ErrStarved) || errors.Is(err, event.ErrNoMemory) || errors.Is(err, event.ErrDiskFull)
}

// finishAlarm deletes the alarm whose handler has succeeded, in the batch of
// the handler's last writes. An alarm that was set meanwhile stays.
func (s *State) finishAlarm() error {
	at, set, err := s.txn.Alarm()
	if err != nil || !s.alarm.running || s.alarm.changed || !set || at != s.alarm.scheduledMS {
		return err
	}
	s.batch.confirmed = true
	return s.txn.DeleteAlarm()
}
