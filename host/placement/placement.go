// Package placement says which node owns an object.
//
// A [Lease] names the owner and the epoch that fences the one before. On one
// node there is nothing to decide: [Local] owns everything, in epoch 1, and
// never loses it. It stays out of serving calls; the router asks it.
package placement

import "github.com/cairn-dev/cairn/abi"

// Epoch numbers the owners of an object, one after another.
type Epoch uint64

// Node names a host; "" is this one.
type Node string

// Lease says who may activate an object.
type Lease struct {
	Node  Node
	Epoch Epoch
}

// Placement finds the owner of an object.
type Placement interface {
	// Locate is a hint: the owner itself checks.
	Locate(abi.ID) Lease
	// Valid reports whether a reply made under the lease may leave the node.
	Valid(Lease) bool
}

// Local is the Placement of a single node.
type Local struct{}

// Locate returns this node.
func (Local) Locate(abi.ID) Lease { return Lease{Epoch: 1} }

// Valid returns true: nobody else can have taken over.
func (Local) Valid(l Lease) bool { return l == Lease{Epoch: 1} }
