// Package guestkit is the guest side of the conformance kit: it says what a
// module gets wrong when it runs, whatever language it was written in.
//
// The author of a guest calls [Run] in a test, or cairn abi check --run:
//
//	func TestGuest(t *testing.T) { guestkit.Run(t, wasm, guestkit.Seed) }
//
// [Judge] starts the module in a scripted host, which keeps everything in
// memory and looks at each import: are all ranges good, do the messages decode,
// is this the moment for it? It plays a [Script] of requests and calls many
// times over, each time another way:
//
//   - as it stands, and once with image_prepare and once without;
//   - with every activation forgotten between two steps;
//   - with a nested entry in each stub_call and stub_fetch of an object;
//   - with larger input than the guest's memory may have room for, again and
//     again;
//   - with one import answered otherwise: each import that the script leads to
//     gets each status that SPEC.md lists for it, and one that no version knows.
//
// What comes of it is a [Report] of findings. A finding is wrong, by a rule [G…]
// of SPEC.md, or it is a note: allowed, and likely not what the author wants.
//
// # Invariants
//
//   - The scripted host is no runtime: it runs one thing at a time, and nothing
//     is durable. What it answers is what SPEC.md says, and where an import is
//     answered otherwise, it is in a way that some host could answer.
//   - A guest that does not return is ended after some seconds, and judged no
//     further.
package guestkit
