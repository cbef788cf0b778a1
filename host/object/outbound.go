package object

import (
	"bytes"

	"github.com/cairn-dev/cairn/host/hostfunc"
)

var _ hostfunc.Outbound = (*turn)(nil)

// FetchSend implements hostfunc.Outbound.
func (t *turn) FetchSend(request, dst []byte) ([]byte, error) {
	if len(t.critical) > 0 {
		request = bytes.Clone(request)
		return t.sectionOut(dst, func(g *Guest) ([]byte, error) {
			return g.FetchSend(request, nil)
		})
	}
	return t.callOut(func() ([]byte, error) { return t.Guest.FetchSend(request, dst) })
}
