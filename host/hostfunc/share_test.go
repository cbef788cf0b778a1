package hostfunc

import (
	"slices"
	"sync"
	"testing"
	"testing/synctest"
)

// TestShare fills the places and lets more come. They get a place in the order in
// which they came, and no more than there are are held at a time.
func TestShare(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &share{free: 2}
		s.take()
		s.take()
		if s.wanted() {
			t.Error("somebody waits where there were two places")
		}
		var mu sync.Mutex
		var order []int
		held := func() []int {
			synctest.Wait()
			mu.Lock()
			defer mu.Unlock()
			return slices.Clone(order)
		}
		for i := range 3 {
			go func() {
				s.take()
				mu.Lock()
				order = append(order, i)
				mu.Unlock()
			}()
			if got := held(); len(got) > 0 {
				t.Errorf("%v got a place that is taken", got)
			}
		}
		for i, want := range [][]int{{0}, {0, 1}, {0, 1, 2}} {
			if !s.wanted() {
				t.Errorf("after %d nobody waits", i)
			}
			s.give()
			if got := held(); !slices.Equal(got, want) {
				t.Errorf("given %d times, %v have a place, want %v", i+1, got, want)
			}
		}
		s.give()
		s.give()
		if s.free != 2 || s.wanted() {
			t.Errorf("%d places are free at the end, want 2", s.free)
		}
	})
}
