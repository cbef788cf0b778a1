// Package router brings a request from wherever it begins to where its object
// answers.
//
// There is one type. A [Router] asks the placement who owns the object: here,
// then it is this node's objects that answer; elsewhere, then the request is
// refused, as there is no other node yet. It does not decide who owns what, nor
// whether an answer may leave: what it takes there and what it brings back bear
// the lease, for the gate.
package router

import (
	"context"
	"fmt"

	"github.com/cairn-dev/cairn/abi/wire"
	"github.com/cairn-dev/cairn/host/event"
	"github.com/cairn-dev/cairn/host/placement"
)

// Router is an event.Sender for objects anywhere.
type Router struct {
	Placement placement.Placement
	Local     event.Sender // this node's objects
}

// Send implements event.Sender. The event bears the lease as its answer does: what the
// object sends out of the node by itself has to pass the gate under it.
func (r *Router) Send(ctx context.Context, q *event.Event, dst []byte) (event.Reply, error) {
	lease := r.Placement.Locate(q.To.ID)
	if lease.Node != "" {
		return event.Reply{Output: dst}, elsewhere(lease)
	}
	q.Seen = q.Seen.Under(lease)
	reply, err := r.Local.Send(ctx, q, dst)
	reply.Seen = reply.Seen.Under(lease)
	return reply, err
}

func elsewhere(l placement.Lease) error {
	return &event.Error{
		Flags:   wire.ErrorRetryable | wire.ErrorReset,
		Message: fmt.Sprintf("Network connection lost. (the object moved to node %q)", l.Node),
	}
}
