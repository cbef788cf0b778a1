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
// does what cairn does as far as a program can see: IDs and errors are the same,
// calls may nest and go in circles, an abort discards what its call wrote, an
// error does not, alarms are tried again. What is left for after an answer
// ([guest.State.WaitUntil]) is done before the test sees that answer.
//
// It knows no limits of time, memory or calls in flight, and nothing is
// concurrent: calls run on the goroutine that makes them, one at a time for all
// hosts of a process.
//
// # Goroutines
//
// A goroutine that a call starts and does not wait for would never run on a host,
// as nothing does between two calls. Here it fails the test, with where it is.
//
// # Time
//
// Alarms run when the test lets time go by, with [Host.Advance]. The clock is
// the real one and what it was advanced by; guest.Now tells it to the program,
// and time.Now does not. In a bubble of testing/synctest time.Sleep moves both,
// and [Host.RunDueAlarms] runs what is due.
//
// # What it cannot do
//
// It cannot take away a program's package variables. They live as long as the
// test binary, where a real object loses them with its memory. Objects of
// several scripts (Options.Scripts) are of one program, and have one Env.
package guesttest
