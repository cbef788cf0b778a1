package program

import (
	"context"

	"github.com/cairn-dev/cairn/host/hostfunc"
)

// Program is used by many goroutines. Two are the same if they are equal.
type Program interface {
	// Hash names what the program was made of, in hex, and Size is its length in bytes.
	Hash() string
	Size() int
	// HasWorker reports whether the program answers requests by itself.
	HasWorker() bool
	// HasBackground reports whether it can go on after its answers, see Background.
	HasBackground() bool
	// Class returns what the program says of a class, and whether it has it.
	Class(name string) (c Class, ok bool)
	// Classes returns the names of its classes, in no order.
	Classes() []string
	// Suspends reports whether Instance.Suspend keeps what an instance holds.
	Suspends() bool

	// Get returns an instance that nobody else has and that holds nothing yet. It waits
	// for memory until ctx is done. After ErrRetired another program serves; after
	// ErrNoMemory there may be an instance later.
	Get(ctx context.Context) (Instance, error)
	// Ready returns an instance as Get does if there is one that costs nothing: neither
	// time nor memory. Otherwise nil.
	Ready() Instance

	// Trim gives back instances that a burst has left, slowly.
	Trim()
	// Relieve gives back what is held for instances to come, until enough says so.
	Relieve(enough func() bool)
	// Close retires the program: what it took is given back as its instances are.
	Close()
}

// Class is what a program says of a class.
type Class struct {
	Fetch bool // the class's objects answer requests
	Alarm bool // and handle alarms
}

// Instance is used by one goroutine at a time; entries into it nest strictly last in,
// first out. One of Put, Release and Discard gives it back.
type Instance interface {
	// Program returns what the instance runs.
	Program() Program

	// Enter runs an entry with the input of c, which has begun; c.Output is what it
	// gave. threw says that this is the wire.Error of the program's own code. After an
	// error the instance is broken: it is one of this package's, an error that the
	// host ended the entry with, or one that the caller is to be told of as it is.
	Enter(c *hostfunc.Call, e Entry) (threw bool, err error)

	// Hold takes from the account what entries may come to need, and Settle gives back
	// what the instance does not use. Between Settle and Hold nothing may be entered.
	// An instance that Get returned holds.
	Hold() error
	Settle()

	// Current reports whether a new instance would run no faster.
	Current() bool

	// Suspend sets what the instance holds aside, and leaves it as Get returned it.
	// spare is a state that is no longer needed, to be used again; it may be nil.
	// The state is nil where the host has no memory for it: what was held is lost
	// then. After an error the instance must be discarded; the state is good.
	Suspend(spare State) (State, error)
	// Resume gives the instance, as Get returned it, what was set aside. After an
	// error it must be discarded.
	Resume(State) error

	// Break says that nobody knows what the instance holds: it is not used again.
	Break()
	// Put gives the instance back, whatever it holds.
	Put()
	// Release gives back an instance that Suspend has just left.
	Release()
	// Discard gives back an instance that nobody can use any more.
	Discard()
}

// State is what an instance held.
type State interface {
	// Program returns what the instance ran.
	Program() Program
	// Free gives back what the state takes.
	Free()
}
