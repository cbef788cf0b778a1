// Package module is the machine: modules that were compiled, the images of their
// memory, and the instances that run them.
//
// An [Engine] reads and compiles, by a [Compiler] that several may share. A [Source]
// is a module that was read, a [Code] one that is compiled, or ready for the
// interpreter. An [Image] is what instances begin as, and has those that are idle: a
// Code has one for each start that somebody wants of it. An [Instance] is a Code with a
// linear memory of its own. A [State] is what tells one instance's memory from its
// image: an object's memory, set aside while its instance serves another.
//
// # Images
//
// What is to be in every instance runs once, in one that nobody else uses: the start
// function, and whatever [Start] says. Linear memory and mutable globals become the
// image, and every later instance begins as a private copy-on-write mapping of it. Data
// segments and the start function are taken out of the compiled module by
// host/module/rewrite, so that creating an instance writes nothing. Where the
// image is not all that an instance holds (a guest that changes its table, say)
// or cannot be taken, instances start the plain way, one by one.
//
// # What the machine knows of above
//
// It knows of no Worker, class or event, and of no export but the memory. It does know
// package hostfunc: what a module may import is checked and put into each runtime here,
// and a hostfunc.Call is the context.Context of an entry. A layer between the two would
// have one user on each side, and cost a look-up in each call of a host function.
//
// # Invariants
//
//   - An Instance is used by one goroutine at a time; entries into it nest
//     strictly last in, first out.
//   - An Instance handed out by an Image holds the image and nothing else: no
//     byte of what ran in it before.
//   - Memory past the image reads as zero when a guest grows into it.
package module
