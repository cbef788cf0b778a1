package hostfunc

import (
	"time"

	"github.com/cairn-dev/cairn/host/internal/clock"
)

// Deadline is a moment at which an entry ends, whatever it does: computing,
// sleeping, or waiting for others, which is up to the Host.
type Deadline struct {
	Time  time.Time
	Clock clock.Clock
	Err   error // what the entry ends with
}

// SetDeadline sets the entry's deadline; nil is none.
func (c *Call) SetDeadline(d *Deadline) { c.deadline = d }

// checkDeadline ends an entry whose time has come. It is called whenever a guest
// has used up a quantum.
func (c *Call) checkDeadline() {
	if d := c.deadline; d != nil && !d.Clock.Now().Before(d.Time) {
		panic(d.Err)
	}
}

// sleep is meter.sleep that a deadline ends.
func (c *Call) sleep(duration time.Duration) {
	c.leave()
	defer c.comeBack()
	c.leavePlace()
	d := c.deadline
	if d == nil {
		c.meter.sleep(duration, nil)
		return
	}
	fired, stop := d.Clock.At(d.Time)
	defer stop()
	if !c.meter.sleep(duration, fired) {
		panic(d.Err)
	}
}
