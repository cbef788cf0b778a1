package main

import (
	"context"
	"math"
	"os"
	"runtime/debug"
	"time"

	"github.com/cairn-dev/cairn/host/account"
)

// heapBase is what Go's heap may have besides what the account counts: cairn itself,
// what compiling leaves until it is collected, and what every call takes.
const heapBase = 64 << 20

// heapLimit is what Go may have in memory, so that the process stays near the
// budget: without a limit the collector lets garbage come to as much again as is in
// use. What lies outside Go's heap, memories and code, leaves the rest of the budget.
// Whatever was granted it must be able to hold, with some room: a limit below what
// is in use would only keep the collector busy.
func heapLimit(a *account.Account) int64 {
	outside := a.Used(account.Memories) + a.Used(account.Images) + a.Used(account.Code)
	inside := a.Total() - outside
	return heapBase + max(a.Budget()-outside, inside)/8*9
}

// governHeap keeps Go's memory limit at what the account leaves, until ctx is done.
// Who has set GOMEMLIMIT knows better.
func governHeap(ctx context.Context, a *account.Account) {
	if os.Getenv("GOMEMLIMIT") != "" {
		return
	}
	const every = 50 * time.Millisecond
	ticker := time.NewTicker(every)
	defer ticker.Stop()
	defer debug.SetMemoryLimit(math.MaxInt64)
	for set := int64(0); ; {
		// Setting it costs a look at the whole heap's state, so small changes do not.
		if limit := heapLimit(a); max(limit-set, set-limit) > set/64 {
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
