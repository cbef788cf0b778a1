package hostfunc

import (
	"time"

	"github.com/cairn-dev/cairn/abi"
)

// System is what a guest's WASI sees of the world.
type System struct {
	Now    func() time.Time // the wall clock
	Random func(buf []byte) // fills buf

	// Wrap and Enter let somebody stand between guests and host, such as a test
	// or a trace. Wrap is called once for each function of the ABI and returns
	// what takes its place. Enter is called each time that the host calls an
	// export; enter does so, and its results are to be returned. Default none.
	Wrap  func(name string, run Function) Function
	Enter func(c *Call, export string, enter func() (abi.Status, error)) (abi.Status, error)
}

// World is a System in use: one for all guests of an engine.
type World struct {
	System
	start     time.Time  // what every guest's monotonic clock counts from
	functions []Function // what Wrap gave for each of functions
}

// NewWorld begins the time of a System, and calls its Wrap.
func NewWorld(s System) *World {
	// The time is taken here, as a test's bubble has one of its own. Go's runtime
	// does not start at zero.
	w := &World{System: s, start: time.Now().Add(-time.Second)}
	for _, f := range functions {
		run := f.run
		if s.Wrap != nil {
			run = s.Wrap(f.Name, run)
		}
		w.functions = append(w.functions, run)
	}
	return w
}

// now is what a clock shows: 0 the wall clock, otherwise the monotonic one.
func (w *World) now(clock uint32) time.Duration {
	if clock == 0 {
		return time.Duration(w.Now().UnixNano())
	}
	return time.Since(w.start)
}
