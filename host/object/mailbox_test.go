package object

import (
	"math/rand/v2"
	"runtime"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/cairn-dev/cairn/host/event"
)

// TestMailboxOrder compares a mailbox with a slice, through random turns of
// pushes and pops that move its head around.
func TestMailboxOrder(t *testing.T) {
	seed := uint64(time.Now().UnixNano())
	random := rand.New(rand.NewPCG(seed, 0))
	var m mailbox
	var model []*waiter
	now := time.Unix(0, 0)
	for range 100_000 {
		if random.IntN(2) == 0 {
			w := &waiter{since: now}
			if err := m.push(w); (err != nil) != (len(model) == maxQueued) {
				t.Fatalf("seed %d: push to a mailbox of %d: %v", seed, len(model), err)
			} else if err == nil {
				model = append(model, w)
			}
		} else {
			var want *waiter
			if len(model) > 0 {
				want, model = model[0], model[1:]
			}
			if got := m.pop(); got != want {
				t.Fatalf("seed %d: pop gave another than the oldest", seed)
			}
		}
		if m.len() != len(model) {
			t.Fatalf("seed %d: len %d, want %d", seed, m.len(), len(model))
		}
	}
}

// TestMailboxLimits goes to each limit and one beyond it.
func TestMailboxLimits(t *testing.T) {
	var m mailbox
	now := time.Unix(0, 0)
	for range maxQueued {
		if err := m.push(&waiter{since: now}); err != nil {
			t.Fatal(err)
		}
	}
	if err := m.push(&waiter{since: now}); err != event.ErrQueueFull {
		t.Errorf("one more than fits: %v", err)
	}
	m.pop()
	if err := m.push(&waiter{since: now.Add(maxQueuedFor)}); err != nil {
		t.Errorf("behind a call that has waited for as long as it may: %v", err)
	}
	m.pop()
	if err := m.push(&waiter{since: now.Add(maxQueuedFor + 1)}); err != event.ErrQueueOld {
		t.Errorf("behind a call that has waited for longer: %v", err)
	}
	for m.pop() != nil {
	}
	if err := m.push(&waiter{since: now.Add(2 * maxQueuedFor)}); err != nil {
		t.Errorf("to an empty mailbox: %v", err)
	}
}

// TestMailboxTake takes a call out of the middle, then all but an alarm; what is
// left counts, and nothing else.
func TestMailboxTake(t *testing.T) {
	var m mailbox
	var all []*waiter
	for i, kind := range []event.Kind{event.Call, event.Alarm, event.Fetch, event.Call} {
		w := &waiter{turn: &turn{openEvent: openEvent{edge: &edge{},
			event: &event.Event{Kind: kind}}},
			bytes: 1 << i}
		if err := m.push(w); err != nil {
			t.Fatal(err)
		}
		all = append(all, w)
	}
	if m.take(&edge{}) != nil || m.bytes != 15 {
		t.Errorf("a call that is not there was taken, %d bytes are left", m.bytes)
	}
	if m.take(all[2].turn.edge) != all[2] || m.bytes != 11 {
		t.Errorf("the wrong one was taken, %d bytes are left", m.bytes)
	}
	calls := m.takeCalls()
	if !slices.Equal(calls, []*waiter{all[0], all[3]}) || m.bytes != 2 || m.len() != 1 {
		t.Errorf("%d calls were taken, %d bytes of %d are left", len(calls), m.bytes, m.len())
	}
	if m.pop() != all[1] || m.bytes != 0 {
		t.Errorf("the alarm is not what is left, %d bytes are", m.bytes)
	}
}

// TestWaiter grants waiters that spin, that park, and that have done neither
// yet. One that misses its grant would hang.
func TestWaiter(t *testing.T) {
	for i := range 10_000 {
		w := &waiter{wake: make(chan struct{}, 1)}
		var wg sync.WaitGroup
		wg.Go(func() { w.wait(i%2 == 0) })
		if i%3 == 0 {
			for w.phase.Load() != parked && i%2 != 0 {
				runtime.Gosched()
			}
		}
		w.grant()
		wg.Wait()
	}
}
