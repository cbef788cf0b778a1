package worker

import "github.com/cairn-dev/cairn/host/hostfunc"

var _ hostfunc.Outbound = (*call)(nil)

// FetchSend implements hostfunc.Outbound.
func (c *call) FetchSend(request, dst []byte) ([]byte, error) {
	c.workers.slots.lend()
	defer c.workers.slots.back()
	return c.Guest.FetchSend(request, dst)
}
