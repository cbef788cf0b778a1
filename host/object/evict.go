package object

import (
	"context"
	"time"
)

// Time in ticks: an activation notes the tick of its last call, which costs
// nothing, and is idle for long enough after idleTicks of them. The last of
// those nine intervals may be any part of a whole one.
const idleTicks = 9

// Sweep evicts idle activations until ctx is done.
func (o *Objects) Sweep(ctx context.Context) {
	ticker := time.NewTicker(max(o.options.EvictIdle/(idleTicks-1), time.Millisecond))
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
			now := o.ticks.Add(1)
			for i := range o.shards {
				o.shards[i].evict(now, idleTicks)
			}
			o.live.rest(now)
		case <-o.pressure:
			o.relieve()
		}
	}
}

// relieve evicts until set-aside memory is a tenth below its budget, those that
// were idle for longest first, as well as ticks can tell.
func (o *Objects) relieve() {
	goal := o.options.MemoryBudget / 10 * 9
	for idle := uint32(idleTicks); o.setAside.Load() > goal; idle-- {
		for i := range o.shards {
			if o.setAside.Load() <= goal {
				return
			}
			o.shards[i].evict(o.ticks.Load(), idle)
		}
		if idle == 0 {
			return // what is left is in use
		}
	}
}

// evict ends the activations whose last call is idle ticks ago, or more.
func (s *shard) evict(now, idle uint32) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for id, a := range s.activations {
		if !a.mu.TryLock() {
			continue
		}
		if now-a.lastTick >= idle && a.evictable() {
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
