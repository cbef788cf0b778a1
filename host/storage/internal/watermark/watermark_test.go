package watermark

import (
	"context"
	"errors"
	"math/rand/v2"
	"sync"
	"testing"
	"testing/synctest"
)

func TestWaitWakesInOrder(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var m Mark
		var mu sync.Mutex
		woken := map[uint64]bool{}
		for _, seq := range []uint64{5, 2, 4, 1, 3, 3} {
			go func() {
				if err := m.Wait(t.Context(), seq); err != nil {
					t.Errorf("wait %d: %v", seq, err)
				}
				mu.Lock()
				woken[seq] = true
				mu.Unlock()
			}()
		}
		for _, mark := range []uint64{0, 1, 3, 2, 5} {
			m.Advance(mark)
			synctest.Wait()
			for seq := uint64(1); seq <= 5; seq++ {
				if woken[seq] != (seq <= m.Load()) {
					t.Errorf("at %d: woken(%d) = %v", m.Load(), seq, woken[seq])
				}
			}
		}
	})
}

func TestFail(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var m Mark
		m.Advance(2)
		failed, cause := m.Failed(), errors.New("cause")
		go func() {
			if err := m.Wait(t.Context(), 3); err != cause {
				t.Errorf("waiter above the mark: %v", err)
			}
		}()
		synctest.Wait()
		if !m.Fail(cause) || m.Fail(errors.New("later")) {
			t.Error("the first failure, and only that, counts")
		}
		<-failed
		m.Advance(9)
		if m.Load() != 2 || m.Wait(t.Context(), 2) != nil || m.Wait(t.Context(), 3) != cause {
			t.Errorf("after the failure: mark %d", m.Load())
		}
	})
}

func TestContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var m Mark
		ctx, cancel := context.WithCancel(t.Context())
		go func() {
			if err := m.Wait(ctx, 1); err != context.Canceled {
				t.Errorf("cancelled: %v", err)
			}
		}()
		go func() {
			if err := m.Wait(t.Context(), 1); err != nil {
				t.Errorf("its neighbour: %v", err)
			}
		}()
		synctest.Wait()
		cancel()
		synctest.Wait()
		m.Advance(1)
	})
}

// TestHammer: no wake-up is lost, and none reaches the wrong waiter, whoever is first.
func TestHammer(t *testing.T) {
	var m Mark
	const last = 2000
	var waiters sync.WaitGroup
	for range 16 {
		waiters.Go(func() {
			for m.Load() < last {
				seq := min(m.Load()+rand.Uint64N(5), last)
				ctx, cancel := context.WithCancel(context.Background())
				if rand.IntN(4) == 0 {
					go cancel()
				}
				if err := m.Wait(ctx, seq); err == nil && m.Load() < seq {
					t.Errorf("woken at %d for %d", m.Load(), seq)
				}
				cancel()
			}
		})
	}
	for seq := uint64(1); seq <= last; seq++ {
		m.Advance(seq)
	}
	waiters.Wait()
	if len(m.waiters)-m.head != 0 {
		t.Errorf("%d waiters are left", len(m.waiters)-m.head)
	}
}

func TestWaitAllocates(t *testing.T) {
	var m Mark
	m.Advance(1)
	if n := testing.AllocsPerRun(100, func() { _ = m.Wait(context.Background(), 1) }); n != 0 {
		t.Errorf("Wait for what is durable allocates %v times", n)
	}
}
