package storage

import (
	"maps"
	"math"
	"slices"
	"sync"
	"sync/atomic"

	"github.com/cairn-dev/cairn/abi"
)

// alarmHint tells whoever wakes objects that alarms were set, and from when on
// to look at the index again. Batches without an alarm do not touch it.
type alarmHint struct {
	earliest atomic.Int64  // of those set since it was taken; MaxInt64 is none
	signal   chan struct{} // room for one: "earliest changed"

	// same are the objects that have set their alarm anew, to the time that it
	// had: the index does not show that. Only those matter that were read from it,
	// up to taken.
	mu    sync.Mutex
	same  map[abi.ID]struct{}
	taken int64
}

func (h *alarmHint) init() {
	h.earliest.Store(math.MaxInt64)
	h.signal = make(chan struct{}, 1)
	h.same, h.taken = map[abi.ID]struct{}{}, math.MinInt64
}

// again notes an alarm that was set anew to the time that it had, before tell.
func (h *alarmHint) again(unixMS int64, id abi.ID) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if unixMS <= h.taken {
		h.same[id] = struct{}{}
	}
}

// AlarmsTaken says up to when alarms were taken from the index, by whoever runs
// them.
func (s *Store) AlarmsTaken(unixMS int64) {
	s.alarms.mu.Lock()
	defer s.alarms.mu.Unlock()
	s.alarms.taken = unixMS
}

// TakeSameAlarms returns the objects that have set an alarm anew since the last
// call, to the very time that it had, if that had been taken from the index.
func (s *Store) TakeSameAlarms() []abi.ID {
	s.alarms.mu.Lock()
	defer s.alarms.mu.Unlock()
	if len(s.alarms.same) == 0 {
		return nil
	}
	ids := slices.Collect(maps.Keys(s.alarms.same))
	clear(s.alarms.same)
	return ids
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
