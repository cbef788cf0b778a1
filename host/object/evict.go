package object

import (
	"context"
	"time"
)

// maxTick is the most that a tick lasts. Time is counted in ticks: an activation
// notes the tick of its last call, which costs nothing.
const maxTick = time.Second

// ticks returns how long a tick is, and how many of them an object must be idle
// to be idle for EvictIdle: one more than fit in, as the first may be any part
// of a whole one.
func (o *Options) ticks() (tick time.Duration, idle uint32) {
	tick = min(max(o.EvictIdle/8, time.Millisecond), maxTick)
	return tick, uint32((o.EvictIdle+tick-1)/tick) + 1
}

// Sweep suspends and evicts idle activations until ctx is done.
func (o *Objects) Sweep(ctx context.Context) {
	tick, idle := o.options.ticks()
	ticker := time.NewTicker(tick)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
			now := o.ticks.Add(1)
			// A whole sweep takes half of the idle time, so that a million
			// activations are looked at seldom and a part at a time.
			sweep := max(idle/2, 1)
			for i := range o.shards {
				if uint32(i)%sweep == now%sweep {
					o.shards[i].evict(now, idle)
				}
			}
			o.live.rest(now)
		}
	}
}

// Relieve gives memory back until enough says so: what instances of idle objects
// have taken and do not use, then set-aside memory and instances of objects that were
// idle for longest, as well as ticks can tell.
func (o *Objects) Relieve(enough func() bool) {
	o.live.settle(enough)
	_, idle := o.options.ticks()
	for last := false; !last; idle /= 2 {
		last = idle == 0 // what is left then is in use
		for i := range o.shards {
			if enough() {
				return
			}
			o.shards[i].evict(o.ticks.Load(), idle)
		}
	}
}

// evict ends the activations whose last call is idle ticks ago, or more.
func (s *shard) evict(now, idle uint32) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for id, a := range s.activations {
		if a.evict(now, idle) {
			delete(s.activations, id)
		}
	}
}

// evict ends the activation, if that may be and its last call is idle ticks ago.
func (a *Activation) evict(now, idle uint32) bool {
	if !a.mu.TryLock() {
		return false
	}
	defer a.mu.Unlock()
	if now-a.lastTick < idle || !a.evictableLocked() {
		return false
	}
	a.endLocked()
	return true
}

// evictableLocked reports whether nothing would be lost or shown too early: a fresh
// activation starts from storage without knowing what this one has seen.
func (a *Activation) evictableLocked() bool {
	return a.restsLocked() && !a.seen.Beyond(a.objects.durable())
}
