// Command counter is Durable Objects' "Build a counter" in Go: a Worker that
// counts up, down and shows, and an object for each name that does the counting.
package main

import (
	"fmt"

	"github.com/cairn-dev/cairn/guest"
)

func main() {} // the host calls what init registers

func init() {
	guest.RegisterWorker(fetch)
	guest.RegisterObject("Counter", NewCounter)
}

// fetch is the Worker.
func fetch(req *guest.Request, env *guest.Env) (*guest.Response, error) {
	name := req.Query().Get("name")
	if name == "" {
		return guest.Text(200, "Select a Durable Object to contact by using"+
			" the `name` URL query string parameter, for example, ?name=A"), nil
	}

	// A stub is how we talk to the object of that name, wherever it is.
	stub := env.Namespace("COUNTERS").GetByName(name)

	// Call a method of the object and wait for what it returns.
	var count int64
	var err error
	switch req.URL.Path {
	case "/increment":
		err = stub.Call("increment", &count)
	case "/decrement":
		err = stub.Call("decrement", &count)
	case "/":
		// The value as it is.
		err = stub.Call("getCounterValue", &count)
	default:
		return guest.Text(404, "Not found"), nil
	}
	if err != nil {
		return nil, err
	}

	return guest.Text(200, fmt.Sprintf("Durable Object '%s' count: %d", name, count)), nil
}

// Counter is the durable object.
type Counter struct{ state *guest.State }

// NewCounter is its constructor, called when a counter comes to memory.
func NewCounter(state *guest.State, env *guest.Env) (*Counter, error) {
	return &Counter{state}, nil
}

// GetCounterValue returns the count, 0 at first.
func (c *Counter) GetCounterValue() (int64, error) {
	var value int64
	_, err := c.state.Storage.Get("value", &value)
	return value, err
}

// Increment adds an amount, 1 if none is given, and returns the new count.
func (c *Counter) Increment(amount ...int64) (int64, error) {
	return c.add(orOne(amount))
}

// Decrement subtracts an amount, 1 if none is given, and returns the new count.
func (c *Counter) Decrement(amount ...int64) (int64, error) {
	return c.add(-orOne(amount))
}

func (c *Counter) add(amount int64) (int64, error) {
	value, err := c.GetCounterValue()
	if err != nil {
		return 0, err
	}
	value += amount

	// Nobody else changed the value since it was read: no other call of this
	// object runs until this one is over. Reading, adding and writing is safe.
	return value, c.state.Storage.Put("value", value)
}

func orOne(amount []int64) int64 {
	if len(amount) == 0 {
		return 1
	}
	return amount[0]
}
