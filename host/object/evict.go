package object

import (
	"context"
	"time"
)

// Time in ticks: an activation notes the tick of its last call, which costs
// nothing, and is idle for long enough after idleTicks.
const idleTicks = 8

// Sweep evicts idle activations until ctx is done.
func (o *Objects) Sweep(ctx context.Context) {
	ticker := time.NewTicker(max(o.options.EvictIdle/idleTicks, time.Millisecond))
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
			now := o.ticks.Add(1)
			for i := range o.shards {
				o.shards[i].evict(now)
			}
		}
	}
}

// evict ends the activations that have been idle for long enough.
func (s *shard) evict(now uint32) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for id, a := range s.activations {
		if !a.mu.TryLock() {
			continue
		}
		if now-a.lastTick > idleTicks && a.evictable() {
			a.gone = true
			a.forget()
			delete(s.activations, id)
		}
		a.mu.Unlock()
	}
}

// evictable reports whether nothing would be lost or shown too early: a fresh
// activation starts from storage without knowing what this one has seen. mu
// must be held.
func (a *Activation) evictable() bool {
	return a.top == nil && a.mailbox.len() == 0 && a.seq <= a.objects.options.Store.Durable()
}
