// Package good is what the misbehaving guests of testdata share.
//
// There are three types. [Counter] is a class that does nothing wrong, "Good":
// a test calls it beside the bad one and wants every answer. [Keeper] shows what
// is left of a bad object: the keys of calls that finished and of the one that
// broke, and its memory. [Misbehaver] is the bad class; [Register] makes it.
package good

import "github.com/cairn-dev/cairn/guest"

func init() {
	guest.RegisterObject("Good", func(state *guest.State, _ *guest.Env) (*Counter, error) {
		return &Counter{state}, nil
	})
}

// Counter counts in storage.
type Counter struct{ state *guest.State }

// Increment adds one and returns the count.
func (c *Counter) Increment() (int64, error) {
	var n int64
	if _, err := c.state.Storage.Get("n", &n); err != nil {
		return 0, err
	}
	n++
	return n, c.state.Storage.Put("n", n)
}

// Keeper is the part of a bad class that works.
type Keeper struct {
	State *guest.State
	calls int64 // only in memory
}

// Keep writes a key and finishes.
func (k *Keeper) Keep(key, value string) error { return k.State.Storage.Put(key, value) }

// Kept returns what a key holds.
func (k *Keeper) Kept(key string) (string, error) {
	var value string
	_, err := k.State.Storage.Get(key, &value)
	return value, err
}

// Calls counts its calls since the object came to memory.
func (k *Keeper) Calls() int64 {
	k.calls++
	return k.calls
}

// Misbehaver is the class "Bad": a Keeper that goes wrong in certain ways.
type Misbehaver struct {
	Keeper
	ways map[string]func() error
}

// Misbehave writes the key "broken" and then goes wrong.
func (m *Misbehaver) Misbehave(how string) error {
	if err := m.Keep("broken", "yes"); err != nil {
		return err
	}
	return m.ways[how]()
}

// Register registers the class "Bad", with its ways to go wrong by name.
func Register(ways map[string]func() error) {
	guest.RegisterObject("Bad", func(state *guest.State, _ *guest.Env) (*Misbehaver, error) {
		return &Misbehaver{Keeper{State: state}, ways}, nil
	})
}
