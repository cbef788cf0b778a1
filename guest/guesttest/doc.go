// Package guesttest runs a guest program in go test, natively, without
// WebAssembly: breakpoints, coverage and the race detector work as ever.
//
//	func TestCounter(t *testing.T) {
//		h := guesttest.New(t, guesttest.Options{
//			Script:   "my-counter",
//			Bindings: map[string]string{"COUNTERS": "Counter"},
//		})
//		resp := h.Get("/increment?name=A")
//		...
//	}
//
// A test in the package of the program has its classes and its Worker, since
// init registered them. A [Host] keeps objects and what they store in memory. It
// does what cairn does as far as a program can see: IDs are the same, calls may
// nest and go in circles, an abort discards what its call wrote, an error does
// not. It knows no limits of time, memory or calls in flight, and nothing is
// concurrent: calls run on the goroutine that makes them, one at a time for all
// hosts of a process.
//
// What it cannot take away are the program's package variables. They live as
// long as the test binary, where a real object loses them with its memory.
package guesttest
