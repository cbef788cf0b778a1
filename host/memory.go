package host

import (
	"context"
	"time"

	"github.com/cairn-dev/cairn/host/account"
	"github.com/cairn-dev/cairn/host/storage"
)

// Account returns the runtime's account of memory.
func (r *Runtime) Account() *account.Account { return r.account }

// Busy returns how many requests Workers run, and how many wait for one to end.
func (r *Runtime) Busy() (busy, waiting int) { return r.workers.Busy() }

// storeMemory is what the store may keep in memory: its cache and each of its
// memtables. It is a part of the budget, and at most what the store wants.
func (r *Runtime) storeMemory() (cache, memTable int64) {
	const mib = 1 << 20
	budget := r.account.Budget()
	cache = min(max(budget/16, 1*mib), storage.DefaultCacheBytes)
	memTable = min(max(budget/64, 1*mib), storage.DefaultMemTableBytes)
	r.account.Count(account.Store, cache+storage.MemTables*memTable)
	return cache, memTable
}

// relieve gives memory back whenever somebody wants some that is not there, until
// ctx is done. What is in use now may be idle soon, so it looks again as long as
// somebody waits; looking takes a tenth of its time at most.
func (r *Runtime) relieve(ctx context.Context) {
	const again = 10 * time.Millisecond
	for {
		select {
		case <-ctx.Done():
			return
		case <-r.account.Pressure():
		}
		for r.account.Short() && ctx.Err() == nil {
			began := time.Now()
			r.relieveOnce()
			if !r.account.Short() {
				break
			}
			select {
			case <-ctx.Done():
			case <-time.After(max(again, 10*time.Since(began))):
			}
		}
	}
}

// relieveOnce gives back what is idle: first what costs least to have again.
func (r *Runtime) relieveOnce() {
	enough := func() bool { return r.account.Total() <= r.account.Goal() }
	for range 2 { // objects give instances back to the pools
		for _, s := range r.app.Serving().Scripts {
			for _, v := range s.Versions() {
				v.Program.Relieve(enough)
			}
		}
		r.objects.Relieve(enough)
	}
	if !enough() {
		r.server.Shed(r.account.Total() - r.account.Goal())
	}
}
