package account

import (
	"context"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"github.com/cairn-dev/cairn/host/internal/fifo"
)

// Kind is what memory is used for.
type Kind uint8

// The kinds.
const (
	// Code is compiled code, and what compiling it takes.
	Code Kind = iota
	// Images are modules' images, one a version.
	Images
	// Memories are linear memories.
	Memories
	// Instances are tables, globals, and what else an instance takes.
	Instances
	// Stacks are guests' stacks that have grown.
	Stacks
	// SetAside is the memory of objects that have no instance.
	SetAside
	// Batches are writes that are not in the store's own buffers yet.
	Batches
	// Requests are inputs and answers: bodies, arguments, results, also of
	// requests that guests send out.
	Requests
	// Store is what the store keeps: its cache and memtables.
	Store
	// NumKinds is how many kinds there are.
	NumKinds
)

var kindNames = [NumKinds]string{
	Code: "code", Images: "images", Memories: "memories", Instances: "instances", Stacks: "stacks",
	SetAside: "set_aside", Batches: "batches", Requests: "requests", Store: "store",
}

// String returns the kind's name, as metrics have it.
func (k Kind) String() string { return kindNames[k] }

// Patience is how long somebody waits who holds other things meanwhile: a guest
// whose memory grows, say. It is time enough to give back what can be, and too
// little for callers to queue behind.
const Patience = time.Second

// Account counts memory against a budget. Its methods may be called by many
// goroutines at once, with any lock held except as they say.
type Account struct {
	budget int64
	total  atomic.Int64
	used   [NumKinds]atomic.Int64
	// refused counts what was refused, by kind.
	refused [NumKinds]atomic.Int64

	pressure chan struct{} // has room for one
	queued   atomic.Int64  // bytes that waiters want; above 0 while there are any

	mu      sync.Mutex
	waiters fifo.Queue[*waiter]
}

// waiter is somebody who waits for bytes of a kind.
type waiter struct {
	kind  Kind
	bytes int64
	ready chan struct{} // closed once it has them
}

// New makes an account of a budget in bytes.
func New(budget int64) *Account {
	return &Account{budget: budget, pressure: make(chan struct{}, 1)}
}

// Budget returns how many bytes there are; 0 is no bound.
func (a *Account) Budget() int64 {
	if a == nil {
		return 0
	}
	return a.budget
}

// Used returns how many bytes a kind has.
func (a *Account) Used(k Kind) int64 {
	if a == nil {
		return 0
	}
	return a.used[k].Load()
}

// Refused returns how often somebody was refused bytes of a kind.
func (a *Account) Refused(k Kind) int64 {
	if a == nil {
		return 0
	}
	return a.refused[k].Load()
}

// Total returns how many bytes are taken, of all kinds.
func (a *Account) Total() int64 {
	if a == nil {
		return 0
	}
	return a.total.Load()
}

// Free returns how many bytes are left; below zero where more was counted than
// there is, see Count.
func (a *Account) Free() int64 {
	if a == nil {
		return 1 << 60
	}
	return a.budget - a.total.Load()
}

// Count counts bytes that are there whether the budget has them or not; below
// zero, it gives back. Only what is bounded elsewhere may be counted like this.
func (a *Account) Count(k Kind, bytes int64) {
	switch {
	case a == nil || bytes == 0:
	case bytes > 0:
		a.used[k].Add(bytes)
		if a.total.Add(bytes) > a.budget {
			a.press()
		}
	default:
		a.Release(k, -bytes)
	}
}

// Try takes bytes if they are there, and reports whether they were. It neither
// waits nor lets anything be given back.
func (a *Account) Try(k Kind, bytes int64) bool {
	if a == nil {
		return true
	}
	if a.total.Add(bytes) > a.budget {
		a.total.Add(-bytes)
		return false
	}
	a.used[k].Add(bytes)
	return true
}

// Take takes bytes. Where they are not there it lets others give back, and waits
// for that as long as Patience: no lock may be held. The error is an *Error.
func (a *Account) Take(k Kind, bytes int64) error {
	if a.Try(k, bytes) {
		return nil
	}
	ctx, cancel := context.WithTimeout(context.Background(), Patience)
	defer cancel()
	return a.Wait(ctx, k, bytes)
}

