// Command tally is a guest for tests of migrations: the counter, whose class has
// got another name. What a Counter stored, a Tally reads.
package main

import "github.com/cairn-dev/cairn/guest"

func main() {} // the host calls what init registers

func init() { guest.RegisterObject("Tally", newTally) }

// Tally is the durable object.
type Tally struct{ state *guest.State }

func newTally(state *guest.State, env *guest.Env) (*Tally, error) { return &Tally{state}, nil }

// Increment adds 1 and returns the new count.
func (t *Tally) Increment() (int64, error) {
	var value int64
	if _, err := t.state.Storage.Get("value", &value); err != nil {
		return 0, err
	}
	value++
	return value, t.state.Storage.Put("value", value)
}
