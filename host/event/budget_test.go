package event

import (
	"context"
	"errors"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/cairn-dev/cairn/host/internal/clock"
	"github.com/cairn-dev/cairn/host/internal/clock/clocktest"
)

// TestBudget spends a budget to its end, in number and in time.
func TestBudget(t *testing.T) {
	clock := clocktest.NewClock(time.Unix(1000, 0))
	b := NewBudget(0, clock, 3, nil)
	for i := range 3 {
		if err := b.Spend(); err != nil {
			t.Errorf("call %d of 3: %v", i+1, err)
		}
	}
	if err := b.Spend(); err == nil || err.Error() != errTooManyCalls(3).Error() {
		t.Errorf("a fourth call: %v", err)
	}
	b = NewBudget(0, clock, 0, nil)
	for range MaxCalls - 1 {
		if err := b.Spend(); err != nil {
			t.Fatal(err)
		}
	}
	clock.Advance(MaxEventTime - 1)
	if err := b.Spend(); err != nil {
		t.Errorf("just before the time is over: %v", err)
	}
	if err := b.Spend(); err == nil {
		t.Error("more than MaxCalls")
	}
	clock.Advance(1)
	if err := b.Spend(); err != error(ErrEventLong) {
		t.Errorf("when the time is over: %v", err)
	}
}

// TestBudgetGone lets a client go away. The budget asks now and then, and not any
// more once there is an answer.
func TestBudgetGone(t *testing.T) {
	clock := clocktest.NewClock(time.Unix(1000, 0))
	asked, gone := 0, false
	b := NewBudget(0, clock, 0, func() bool { asked++; return gone })
	spend := func(after time.Duration) error { clock.Advance(after); return b.Spend() }
	for range 10 {
		if err := spend(lookEvery / 10); err != nil {
			t.Error(err)
		}
	}
	if asked != 1 {
		t.Errorf("asked %d times in %s", asked, lookEvery)
	}
	gone = true
	if err := spend(lookEvery / 2); err != nil {
		t.Errorf("before it asks again: %v", err)
	}
	for range 3 {
		if err := spend(lookEvery); !errors.Is(err, ErrClientGone) {
			t.Errorf("when nobody waits: %v", err)
		}
	}
	b.Answered()
	if err := spend(lookEvery); err != nil {
		t.Errorf("after the answer: %v", err)
	}
}

// TestBudgetDone wants the context to be done when the event may go on no longer: its
// client has gone, or its time is over; and not because it has ended.
func TestBudgetDone(t *testing.T) {
	for _, c := range []struct {
		name string
		then func(b *Budget, gone *atomic.Bool)
		want error
	}{
		{"the client goes", func(_ *Budget, gone *atomic.Bool) {
			gone.Store(true)
			time.Sleep(2 * lookEvery)
		}, context.Canceled},
		{"the time is over", func(*Budget, *atomic.Bool) { time.Sleep(MaxEventTime) },
			context.DeadlineExceeded},
		{"the client goes after its answer", func(b *Budget, gone *atomic.Bool) {
			b.Answered()
			gone.Store(true)
			time.Sleep(2 * lookEvery)
		}, nil},
		{"the event ends", func(b *Budget, _ *atomic.Bool) {
			b.End()
			b.End()
			time.Sleep(MaxEventTime)
		}, nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) { // which fails if a goroutine is left
				var gone atomic.Bool
				b := NewBudget(0, clock.Wall(time.Now), 0, gone.Load)
				defer b.End()
				ctx, cancel := context.WithCancel(b)
				defer cancel()
				if BudgetOf(ctx) != b || BudgetOf(t.Context()) != nil {
					t.Error("a budget is not found in what was made of it, or where there is none")
				}
				select {
				case <-b.Done():
					t.Error("done from the start")
				default:
				}
				c.then(b, &gone)
				synctest.Wait()
				if b.Err() != c.want || ctx.Err() != c.want {
					t.Errorf("%v and %v, want %v", b.Err(), ctx.Err(), c.want)
				}
			})
		})
	}
}
