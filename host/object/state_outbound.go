package object

import (
	"bytes"

	"github.com/cairn-dev/cairn/host/hostfunc"
)

var _ hostfunc.Outbound = (*State)(nil)

// FetchSend implements hostfunc.Outbound.
func (s *State) FetchSend(request, dst []byte) ([]byte, error) {
	if len(s.critical) > 0 {
		request = bytes.Clone(request)
		return s.sectionOut(dst, func(g *Guest) ([]byte, error) { return g.FetchSend(request, nil) })
	}
	return s.callOut(func() ([]byte, error) { return s.Guest.FetchSend(request, dst) })
}
