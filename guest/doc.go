// Package guest is what a Go program for cairn imports: durable objects, the
// Worker in front of them, and what both may do.
//
// A program registers its classes of objects and its Worker in init, and has an
// empty main:
//
//	func main() {}
//
//	func init() {
//		guest.RegisterObject("Counter", NewCounter)
//		guest.RegisterWorker(fetch)
//	}
//
//	type Counter struct{ state *guest.State }
//
//	func NewCounter(state *guest.State, env *guest.Env) (*Counter, error) {
//		return &Counter{state}, nil
//	}
//
//	func (c *Counter) Increment() (int64, error) {
//		var value int64
//		if _, err := c.state.Storage.Get("value", &value); err != nil {
//			return 0, err
//		}
//		value++
//		return value, c.state.Storage.Put("value", value)
//	}
//
//	func fetch(req *guest.Request, env *guest.Env) (*guest.Response, error) {
//		var n int64
//		stub := env.Namespace("COUNTERS").GetByName(req.Query().Get("name"))
//		if err := stub.Call("increment", &n); err != nil {
//			return nil, err
//		}
//		return guest.Text(200, strconv.FormatInt(n, 10)), nil
//	}
//
// Build it with GOOS=wasip1 GOARCH=wasm go build -buildmode=c-shared, or let
// cairn do it. Package guesttest runs the same program in go test.
//
// # Methods
//
// An exported method of a class is an RPC method. Its wire name is its Go name
// with the first letter in lower case, and no more than that: Increment is
// "increment", URLFor is "uRLFor". Parameters and results are JSON. A call with
// the wrong number of arguments, or the wrong type of one, is a TypeError and
// does not run the method; a variadic parameter is optional. A method returns
// at most one value, then at most one error.
//
// Some methods have a meaning of their own and are never RPC methods:
//
//	func (c *Counter) Fetch(*guest.Request) (*guest.Response, error) // see Stub.Fetch
//	func (c *Counter) Alarm(guest.AlarmInfo) error                   // see Storage.SetAlarm
//
// Connect, WebSocketMessage, WebSocketClose and WebSocketError are kept free.
//
// # One call at a time
//
// A call runs to its end before the next one begins, so reading, changing and
// writing a key is safe. There is one exception, as for Durable Objects: while
// a method waits in [Stub.Call] or [Stub.Fetch], calls that would otherwise
// wait for it for ever may run; they finish first. Within
// [State.BlockConcurrencyWhile] there is no exception.
//
// A goroutine runs only while the call that started it waits for it: there is one
// thread, and it stands still between calls. A method that says go and returns has
// started nothing. Work for after the answer is [State.WaitUntil]'s, and work for
// later an alarm's.
//
// What this package hands out belongs to the goroutine that runs the call. A
// [Request], its URL and its Body are valid until the handler returns; strings
// may always be kept.
//
// # Storage
//
// All writes of a call are durable together, or none of them is, and nobody
// outside sees the answer before they are. A call to another object and
// [Fetch] end the first part of them: what was written before is then a whole of
// its own. [Storage.Transaction] takes writes back when the call goes on after an
// error. Nothing is cached here: asking the host takes less time than a look into
// a map would save.
//
// # Errors
//
// An error that crosses a stub arrives as an [*Error] with the text of what
// the method returned. A panic becomes such an error too, its stack goes to the
// log, and the object lives on; neither undoes writes.
//
// # Before the first call
//
// A module is initialised once. What it holds in memory then, with all that init
// and package variables have made, is the image that every object and every
// request of the Worker begins with, so what takes long to build is best built
// there. Time and random numbers that were read there are the same for all:
// random_get's bytes until then are shared by all instances. Random numbers of
// math/rand, math/rand/v2, crypto/rand and hash/maphash are fresh when an
// instance is first entered, before its constructor or handler runs; a generator
// with a seed of its own must be seeded there, not in init.
package guest
