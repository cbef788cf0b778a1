package object

import (
	"errors"
	"testing"
	"time"
)

// TestBudget spends a budget to its end, in number and in time.
func TestBudget(t *testing.T) {
	now := time.Unix(1000, 0)
	b := NewBudget(now, 3, nil)
	for i := range 3 {
		if err := b.Spend(now); err != nil {
			t.Errorf("call %d of 3: %v", i+1, err)
		}
	}
	if err := b.Spend(now); err == nil || err.Error() != errTooManyCalls(3).Error() {
		t.Errorf("a fourth call: %v", err)
	}
	b = NewBudget(now, 0, nil)
	if err := b.Spend(now.Add(MaxEventTime - 1)); err != nil {
		t.Errorf("just before the time is over: %v", err)
	}
	if err := b.Spend(now.Add(MaxEventTime)); err != errEventLong {
		t.Errorf("when the time is over: %v", err)
	}
	for range MaxCalls - 1 {
		if err := b.Spend(now); err != nil {
			t.Fatal(err)
		}
	}
	if err := b.Spend(now); err == nil {
		t.Error("more than MaxCalls")
	}
}

// TestBudgetGone lets a client go away. The budget asks now and then, and not any
// more once there is an answer.
func TestBudgetGone(t *testing.T) {
	now := time.Unix(1000, 0)
	asked, gone := 0, false
	b := NewBudget(now, 0, func() bool { asked++; return gone })
	spend := func(after time.Duration) error { now = now.Add(after); return b.Spend(now) }
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
		if err := spend(lookEvery); !errors.Is(err, errClientGone) {
			t.Errorf("when nobody waits: %v", err)
		}
	}
	b.Answered()
	if err := spend(lookEvery); err != nil {
		t.Errorf("after the answer: %v", err)
	}
}
