package storage

import (
	"math"
	"sync/atomic"
)

// alarmHint tells whoever wakes objects that alarms were set, and from when on
// to look at the index again. Batches without an alarm do not touch it.
type alarmHint struct {
	earliest atomic.Int64  // of those set since it was taken; MaxInt64 is none
	signal   chan struct{} // room for one: "earliest changed"
}

func (h *alarmHint) init() {
	h.earliest.Store(math.MaxInt64)
	h.signal = make(chan struct{}, 1)
}

// tell notes an alarm that reads see by now.
func (h *alarmHint) tell(unixMS int64) {
	for {
		old := h.earliest.Load()
		if unixMS >= old {
			return // whoever set the earlier one has signalled, or is about to
		}
		if h.earliest.CompareAndSwap(old, unixMS) {
			break
		}
	}
	select {
	case h.signal <- struct{}{}:
	default:
	}
}

// AlarmHint returns a channel that gets a value after an alarm was set. One
// goroutine may wait for it, and calls TakeAlarmHint then.
func (s *Store) AlarmHint() <-chan struct{} { return s.alarms.signal }

// TakeAlarmHint returns the earliest time to which a commit has set an alarm
// since the last call; set is false when none did. Reads see that alarm, unless
// it was changed since.
func (s *Store) TakeAlarmHint() (unixMS int64, set bool) {
	unixMS = s.alarms.earliest.Swap(math.MaxInt64)
	return unixMS, unixMS != math.MaxInt64
}
