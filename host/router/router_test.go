package router_test

import (
	"context"
	"errors"
	"testing"

	"github.com/cairn-dev/cairn/abi"
	"github.com/cairn-dev/cairn/abi/wire"
	"github.com/cairn-dev/cairn/host/event"
	"github.com/cairn-dev/cairn/host/gate"
	"github.com/cairn-dev/cairn/host/placement"
	"github.com/cairn-dev/cairn/host/router"
)

// cluster is a Placement that gives one answer, and loses it when told.
type cluster struct {
	lease placement.Lease
	lost  bool
}

func (c *cluster) Locate(abi.ID) placement.Lease { return c.lease }
func (c *cluster) Valid(l placement.Lease) bool  { return !c.lost && l == c.lease }
func (c *cluster) lose()                         { c.lost = true }

// node is a Sender that answers with what is appended to dst.
type node struct {
	asked int
	err   error
	then  func()
	seen  gate.Mark // what the object was told of
}

func (n *node) Send(_ context.Context, e *event.Event, dst []byte) (event.Reply, error) {
	n.asked++
	n.seen = e.Seen
	if n.then != nil {
		n.then()
	}
	return event.Reply{Output: append(dst, "secret"...), Seen: gate.At(uint64(7))}, n.err
}

// TestSend wants an object's answer only from the node that owns it. When the node
// loses it during the call, neither the answer nor the error leaves, and nothing that the
// object sends out by itself.
func TestSend(t *testing.T) {
	thrown := errors.New("thrown")
	for _, c := range []struct {
		name    string
		place   *cluster
		err     error // the object's
		lose    bool  // during the call
		asked   int
		output  string
		refused bool // by the router
		kept    bool // by the gate
	}{
		{"here", &cluster{lease: placement.Lease{Epoch: 3}}, nil, false, 1,
			"dst:secret", false, false},
		{"here, failed", &cluster{lease: placement.Lease{Epoch: 3}}, thrown, false, 1,
			"dst:secret", false, false},
		{"elsewhere", &cluster{lease: placement.Lease{Node: "b", Epoch: 3}}, nil, false, 0,
			"dst:", true, false},
		{"lost", &cluster{lease: placement.Lease{Epoch: 3}}, nil, true, 1,
			"dst:secret", false, true},
		{"lost and failed", &cluster{lease: placement.Lease{Epoch: 3}}, thrown, true, 1,
			"dst:secret", false, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			n := &node{err: c.err}
			if c.lose {
				n.then = c.place.lose
			}
			r := router.Router{Placement: c.place, Local: n}
			reply, err := r.Send(t.Context(), &event.Event{}, []byte("dst:"))
			if n.asked != c.asked || string(reply.Output) != c.output {
				t.Errorf("asked %d times, answered %q", n.asked, reply.Output)
			}
			// What the call wrote is still what the error could tell of.
			if want := 7 * c.asked; int(reply.Seen.Seq()) != want {
				t.Errorf("sequence %d, want %d", reply.Seen.Seq(), want)
			}
			out := gate.New(func(context.Context, uint64) error { return nil }, c.place)
			for what, seen := range map[string]gate.Mark{"answer": reply.Seen, "rest": n.seen} {
				if err := out.Pass(t.Context(), seen); errors.Is(err, gate.ErrMoved) != c.kept {
					t.Errorf("the gate says %v of the %s, want it kept: %v", err, what, c.kept)
				}
			}
			var e *event.Error
			switch {
			case !c.refused && err != c.err:
				t.Errorf("error %v, want %v", err, c.err)
			case c.refused && (!errors.As(err, &e) ||
				e.Flags != wire.ErrorRetryable|wire.ErrorReset):
				t.Errorf("error %v, want a retryable one", err)
			}
		})
	}
}
