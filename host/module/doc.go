// Package module holds guests' code: what was compiled, the image of its memory
// after start, and the instances that run it.
//
// There are five types. A [Compiler] compiles and has the code, which engines of one
// process can share. An [Engine] makes versions for one host. A [Version] is one
// compiled module. An [Instance] is a Version with a linear memory of its own. A
// [State] is what tells one instance's memory from the image: an object's memory,
// set aside while its instance serves another.
//
// # Images
//
// A Version runs its start function and _initialize once, in an instance that
// nobody else uses. Linear memory and mutable globals become the image, and
// every later instance begins as a private copy-on-write mapping of it. Data
// segments and the start function are taken out of the compiled module by
// host/module/rewrite, so that creating an instance writes nothing. Where the
// image is not all that an instance holds (a guest that changes its table, say)
// or cannot be taken, instances start the plain way, one by one.
//
// # Invariants
//
//   - An Instance is used by one goroutine at a time; entries into it nest
//     strictly last in, first out.
//   - An Instance handed out by a Version holds the image and nothing else: no
//     byte of what ran in it before.
//   - Memory past the image reads as zero when a guest grows into it.
package module
