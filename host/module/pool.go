package module

import (
	"context"
	"sync"
)

// pool has the instances that nobody uses, all of which hold the image, and counts
// those that somebody does. Once it is closed and the last one has come back, what they
// share is given back.
type pool struct {
	begin func(context.Context) (*Instance, error) // makes an instance
	free  func()                                   // gives back what they share; called once

	mu      sync.Mutex
	idle    []*Instance // the last one was used last
	spare   int         // the fewest idle ones since Trim last looked
	out     int         // instances that Get handed out
	buffers [][]byte    // for Suspend
	retired bool        // Close was called: nothing is kept
	freed   bool
}

// maxIdle bounds a pool's idle instances. More of them cost more in cache misses
// than they save, as the last one used is taken first.
const maxIdle = 128

// Get returns an instance that nobody else has and that holds the image.
func (p *pool) Get(ctx context.Context) (*Instance, error) {
	i, err := p.get(ctx)
	if err != nil {
		p.giveBack(nil)
	}
	return i, err
}

func (p *pool) get(ctx context.Context) (*Instance, error) {
	p.mu.Lock()
	p.out++
	if p.retired {
		p.mu.Unlock()
		return nil, ErrRetired
	}
	i := p.takeLocked()
	p.mu.Unlock()
	if i == nil {
		return p.begin(ctx)
	}
	if err := i.Hold(); err != nil {
		i.Close()
		return nil, err
	}
	return i, nil
}

// Ready returns an instance as Get does if there is one that costs nothing: neither
// time nor memory. Otherwise nil.
func (p *pool) Ready() *Instance {
	p.mu.Lock()
	defer p.mu.Unlock()
	n := len(p.idle)
	if n == 0 || p.retired || !p.idle[n-1].mem.holds() {
		return nil
	}
	p.out++
	return p.takeLocked()
}

// takeLocked takes the idle instance that was used last; nil if there is none.
func (p *pool) takeLocked() *Instance {
	n := len(p.idle) - 1
	if n < 0 {
		return nil
	}
	i := p.idle[n]
	p.idle[n] = nil
	p.idle = p.idle[:n]
	p.spare = min(p.spare, n)
	return i
}

// Put takes an instance back. Whatever it holds is gone.
func (p *pool) Put(i *Instance) {
	if i.broken || i.image.file == nil {
		p.Discard(i)
		return
	}
	if err := i.Reset(); err != nil {
		i.engine().options.Logger.Debug("instance not reused", "error", err)
		p.Discard(i)
		return
	}
	p.giveBack(i)
}

// Release takes back an instance that Suspend has just reset.
func (p *pool) Release(i *Instance) { p.giveBack(i) }

// Discard takes back an instance that nobody can use any more.
func (p *pool) Discard(i *Instance) {
	i.Close()
	p.giveBack(nil)
}

// giveBack ends one hand-out of Get. i is clean, or nil when it is gone.
func (p *pool) giveBack(i *Instance) {
	p.mu.Lock()
	p.out--
	keep := i != nil && !p.retired && i.Current() && len(p.idle) < maxIdle
	if keep {
		p.idle = append(p.idle, i)
	}
	last := p.lastLocked()
	p.mu.Unlock()
	if i != nil && !keep {
		i.Close()
	}
	if last {
		p.free()
	}
}

// lastLocked reports, once, that nobody will use an instance any more.
func (p *pool) lastLocked() bool {
	last := p.retired && p.out == 0 && !p.freed
	p.freed = p.freed || last
	return last
}

// Close gives back the idle instances at once, and what all of them share when the
// last one in use has come back.
func (p *pool) Close() {
	p.mu.Lock()
	idle := p.idle
	p.idle, p.retired = nil, true
	last := p.lastLocked()
	p.mu.Unlock()
	for _, i := range idle {
		i.Close()
	}
	if last {
		p.free()
	}
}

// takeIdle takes all idle instances out.
func (p *pool) takeIdle() (idle []*Instance) {
	p.mu.Lock()
	defer p.mu.Unlock()
	idle, p.idle = p.idle, nil
	return idle
}

func (p *pool) isRetired() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.retired
}

// scratch returns a buffer for Suspend; keepScratch takes it back.
func (p *pool) scratch() []byte {
	p.mu.Lock()
	defer p.mu.Unlock()
	if n := len(p.buffers); n > 0 {
		b := p.buffers[n-1]
		p.buffers = p.buffers[:n-1]
		return b[:0]
	}
	return nil
}

func (p *pool) keepScratch(b []byte) {
	const maxBytes, maxBuffers = 1 << 20, 4
	p.mu.Lock()
	defer p.mu.Unlock()
	if cap(b) <= maxBytes && len(p.buffers) < maxBuffers {
		p.buffers = append(p.buffers, b)
	}
}
