// Command counter10 is the counter in steps of 10: the same class, the same
// key, another program. Tests put it in the counter's place.
package main

import (
	"fmt"

	"github.com/cairn-dev/cairn/guest"
)

func main() {} // the host calls what init registers

func init() {
	guest.RegisterWorker(fetch)
	guest.RegisterObject("Counter", func(state *guest.State, _ *guest.Env) (*Counter, error) {
		return &Counter{state}, nil
	})
}

func fetch(req *guest.Request, env *guest.Env) (*guest.Response, error) {
	methods := map[string]string{"/increment": "increment", "/decrement": "decrement",
		"/": "getCounterValue"}
	var count int64
	stub := env.Namespace("COUNTERS").GetByName(req.Query().Get("name"))
	if err := stub.Call(methods[req.URL.Path], &count); err != nil {
		return nil, err
	}
	return guest.Text(200, fmt.Sprintf("%d", count)), nil
}

// Counter is the durable object.
type Counter struct{ state *guest.State }

// GetCounterValue returns the count.
func (c *Counter) GetCounterValue() (int64, error) { return c.add(0) }

// Increment adds 10.
func (c *Counter) Increment() (int64, error) { return c.add(10) }

// Decrement takes 10 away.
func (c *Counter) Decrement() (int64, error) { return c.add(-10) }

func (c *Counter) add(amount int64) (int64, error) {
	var value int64
	if _, err := c.state.Storage.Get("value", &value); err != nil {
		return 0, err
	}
	value += amount
	return value, c.state.Storage.Put("value", value)
}
