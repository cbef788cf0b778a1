// Command ledger is a counter for random tests: it counts in storage, counts
// its calls in memory, and breaks when it is told to.
package main

import (
	"unsafe"

	"github.com/cairn-dev/cairn/guest"
)

func main() {} // the host calls what init registers

func init() {
	guest.RegisterObject("Ledger", func(state *guest.State, _ *guest.Env) (*Ledger, error) {
		return &Ledger{state: state}, nil
	})
}

// Ledger is the durable object.
type Ledger struct {
	state *guest.State
	calls int64
}

// Entry is the answer to every call.
type Entry struct{ Value, Calls int64 }

// Add adds an amount.
func (l *Ledger) Add(amount int64) (Entry, error) {
	l.calls++
	e := Entry{Calls: l.calls}
	if _, err := l.state.Storage.Get("value", &e.Value); err != nil {
		return e, err
	}
	if amount == 0 {
		return e, nil
	}
	e.Value += amount
	return e, l.state.Storage.Put("value", e.Value)
}

// Trap adds an amount and then traps.
func (l *Ledger) Trap(amount int64) error {
	if _, err := l.Add(amount); err != nil {
		return err
	}
	sink = *(*byte)(unsafe.Add(nil, address))
	return nil
}

var (
	address = 0xffff_fff0 // beyond the end of linear memory
	sink    byte
)
