package storage

import (
	"runtime"
	"runtime/metrics"
	"sync"
	"time"
)

// Where goroutines queue for the processors, a sync takes one of them from what
// would commit next; and the later it is, the more commits it makes durable.
// Nobody gains from the next one starting at once then: who waits for it would
// wait for a processor otherwise. Measured on two processors, three runs in turn:
// with 64 clients of one object 4 to 14 % more requests and a twelfth less
// processor time for each, with 16 as many as before, with 8 and 1 no pause.
const (
	// syncPause is how long the log waits between two syncs in such a crowd:
	// about as long as a sync takes. Twice that costs 16 clients a tenth.
	syncPause = 500 * time.Microsecond
	// crowd is how many goroutines must queue for each processor. Clients too
	// few to fill such a queue would only wait.
	crowd = 2
)

// runnable is the runtime's count of goroutines that wait for a processor.
const runnable = "/sched/goroutines/runnable:goroutines"

// pacer says how long the log waits between two syncs.
type pacer struct {
	mu     sync.Mutex
	sample [1]metrics.Sample
}

func newPacer() *pacer { return &pacer{sample: [1]metrics.Sample{{Name: runnable}}} }

// interval is pebble's WALMinSyncInterval: it is asked after each sync how long
// the next one has to wait.
func (p *pacer) interval() time.Duration {
	p.mu.Lock()
	defer p.mu.Unlock()
	metrics.Read(p.sample[:])
	v := p.sample[0].Value
	if v.Kind() == metrics.KindUint64 && v.Uint64() >= uint64(crowd*runtime.GOMAXPROCS(0)) {
		return syncPause
	}
	return 0
}
