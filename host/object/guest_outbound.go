package object

import (
	"github.com/cairn-dev/cairn/host/event"
	"github.com/cairn-dev/cairn/host/hostfunc"
)

var _ hostfunc.Outbound = (*Guest)(nil)

// FetchSend sends a request out of the host, once everything that the guest
// has seen is durable: the outside must not learn what could be lost.
func (g *Guest) FetchSend(request, dst []byte) ([]byte, error) {
	outbound := g.Version.Outbound
	if outbound == nil {
		return nil, event.ErrNoOutbound
	}
	if err := g.maySend(); err != nil {
		return nil, err
	}
	g.input = append(g.input[:0], request...) // memory may grow while it runs
	return outbound.Fetch(g.Budget, g.Seen, g.input, dst)
}
