package main

import (
	"context"
	"math"
	"os"
	"runtime/debug"
	"runtime/metrics"
	"time"

	"github.com/cairn-dev/cairn/host/account"
)

// heapBase returns what Go has in memory for a host that has just started, in bytes,
// besides what the account counts.
func heapBase(a *account.Account) int64 {
	debug.FreeOSMemory() // what compiling has left
	sample := []metrics.Sample{{Name: "/memory/classes/total:bytes"},
		{Name: "/memory/classes/heap/released:bytes"}}
	metrics.Read(sample)
	const atLeast = 16 << 20 // what calls take that are too small to be counted
	return max(int64(sample[0].Value.Uint64()-sample[1].Value.Uint64())-onHeap(a), 0) + atLeast
}

// onHeap is what of the account is in Go's heap.
func onHeap(a *account.Account) int64 {
	return a.Total() - a.Used(account.Memories) - a.Used(account.Images) - a.Used(account.Code)
}

// heapLimit is what Go may have in memory, so that the process stays near the
// budget: without a limit the collector lets garbage come to as much again as is in
// use. What lies outside Go's heap, memories and code, leaves the rest of the budget.
// Whatever was granted it must be able to hold, with some room: a limit below what
// is in use would only keep the collector busy.
func heapLimit(a *account.Account, base int64) int64 {
	outside := a.Used(account.Memories) + a.Used(account.Images) + a.Used(account.Code)
	return base + max(a.Budget()-outside, onHeap(a))/8*9
}

// governHeap keeps Go's memory limit at what the account leaves, until ctx is done.
// Who has set GOMEMLIMIT knows better.
func governHeap(ctx context.Context, a *account.Account) {
	if os.Getenv("GOMEMLIMIT") != "" {
		return
	}
	const every = 50 * time.Millisecond
	base := heapBase(a)
	ticker := time.NewTicker(every)
	defer ticker.Stop()
	defer debug.SetMemoryLimit(math.MaxInt64)
	for set := int64(0); ; {
		// Setting it costs a look at the whole heap's state, so small changes do not.
		if limit := heapLimit(a, base); max(limit-set, set-limit) > set/64 {
			debug.SetMemoryLimit(limit)
			set = limit
		}
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
	}
}
