// Package gate is the output gate: what has seen a write leaves the node when that
// write is durable, and only from the node that owns what it saw.
//
// There are two types. A [Mark] is what an answer could tell of; it goes along with
// every call and every reply, and grows as they see more. The [Gate] is what stands
// before the way out. It does not know what leaves, and keeps nothing.
package gate

import (
	"context"
	"errors"
	"fmt"

	"github.com/cairn-dev/cairn/host/placement"
)

// Mark is how much of the log an answer could tell of, and under which lease it was
// made. Its zero value tells of nothing. It is a value: two of them that are equal
// are the same.
type Mark struct {
	seq   uint64          // the newest write
	epoch placement.Epoch // of the oldest lease; 0: no object was asked
}

// At returns the mark of a write's place in the log.
func At[S ~uint64](seq S) Mark { return Mark{seq: uint64(seq)} }

// Seq returns the newest write's place in the log.
func (m Mark) Seq() uint64 { return m.seq }

// Join returns the mark of what could tell of both.
func (m Mark) Join(n Mark) Mark {
	m.seq = max(m.seq, n.seq)
	if m.epoch == 0 || n.epoch != 0 && n.epoch < m.epoch {
		m.epoch = n.epoch
	}
	return m
}

// Beyond reports whether m tells of a write that n does not tell of.
func (m Mark) Beyond(n Mark) bool { return m.seq > n.seq }

// Under returns the mark of an answer that was made under the lease.
func (m Mark) Under(l placement.Lease) Mark { return m.Join(Mark{epoch: l.Epoch}) }

// ErrMoved says that the node has lost what an answer tells of: whoever asked has to
// ask again.
var ErrMoved = errors.New("gate: another node owns what was asked")

// Gate is the way out of a node. Its methods may be called by many goroutines.
type Gate struct {
	durable func(ctx context.Context, seq uint64) error
	leases  placement.Placement
}

// New makes the gate of a node. wait returns nil when the node's log is durable up to
// a place in it, and an error when that will never be known.
func New[S ~uint64](wait func(context.Context, S) error, leases placement.Placement) *Gate {
	return &Gate{leases: leases, durable: func(ctx context.Context, seq uint64) error {
		return wait(ctx, S(seq))
	}}
}

// Pass returns nil when what m is of may leave: the log is durable up to it, and then,
// as that takes its time, the node still owns what it was made under. The error wraps
// wait's, or is ErrMoved.
func (g *Gate) Pass(ctx context.Context, m Mark) error {
	if err := g.durable(ctx, m.seq); err != nil {
		return fmt.Errorf("output gate: %w", err)
	}
	if m.epoch != 0 && !g.leases.Valid(placement.Lease{Epoch: m.epoch}) {
		return fmt.Errorf("output gate: %w", ErrMoved)
	}
	return nil
}
