package hostfunc

import (
	"context"
	"time"

	"github.com/tetratelabs/wazero"
	"github.com/tetratelabs/wazero/api"
)

// The names that the module rewriter gives to fuel. A guest cannot import or
// export them itself: the rewriter refuses it.
const (
	FuelModule   = "cairn_fuel"
	FuelFunction = "fuel_spent"
	FuelGlobal   = "cairn_fuel"
)

// FuelQuantum is what a guest may spend before the host looks at the clock, in
// units of about one instruction: 0.1 to 0.2 ms. Too little costs host
// calls. Too much makes the CPU limit coarse, and stops the host: Go's
// collector waits until each thread reaches Go code, which a guest that computes
// does here and nowhere else. See BenchmarkGCPause.
const FuelQuantum = 2_000_000

// buildFuel makes the function that an instrumented guest reaches when its
// counter is below zero.
func buildFuel(rt wazero.Runtime) wazero.HostModuleBuilder {
	return rt.NewHostModuleBuilder(FuelModule).NewFunctionBuilder().
		WithGoModuleFunction(api.GoModuleFunc(fuelSpent), nil, nil).Export(FuelFunction)
}

func fuelSpent(ctx context.Context, mod api.Module, _ []uint64) {
	if c := callOf(ctx); c != nil {
		c.look()
	}
	mod.ExportedGlobal(FuelGlobal).(api.MutableGlobal).Set(FuelQuantum)
}

// What host functions do is not in a guest's fuel: a loop of a dozen
// instructions around random_get would compute for hours before it had spent a
// quantum. So they count their own work, in bytes, and the host looks at the
// clock after workQuantum of it: a megabyte is copied in 0.1 ms, 250 calls that
// read a key take about as long.
const (
	workQuantum = 1 << 20
	callWork    = 4 << 10 // of a call, besides its bytes
)

// charge counts a call of a host function, before it does anything.
func (c *Call) charge() {
	c.meter.work += callWork
	if c.meter.work < workQuantum {
		return
	}
	c.meter.work = 0
	c.look()
}

// look is the host's look at the clock, after a quantum.
func (c *Call) look() {
	if c.meter.exceeded() {
		panic(ErrCPULimit)
	}
	c.watch()
	c.checkDeadline()
	c.share()
}

// watch lets the Watcher look.
func (c *Call) watch() {
	if c.watcher == nil {
		return
	}
	if err := c.watcher.Look(); err != nil {
		panic(err)
	}
}

// pause is before a wait for others: it is neither computing, nor does it keep
// others from that. resume is after it.
func (c *Call) pause() {
	c.watch()
	c.leave()
	c.meter.pause()
	c.leavePlace()
}

func (c *Call) resume() {
	c.meter.resume()
	c.comeBack()
}

// leave and comeBack tell the Watcher of a wait.
func (c *Call) leave() {
	if c.watcher != nil {
		c.watcher.Leave()
	}
}

func (c *Call) comeBack() {
	if c.watcher != nil {
		c.watcher.Return()
	}
}

// meter measures how long a call computes: from its first look at the clock,
// without the time between pause and resume. Calls that never spend a quantum
// never look, and pause costs them nothing.
type meter struct {
	work    uint64 // of host functions, since the last look at the clock
	limit   time.Duration
	started time.Time // zero before the first quantum is spent
	paused  time.Time
	waited  time.Duration
}

func (m *meter) exceeded() bool {
	if m.limit == 0 {
		return false
	}
	if m.started.IsZero() {
		m.started = time.Now()
		return false
	}
	return time.Since(m.started)-m.waited > m.limit
}

func (m *meter) pause() {
	if !m.started.IsZero() {
		m.paused = time.Now()
	}
}

func (m *meter) resume() {
	if !m.paused.IsZero() {
		m.waited += time.Since(m.paused)
		m.paused = time.Time{}
	}
}

// sleep waits for d as a part of computing, and ends the call where its limit
// would. It reports false if stop has come before.
func (m *meter) sleep(d time.Duration, stop <-chan time.Time) bool {
	left := d
	if m.limit > 0 {
		if m.started.IsZero() {
			m.started = time.Now()
		}
		left = max(m.limit-(time.Since(m.started)-m.waited), 0)
	}
	timer := time.NewTimer(min(d, left))
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-stop:
		return false
	}
	if m.limit > 0 && d >= left {
		panic(ErrCPULimit)
	}
	return true
}
