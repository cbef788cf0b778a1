package observe

import (
	"sync"
	"time"
)

// bucket lets so much through in a second, and burst at once. It must not be
// copied after its first use.
type bucket struct {
	rate, burst float64

	mu     sync.Mutex
	left   float64
	at     time.Time
	missed int // not let through since it was last told
	told   bool
}

// tellAfter is how long after the first record that was not let through somebody
// is told how many there were.
const tellAfter = time.Second

func newBucket(rate, burst float64) bucket { return bucket{rate: rate, burst: burst, left: burst} }

// take reports whether so much may pass. Of what may not, tell learns the number,
// tellAfter later.
func (b *bucket) take(cost float64, tell func(missed int)) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	now := time.Now()
	if !b.at.IsZero() {
		b.left = min(b.burst, b.left+b.rate*now.Sub(b.at).Seconds())
	}
	b.at = now
	if cost <= b.left {
		b.left -= cost
		return true
	}
	b.missed++
	if !b.told {
		b.told = true
		time.AfterFunc(tellAfter, func() { tell(b.reckon()) })
	}
	return false
}

// reckon returns how many were missed, and begins anew.
func (b *bucket) reckon() int {
	b.mu.Lock()
	defer b.mu.Unlock()
	n := b.missed
	b.missed, b.told = 0, false
	return n
}

// full reports whether the bucket is as good as new.
func (b *bucket) full() bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	return !b.told && b.left+b.rate*time.Since(b.at).Seconds() >= b.burst
}
