package alarm

import (
	"container/heap"
	"encoding/binary"
	"log/slog"
	"time"
)

const (
	// RetryMax is how many retries an alarm has that failed in a way that
	// counts: upstream's figure, so it runs seven times in all.
	RetryMax = 6
	// retryBase is the delay before the first retry; each doubles it.
	retryBase = 2 * time.Second
	// maxBackoff bounds the doublings, to 1,024 s: upstream's figure. Only
	// failures that do not count come this far.
	maxBackoff = 9
	// overflowDelay is when to run the alarms again that found no room among
	// those that wait for a retry: the delay before a last retry.
	overflowDelay = 64 * time.Second
)

// end decides what follows a run.
//
// The object's alarm is read while mu is held: a commit before that is in what
// is read, and of one after it the scheduler learns by a hint, which it takes
// with mu held as well. So no alarm that was set while the handler ran is lost.
func (s *Scheduler) end(h *held, outcome Outcome) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.running--
	s.ended++
	defer s.wakeLocked()
	s.takeSameLocked()
	stored, set, err := s.stored(h)
	same := set && stored == h.due.ScheduledMS && !h.again
	switch {
	case err != nil:
		h.log(s.options.Logger).Error("alarm could not be read", "error", err)
		s.retryLocked(h, FailedUncounted)
	case same && outcome == Moved:
		// The index and the object disagree: not to run it again at once.
		h.log(s.options.Logger).Warn("alarm is stored, but the object does not know it")
		s.retryLocked(h, FailedUncounted)
	case same && outcome != Done:
		h.log(s.options.Logger).Debug("alarm failed",
			"outcome", outcome.String(), "retry", h.due.RetryCount)
		s.retryLocked(h, outcome)
	case set:
		s.dropLocked(h)
		s.rewindLocked(stored)
	default:
		s.dropLocked(h)
	}
}

func (h *held) log(l *slog.Logger) *slog.Logger {
	return l.With("object", h.due.Owner.ID, "scheduled", h.due.ScheduledMS)
}

// dropLocked lets go of an alarm that is in neither ready nor retries.
func (s *Scheduler) dropLocked(h *held) {
	s.clearLocked(h)
	delete(s.held, h.due.Owner.ID)
}

// clearLocked forgets how often an alarm has failed.
func (s *Scheduler) clearLocked(h *held) {
	if h.failing {
		s.failing--
	}
	*h = held{due: h.due}
}

// stored reads the object's alarm.
func (s *Scheduler) stored(h *held) (unixMS int64, set bool, err error) {
	txn := s.options.Store.Object(h.due.Owner).Begin()
	defer txn.Close()
	return txn.Alarm()
}

// retryLocked holds an alarm that failed until it is tried again.
func (s *Scheduler) retryLocked(h *held, outcome Outcome) {
	now := s.options.Clock.Now()
	if !h.failing {
		if s.failing >= s.options.MaxRetrying {
			s.overflowLocked(h, now)
			return
		}
		h.failing = true
		s.failing++
	}
	if outcome == Failed {
		if h.uncount {
			h.backoff = 0
		}
		h.counted++
	}
	h.uncount = outcome == FailedUncounted
	if !h.due.Abandon {
		h.due.RetryCount++
	}
	if h.counted > RetryMax && !h.due.Abandon {
		// The alarm has had its retries. What is left to do is as good as a run, which
		// need not wait.
		h.due.Abandon = true
		h.backoff, h.retryMS = 0, now.UnixMilli()
		h.log(s.options.Logger).Error("alarm failed too often and is given up",
			"runs", h.due.RetryCount)
	} else {
		h.retryMS = now.Add(s.delay(h.backoff)).UnixMilli()
		h.backoff = min(h.backoff+1, maxBackoff)
	}
	h.phase = retrying
	heap.Push(&s.retries, h)
}

// delay returns 2 s doubled so many times, and up to a quarter more, so that
// what failed together does not come back together.
func (s *Scheduler) delay(backoff int) time.Duration {
	d := retryBase << backoff
	var random [4]byte
	s.options.Random(random[:])
	jitterMS := d.Milliseconds() / 4 * int64(binary.LittleEndian.Uint32(random[:])) >> 32
	return d + time.Duration(jitterMS)*time.Millisecond
}

// overflowLocked lets go of an alarm that failed. It is still in the index.
func (s *Scheduler) overflowLocked(h *held, now time.Time) {
	s.dropLocked(h)
	at := now.Add(overflowDelay).UnixMilli()
	if at < s.sweepAt {
		s.sweepAt = at
		s.options.Logger.Warn("too many alarms fail: some are tried again uncounted",
			"failing", s.failing, "in", overflowDelay)
	}
}

// retries is a heap, the next one first.
type retries []*held

func (r retries) Len() int           { return len(r) }
func (r retries) Less(i, j int) bool { return r[i].retryMS < r[j].retryMS }

func (r retries) Swap(i, j int) {
	r[i], r[j] = r[j], r[i]
	r[i].index, r[j].index = i, j
}

// Push is for package heap.
func (r *retries) Push(x any) {
	h := x.(*held)
	h.index = len(*r)
	*r = append(*r, h)
}

// Pop is for package heap.
func (r *retries) Pop() any {
	last := len(*r) - 1
	h := (*r)[last]
	(*r)[last] = nil
	*r = (*r)[:last]
	return h
}

func (r *retries) remove(h *held) { heap.Remove(r, h.index) }
