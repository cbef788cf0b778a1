package worker

import (
	"fmt"

	"github.com/cairn-dev/cairn/abi"
	"github.com/cairn-dev/cairn/host/hostfunc"
	"github.com/cairn-dev/cairn/host/observe"
	"github.com/cairn-dev/cairn/host/program"
)

var _ hostfunc.Background = (*call)(nil)

// BackgroundRequest implements hostfunc.Background.
func (c *call) BackgroundRequest() error {
	if !c.instance.Program().HasBackground() {
		return hostfunc.ErrForbidden
	}
	c.background = true
	return nil
}

// finish runs what the guest left for after its answer, and gives back what
// the call took.
func (c *call) finish() {
	for round := 0; c.background; round++ {
		c.background = false
		if err := c.workers.background.Spend(c.Budget, round); err != nil {
			c.logger().Warn("background work given up", "error", err)
			break
		}
		if _, threw, err := c.enter(program.Background, nil); err != nil || threw {
			if err == nil {
				err = fmt.Errorf("the guest gave %v", abi.StatusError)
			}
			c.logger().Warn("background work failed", observe.Failure(err, string(c.wrote))...)
			break
		}
	}
	c.background = false
	c.instance.Put()
	c.workers.slots.put()
	c.Budget.End()
	c.instance, c.Version, c.log, c.Budget = nil, nil, nil, nil
	c.Guest.Reuse()
	c.workers.calls.Put(c)
}
