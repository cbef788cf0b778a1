// Package object gives durable objects their life in memory.
//
// There are four types, each of which uses those below it:
//
//	Objects       all of a node: objects, evict, residents, renew, counts
//	  Activation    one object's time in memory: serve, mailbox, phase, waits
//	    turn          one event's way through it: open, turn, and each thing that a
//	                  guest may ask in a file of its name
//	      Guest         what objects and Workers may both ask
//
// Two arrows go back up. A turn knows its Activation, whose instance it enters and which
// it may break; an Activation knows its Objects, since instances, memory, and who waits
// for whom are one for all of them. Both are set when the lower one is made.
//
// # One call at a time
//
// A call waits in the activation's mailbox, first in first out, and runs on its
// caller's goroutine; there is no goroutine per object. While a guest waits
// inside a host call its instance may be entered again, and exactly those calls
// enter that would otherwise wait for each other: see waits.
//
// # Gates
//
// The input gate is closed while a call runs. A reply carries the mark of what it
// could tell of, for the output gate, where things leave the node (package gate). A
// call carries the mark of its caller in, so what an object was told counts as seen.
//
// # Resets
//
// Whatever breaks an activation (a trap, an abort, a constructor, a critical
// section or a commit that fails) fails all calls that are in flight with the
// reason: what has entered it, and what waits in its mailbox at that moment. What is
// sent later waits until the entries have returned and begins afresh. An alarm that
// waits stays. See Activation.fail, and loss.go about a log that has failed.
//
// A critical section has 30 seconds. Guests are stopped at a look at the clock; a
// wait for others is given up, see section.go and waits.
//
// # Invariants
//
//   - At most one Activation exists per ID.
//   - Entries into an instance nest strictly last in, first out.
//   - What a call wrote is in the log before its reply, or before its call to
//     another guest, leaves the activation.
//   - An activation is evicted only when the log is durable up to its mark,
//     so that a fresh one need not ask what the old one had seen.
//   - Locks are taken in the order of CONTRIBUTING.md.
package object
