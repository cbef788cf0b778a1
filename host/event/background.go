package event

import (
	"context"
	"sync"
	"sync/atomic"

	"github.com/cairn-dev/cairn/host/internal/group"
)

// Background is what the guests of a room do after their answers. A guest asks for it
// in rounds, each of which may ask for one more.
type Background struct {
	running sync.WaitGroup
	closing atomic.Bool
}

// Go runs the rounds of one call while its answer goes.
func (b *Background) Go(rounds func()) { b.running.Go(rounds) }

// Spend takes a round out of the budget of what the call is part of, as a call would
// be. round counts from 0. Beside the budget's errors it gives ErrClosing after Close:
// what was asked for by then runs, and no more.
func (b *Background) Spend(budget *Budget, round int) error {
	if round > 0 && b.closing.Load() {
		return ErrClosing
	}
	return budget.Spend()
}

// Close waits until no round runs. Where ctx is done before, it returns ctx's error.
func (b *Background) Close(ctx context.Context) error {
	b.closing.Store(true)
	return group.Wait(ctx, &b.running)
}
