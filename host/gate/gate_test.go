package gate_test

import (
	"context"
	"errors"
	"testing"

	"github.com/cairn-dev/cairn/abi"
	"github.com/cairn-dev/cairn/host/gate"
	"github.com/cairn-dev/cairn/host/placement"
)

func at(seq uint64) gate.Mark { return gate.At(seq) }

// TestJoin wants a join to tell of all that both tell of, whichever comes first.
func TestJoin(t *testing.T) {
	under := func(seq, epoch uint64) gate.Mark {
		return gate.At(seq).Under(placement.Lease{Epoch: placement.Epoch(epoch)})
	}
	for _, c := range []struct{ a, b, want gate.Mark }{
		{gate.Mark{}, gate.Mark{}, gate.Mark{}},
		{at(3), gate.Mark{}, at(3)},
		{at(3), at(5), at(5)},
		{under(3, 2), at(5), under(5, 2)},
		{under(3, 2), under(2, 1), under(3, 1)}, // the lease that ends first counts
	} {
		if got := c.a.Join(c.b); got != c.want {
			t.Errorf("%+v joined with %+v is %+v, want %+v", c.a, c.b, got, c.want)
		}
		if got := c.b.Join(c.a); got != c.want {
			t.Errorf("%+v joined with %+v is %+v, want %+v", c.b, c.a, got, c.want)
		}
	}
	if at(3).Beyond(at(3)) || !at(4).Beyond(at(3)) {
		t.Error("3 is beyond 3, or 4 is not")
	}
}

// leases is a Placement that has the epochs up to and with one ended.
type leases struct{ ended placement.Epoch }

func (leases) Locate(abi.ID) placement.Lease { panic("not for the gate") }

func (l *leases) Valid(lease placement.Lease) bool { return lease.Epoch > l.ended }

// TestPass wants the log to be asked before the lease: the lease that ends while an
// answer waits for the log keeps the answer in.
func TestPass(t *testing.T) {
	broken := errors.New("the disk is gone")
	for _, c := range []struct {
		name string
		mark gate.Mark
		wait func(*leases) error
		want error
	}{
		{"nothing was seen", gate.Mark{}, func(*leases) error { return nil }, nil},
		{"durable and owned", at(7).Under(placement.Lease{Epoch: 1}), func(*leases) error {
			return nil
		}, nil},
		{"the log fails", at(7), func(*leases) error { return broken }, broken},
		{"the lease ends meanwhile", at(7).Under(placement.Lease{Epoch: 1}),
			func(l *leases) error { l.ended = 1; return nil }, gate.ErrMoved},
		{"no object was asked", at(7), func(l *leases) error { l.ended = 9; return nil }, nil},
	} {
		l := &leases{}
		asked := uint64(0)
		g := gate.New(func(_ context.Context, seq uint64) error {
			asked = seq
			return c.wait(l)
		}, l)
		if err := g.Pass(t.Context(), c.mark); !errors.Is(err, c.want) {
			t.Errorf("%s: %v, want %v", c.name, err, c.want)
		}
		if asked != c.mark.Seq() {
			t.Errorf("%s: the log was asked for %d", c.name, asked)
		}
	}
}
