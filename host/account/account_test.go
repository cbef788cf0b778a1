package account

import (
	"context"
	"errors"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// TestTry wants no byte above the budget, and every one of it to be had again.
func TestTry(t *testing.T) {
	a := New(100)
	if !a.Try(Code, 60) || a.Try(Batches, 41) || !a.Try(Batches, 40) {
		t.Errorf("60, 41, 40 of 100: %d are taken", a.Total())
	}
	if a.Used(Code) != 60 || a.Used(Batches) != 40 || a.Free() != 0 {
		t.Errorf("code %d, batches %d, free %d", a.Used(Code), a.Used(Batches), a.Free())
	}
	a.Count(Code, 10)
	if a.Free() != -10 || len(a.Pressure()) != 1 {
		t.Errorf("what is there counts: free %d, pressure %d", a.Free(), len(a.Pressure()))
	}
	a.Count(Code, -70)
	a.Release(Batches, 40)
	if a.Total() != 0 || a.Used(Code) != 0 {
		t.Errorf("%d are left", a.Total())
	}
}

// TestRace lets many take and give back at once: never more than the budget is
// taken by those who ask, and nothing is lost.
func TestRace(t *testing.T) {
	a := New(1000)
	var wg sync.WaitGroup
	for n := range 8 {
		wg.Go(func() {
			for i := range 2000 {
				bytes := int64(1 + (i*7+n*13)%300)
				if a.Take(Kind(n), bytes) != nil {
					t.Error("nobody keeps anything, and one was refused")
					return
				}
				a.Release(Kind(n), bytes)
			}
		})
	}
	wg.Wait()
	if a.Total() != 0 || a.queued.Load() != 0 || a.waiters.Len() != 0 {
		t.Errorf("%d bytes, %d queued, %d waiters are left",
			a.Total(), a.queued.Load(), a.waiters.Len())
	}
}

// TestWaitInTurn wants those who wait to be served first come first served, and a
// small one not to pass a large one.
func TestWaitInTurn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := New(100)
		a.Count(SetAside, 100)
		var mu sync.Mutex
		var served []int64
		for _, bytes := range []int64{80, 10, 5} {
			go func() {
				if err := a.Wait(t.Context(), Instances, bytes); err != nil {
					t.Error(err)
				}
				mu.Lock()
				served = append(served, bytes)
				mu.Unlock()
			}()
			synctest.Wait()
		}
		if goal := a.Goal(); goal != 100-100/32-95 {
			t.Errorf("the goal is %d", goal)
		}
		for _, c := range []struct {
			release int64
			served  []int64
		}{{20, nil}, {60, []int64{80}}, {10, []int64{80, 10}}, {10, []int64{80, 10, 5}}} {
			a.Release(SetAside, c.release)
			synctest.Wait()
			if !slices.Equal(served, c.served) {
				t.Errorf("after %d more: served %v, want %v", c.release, served, c.served)
			}
		}
	})
}

// TestWaitEnds wants a wait to end with its context, in words, and those behind to
// go on.
func TestWaitEnds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := New(64 << 20)
		a.Count(Code, 63<<20)
		began := time.Now()
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		behind := make(chan error, 1)
		go func() {
			synctest.Wait()
			behind <- a.Wait(ctx, Requests, 1<<20)
		}()
		err := a.Take(Instances, 2<<20)
		var refused *Error
		if !errors.As(err, &refused) || time.Since(began) != Patience || a.Refused(Instances) != 1 {
			t.Fatalf("%v after %v, refused %d", err, time.Since(began), a.Refused(Instances))
		}
		want := "2 MiB for instances are not there, 1 MiB of 64 MiB are left (see --memory)"
		if !strings.HasSuffix(err.Error(), want) {
			t.Errorf("%q, want %q", err, want)
		}
		if err := <-behind; err != nil {
			t.Errorf("the next one, which wants less: %v", err)
		}
		began = time.Now()
		if err := a.Take(Instances, 65<<20); err == nil || time.Since(began) > 0 {
			t.Errorf("what can never be there: %v after %v", err, time.Since(began))
		}
	})
}

// TestHold wants a hold to take in steps, to refuse without a trace, and to give
// back all of it.
func TestHold(t *testing.T) {
	a := New(256 << 10)
	h := a.Hold(Requests)
	for _, c := range []struct{ to, taken int64 }{
		{0, 0}, {holdFree, 0}, {holdFree + 1, holdStep}, {100, holdStep}, {holdStep, holdStep},
		{holdStep + 1, 2 * holdStep},
	} {
		if err := h.To(c.to); err != nil || h.Bytes() != c.taken || a.Used(Requests) != c.taken {
			t.Errorf("to %d: %v, %d are taken, want %d", c.to, err, a.Used(Requests), c.taken)
		}
	}
	if h.To(1<<20) == nil || h.Try(1<<20) || a.Total() != 2*holdStep {
		t.Errorf("above the budget: %d are taken", a.Total())
	}
	h.Release()
	h.Release()
	if a.Total() != 0 {
		t.Errorf("%d are left", a.Total())
	}
}

// TestNone wants no account to refuse nothing.
func TestNone(t *testing.T) {
	var a *Account
	var h Hold
	a.Count(Code, 1)
	a.Release(Code, 1)
	if a.Take(Code, 1<<50) != nil || h.To(1<<50) != nil || !h.Try(1<<50) || a.Total() != 0 ||
		a.Pressure() != nil {
		t.Error("no account has a bound")
	}
	h.Release()
}

// TestHotPath wants no allocation of what each call may do.
func TestHotPath(t *testing.T) {
	a := New(1 << 30)
	h := a.Hold(Requests)
	if n := testing.AllocsPerRun(100, func() {
		if h.To(1<<20) != nil || a.Take(Stacks, 100) != nil {
			t.Error("refused")
		}
		h.Release()
		a.Release(Stacks, 100)
	}); n != 0 {
		t.Errorf("%v allocations", n)
	}
}