// Wait takes bytes, and waits for them until ctx is done. Those who wait are
// served in turn. No lock may be held. The error is an *Error: bytes that the
// budget will never have are refused at once.
func (a *Account) Wait(ctx context.Context, k Kind, bytes int64) error {
	if a == nil || a.queued.Load() == 0 && a.Try(k, bytes) {
		return nil
	}
	if bytes > a.budget-a.used[Store].Load() {
		return a.refuse(k, bytes)
	}
	w := &waiter{kind: k, bytes: bytes, ready: make(chan struct{})}
	a.mu.Lock()
	a.waiters.Push(w)
	a.queued.Add(bytes)
	a.serveLocked() // what was given back since Try
	a.mu.Unlock()
	a.press()
	select {
	case <-w.ready:
		return nil
	case <-ctx.Done():
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.waiters.Remove(func(other *waiter) bool { return other == w }) == nil {
		return nil // served meanwhile
	}
	err := a.refuse(k, bytes)
	a.queued.Add(-bytes)
	a.serveLocked() // whoever is behind may want less
	return err
}

// Move says that bytes which were taken are of another kind.
func (a *Account) Move(from, to Kind, bytes int64) {
	if a != nil {
		a.used[from].Add(-bytes)
		a.used[to].Add(bytes)
	}
}

// Release gives bytes back.
func (a *Account) Release(k Kind, bytes int64) {
	if a == nil || bytes == 0 {
		return
	}
	a.used[k].Add(-bytes)
	a.total.Add(-bytes)
	if a.queued.Load() > 0 {
		a.mu.Lock()
		a.serveLocked()
		a.mu.Unlock()
	}
}

// serveLocked gives waiters what they want, as far as it goes. mu must be held.
func (a *Account) serveLocked() {
	for w := a.waiters.First(); w != nil && a.Try(w.kind, w.bytes); w = a.waiters.First() {
		a.waiters.Pop()
		a.queued.Add(-w.bytes)
		close(w.ready)
	}
}

func (a *Account) refuse(k Kind, bytes int64) error {
	a.refused[k].Add(1)
	return &Error{Kind: k, Wanted: bytes, Free: max(a.Free(), 0), Budget: a.budget}
}

// press says that something has to be given back.
func (a *Account) press() {
	select {
	case a.pressure <- struct{}{}:
	default:
	}
}

// Pressure gives a value when something is wanted that is not there. One goroutine
// listens, and gives back what it can until Total is Goal.
func (a *Account) Pressure() <-chan struct{} {
	if a == nil {
		return nil
	}
	return a.pressure
}

// Short reports whether somebody wants bytes that are not there.
func (a *Account) Short() bool {
	return a != nil && (a.queued.Load() > 0 || a.total.Load() > a.budget)
}

// Goal is what Total has to come down to for all who wait, and a little more, so
// that the next one finds something.
func (a *Account) Goal() int64 { return max(a.budget-a.budget/32-a.queued.Load(), 0) }

// Error says that the host has not the memory for something.
type Error struct {
	Kind         Kind
	Wanted       int64
	Free, Budget int64
}

func (e *Error) Error() string {
	return fmt.Sprintf("account: no memory: %s for %s are not there, %s of %s are left "+
		"(see --memory)",
		Size(e.Wanted), e.Kind, Size(e.Free), Size(e.Budget))
}

// Size writes a number of bytes for people, like 12.5 MiB.
func Size(bytes int64) string {
	units := []string{"B", "KiB", "MiB", "GiB", "TiB"}
	value, unit := float64(bytes), 0
	for value >= 1024 && unit < len(units)-1 {
		value, unit = value/1024, unit+1
	}
	if value == float64(int64(value)) || value >= 100 {
		return fmt.Sprintf("%.0f %s", value, units[unit])
	}
	return fmt.Sprintf("%.1f %s", value, units[unit])
}
