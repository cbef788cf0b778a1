package group_test

import (
	"context"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/cairn-dev/cairn/host/internal/group"
)

// TestWait wants a wait to end with the group, or with its context where that ends
// first.
func TestWait(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var g sync.WaitGroup
		g.Go(func() { time.Sleep(2 * time.Second) })
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		began := time.Now()
		if err := group.Wait(ctx, &g); err != context.DeadlineExceeded ||
			time.Since(began) != time.Second {
			t.Errorf("%v after %v", err, time.Since(began))
		}
		if err := group.Wait(t.Context(), &g); err != nil || time.Since(began) != 2*time.Second {
			t.Errorf("%v after %v", err, time.Since(began))
		}
	})
}
