package worker

import (
	"context"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

func (s *slots) takeWithin(d time.Duration) error {
	ctx, cancel := context.WithTimeout(context.Background(), d)
	defer cancel()
	return s.take(ctx.Done())
}

// TestSlotsInTurn wants those who wait to come first in first out, and nobody to run
// beside as many as may.
func TestSlotsInTurn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &slots{max: 2}
		var mu sync.Mutex
		var order []int
		for n := range 6 {
			go func() {
				if err := s.takeWithin(time.Minute); err != nil {
					t.Error(err)
				}
				mu.Lock()
				order = append(order, n)
				mu.Unlock()
			}()
			synctest.Wait()
		}
		for n := 2; n <= 6; n++ {
			if busy, waiting := s.count(); len(order) != n || busy != 2 || waiting != 6-n {
				t.Errorf("%v have run, %d run, %d wait", order, busy, waiting)
			}
			s.put()
			synctest.Wait()
		}
		s.put()
		if !slices.Equal(order, []int{0, 1, 2, 3, 4, 5}) {
			t.Errorf("they ran as %v", order)
		}
		if busy, waiting := s.count(); busy != 0 || waiting != 0 {
			t.Errorf("%d run and %d wait at the end", busy, waiting)
		}
	})
}

// TestSlotsRefuse wants the queue to be bounded in time and in number, and what was
// refused to leave no trace.
func TestSlotsRefuse(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &slots{max: 1}
		if err := s.takeWithin(time.Second); err != nil {
			t.Fatal(err)
		}
		var late sync.WaitGroup
		for range maxQueued {
			late.Go(func() {
				if err := s.takeWithin(time.Second); err != errQueueOld {
					t.Errorf("one that waits for too long gets %v", err)
				}
			})
		}
		synctest.Wait()
		began := time.Now()
		if err := s.takeWithin(time.Second); err != errQueueFull || time.Since(began) > 0 {
			t.Errorf("one more gets %v after %v", err, time.Since(began))
		}
		late.Wait()
		s.put()
		if err := s.takeWithin(0); err != nil {
			t.Errorf("afterwards: %v", err)
		}
	})
}

// TestSlotsLent wants a request that waits for the outside to let another run, and to
// go on itself without waiting.
func TestSlotsLent(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &slots{max: 1}
		// A chain of requests, each sent by the one before: as deep as one likes.
		for range 5 {
			if err := s.takeWithin(time.Second); err != nil {
				t.Fatal(err)
			}
			s.lend()
		}
		for range 5 {
			s.back()
		}
		if busy, _ := s.count(); busy != 5 {
			t.Errorf("%d run", busy)
		}
		next := make(chan error)
		go func() { next <- s.takeWithin(time.Minute) }()
		synctest.Wait()
		for range 4 {
			s.put()
		}
		synctest.Wait()
		if busy, waiting := s.count(); busy != 1 || waiting != 1 {
			t.Errorf("%d run and %d wait", busy, waiting)
		}
		s.put()
		if err := <-next; err != nil {
			t.Error(err)
		}
	})
}
