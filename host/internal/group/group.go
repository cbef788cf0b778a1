// Package group waits for goroutines for no longer than somebody is patient.
package group

import (
	"context"
	"sync"
)

// Wait waits until all of a group are done. Where ctx ends before, Wait returns its
// error, and the group goes on.
func Wait(ctx context.Context, g *sync.WaitGroup) error {
	done := make(chan struct{})
	go func() { g.Wait(); close(done) }()
	select {
	case <-done:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
