package alarm

import (
	"bytes"
	"math"
	"time"

	"github.com/cairn-dev/cairn/abi"
	"github.com/cairn-dev/cairn/host/internal/contain"
	"github.com/cairn-dev/cairn/host/storage"
)

// turn is what the scheduler has come to after it did what could be done.
type turn struct {
	changed <-chan struct{} // closed when a run has ended
	next    time.Time       // when there is more to do, if nothing changes before
	again   bool            // there is more to do now
	idle    bool            // nothing is due and nothing runs
	stopped bool
	ended   int
	err     error // the index could not be read
}

// turn takes what is due into memory, a window at most, and starts as many runs
// as may run. It reads one page of the index at a time, so that a run that ends
// need not wait for a pass over all of it.
func (s *Scheduler) turn() turn {
	s.mu.Lock()
	defer s.mu.Unlock()
	t := turn{changed: s.changed, stopped: s.stopped, ended: s.ended}
	if s.stopped {
		return t
	}
	// Taken before the index is read: what is set from here on is told anew.
	if earliest, set := s.options.Store.TakeAlarmHint(); set {
		s.rewindLocked(earliest)
	}
	s.takeSameLocked()
	now := s.options.Clock.Now().UnixMilli()
	if s.sweepAt <= now {
		s.sweepAt = math.MaxInt64
		s.rewindLocked(math.MinInt64)
	}
	s.takeRetriesLocked(now)
	if s.ready.Len() < s.options.Concurrency && s.next <= now &&
		(s.readErr == nil || s.readFailed <= now) {
		if s.readErr = s.readLocked(now); s.readErr != nil {
			s.readFailed = now + readRetry.Milliseconds()
			s.options.Logger.Error("alarms could not be read", "error", s.readErr)
		}
	}
	t.err = s.readErr
	for s.ready.Len() > 0 && s.running < s.options.Concurrency {
		s.startLocked(s.ready.Pop())
	}
	if s.ready.Len() > 0 {
		t.next = s.time(now + maxSleep.Milliseconds()) // a run must end first
		return t
	}
	at := s.nextLocked()
	t.again = at <= now
	t.idle = !t.again && s.running == 0
	t.next = s.time(min(at, now+maxSleep.Milliseconds()))
	return t
}

// time returns a moment as the clock's timers want it. A moment long past is as
// good as any other, and does not overflow.
func (s *Scheduler) time(unixMS int64) time.Time { return time.UnixMilli(max(unixMS, 0)) }

// nextLocked returns when there is more to do.
func (s *Scheduler) nextLocked() int64 {
	at := s.next
	if s.readErr != nil {
		at = max(at, s.readFailed)
	}
	at = min(at, s.sweepAt)
	if len(s.retries) > 0 {
		at = min(at, s.retries[0].retryMS)
	}
	return at
}

// rewindLocked makes sure that an alarm at the given time, or after it, is read.
func (s *Scheduler) rewindLocked(unixMS int64) {
	s.next = min(s.next, unixMS)
	switch {
	case unixMS > s.after.UnixMS:
	case unixMS == math.MinInt64:
		s.after = storage.Alarm{UnixMS: math.MinInt64}
	default:
		s.after = storage.Alarm{UnixMS: unixMS - 1, Owner: storage.Owner{ID: lastID}}
	}
}

// lastID is the last one in the order of IDs.
var lastID = abi.ID(bytes.Repeat([]byte{0xff}, abi.IDBytes))

// readLocked takes the next page of due alarms from the index and moves the place
// behind it.
func (s *Scheduler) readLocked(now int64) error {
	limit := s.options.Window - s.ready.Len()
	if limit <= 0 {
		return nil
	}
	due, err := s.options.Store.DueAlarmsAfter(s.after, now, limit)
	if err != nil {
		return err
	}
	for i := range due {
		s.takeLocked(&due[i])
	}
	if len(due) > 0 {
		s.after = due[len(due)-1]
		s.options.Store.AlarmsTaken(s.after.UnixMS)
	}
	if len(due) == limit {
		return nil // there may be more
	}
	later, err := s.options.Store.DueAlarmsAfter(s.after, math.MaxInt64, 1)
	if err != nil {
		return err
	}
	s.next = math.MaxInt64
	if len(later) > 0 {
		s.next = later[0].UnixMS
	}
	return nil
}

// takeLocked holds an alarm that was read, if it is not held already. An object has
// one alarm: a time that differs from what is held is a newer one.
func (s *Scheduler) takeLocked(a *storage.Alarm) {
	h := s.held[a.Owner.ID]
	fresh := Due{Owner: a.Owner, ScheduledMS: a.UnixMS}
	switch {
	case h == nil:
		h = &held{due: fresh}
		s.held[a.Owner.ID] = h
		s.ready.Push(h)
	case h.phase == running:
		// When the run ends the object's alarm is looked at again, see end.
	case h.due.ScheduledMS == a.UnixMS:
	case h.phase == ready:
		s.clearLocked(h)
		h.due = fresh
	default:
		s.retries.remove(h)
		s.clearLocked(h)
		h.due = fresh
		s.ready.Push(h)
	}
}

// takeSameLocked begins anew with the alarms that were set to the very time that they
// had: each is another one, whatever became of the one before.
func (s *Scheduler) takeSameLocked() {
	for _, id := range s.options.Store.TakeSameAlarms() {
		h := s.held[id]
		switch {
		case h == nil:
			continue
		case h.phase == running:
			h.again = true
			continue
		case h.phase == retrying:
			s.retries.remove(h)
			s.ready.Push(h)
		}
		s.clearLocked(h)
		h.due.RetryCount, h.due.Abandon = 0, false
	}
}

// takeRetriesLocked moves the retries whose time has come to ready. They get half of
// the window, so that those who keep failing leave room for the others.
func (s *Scheduler) takeRetriesLocked(now int64) {
	for len(s.retries) > 0 && s.retries[0].retryMS <= now &&
		s.ready.Len() < max(s.options.Window/2, 1) {
		h := s.retries[0]
		s.retries.remove(h)
		h.phase = ready
		s.ready.Push(h)
	}
}

// startLocked runs an alarm on a goroutine of its own, unless the clock was set back
// since it was read: then it is not due any more. One that runs too often waits.
func (s *Scheduler) startLocked(h *held) {
	now := s.options.Clock.Now().UnixMilli()
	if h.due.ScheduledMS > now {
		s.dropLocked(h)
		s.rewindLocked(h.due.ScheduledMS)
		return
	}
	if later := s.pace.take(h.due.Owner.ID, now); later > 0 {
		s.holdLocked(h, later)
		return
	}
	h.phase = running
	s.running++
	go func() {
		outcome := FailedUncounted
		contain.Run(s.options.Logger, "an alarm", func() {
			outcome = s.options.Deliver(s.base, h.due)
		})
		s.end(h, outcome)
	}()
}
