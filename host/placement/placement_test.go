package placement_test

import (
	"testing"

	"github.com/cairn-dev/cairn/abi"
	"github.com/cairn-dev/cairn/host/placement"
)

// TestLocal wants every object here, for good, and no lease but its own.
func TestLocal(t *testing.T) {
	var p placement.Placement = placement.Local{}
	for _, id := range []abi.ID{{}, {1}, {31: 255}} {
		l := p.Locate(id)
		if l.Node != "" || l.Epoch != 1 {
			t.Errorf("%s: %+v", id, l)
		}
		if !p.Valid(l) {
			t.Errorf("%s: its own lease is not valid", id)
		}
	}
	for _, l := range []placement.Lease{{}, {Epoch: 2}, {Node: "other", Epoch: 1}} {
		if p.Valid(l) {
			t.Errorf("%+v is valid", l)
		}
	}
}
