// Package goruntime holds what the SDK knows of Go's runtime beyond what Go
// promises. Each piece makes a guest smaller or faster, and is wrong on some future
// Go; [Tried] names those that it was seen to hold on.
//
// # What is known here
//
//   - Random numbers (random.go). math/rand, maps and hash/maphash draw from one
//     internal/chacha8rand.State, which lies in the runtime's only m, below the
//     heap. Why: it must differ between instances that begin as copies of one
//     image. When wrong: [FindGenerator] finds nothing, or sees that a draw is not
//     what it foretold, and panics; the module then has no image and its instances
//     start one by one, slowly, and never with shared random numbers.
//   - Size classes (heap.go). The allocator takes small objects from spans of 8 KiB,
//     one for each size class, and up to 512 bytes it notes an object's pointers at
//     the span's end; beyond, in a word in front of the object. Why: a page that an
//     instance writes is one that its host copies, so what a call allocates should
//     lie in few of them. When wrong: more pages are copied.
//   - The collector (heap.go). It runs when the heap has NextGC bytes; what a
//     sync.Pool keeps survives one run, and its workers end when they may run. Why:
//     the image has the heap at its full size, with nothing left to do. When wrong:
//     an instance's memory grows.
//   - Stacks (stack.go). What a call leaves below its caller's frame stays there.
//     Why and when wrong: an object that sleeps keeps it.
//
// # What is known elsewhere
//
//   - guest/internal/hostcall: a stack moves only when Go code runs, the heap never
//     (its comment, "Memory"); an export aborts before _initialize has run.
//   - guest/instance.go: the collector does not look behind an object's last
//     pointer. guest/url.go: a frame is cleared when its function is entered.
//   - guest/guesttest/goroutine.go: how a profile of goroutines is written down.
//   - host/build: -buildmode=c-shared makes a reactor; host/build/guest.pgo names
//     the SDK's and the runtime's functions.
//   - host/module: GOGC is read from the environment (engine.go); how much machine
//     code a byte of a Go guest becomes (needs.go). host/module/rewrite: the compiler
//     writes a function as one loop around a table (thread.go, and regions in the
//     package comment).
//   - host/hostfunc: the runtime's clock does not start at zero (wasi.go), and a Go
//     guest that fails writes some 70 lines before it ends (log.go).
package goruntime

// Tried are the versions of Go that all of this was seen to hold on. The test of
// the same name fails on another and says what to do.
const Tried = "go1.26 go1.27"
