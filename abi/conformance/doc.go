// Package conformance says whether a host speaks the ABI of SPEC.md.
//
// A host's author writes a [Host], some thirty lines, and calls [Run] in a test:
//
//	func TestConformance(t *testing.T) { conformance.Run(t, myHost{}) }
//
// There are four types. A [Host] loads modules. An [App] is one that runs. A
// [Case] is named after what it is about and after the sentences of SPEC.md
// that it holds the host to, such as storage_get/fault [M1]. A [Suite] checks
// cases one by one, for whoever wants more than Run.
//
// # How a case works
//
// Most cases are scripts in testdata: each line calls one import with exactly
// the pointers, lengths and numbers it says, and the line below, which begins
// with =, says what the host must have answered and written. An ellipsis
// (the character …) stands for any text. script.go knows the words.
//
// Scripts are run by one guest, which this package assembles byte by byte: it
// has no language runtime that could hide or cause anything, and it needs no
// toolchain. What a script answers is its trace: every status, and every byte
// of the buffers that the host was given, with those before and after them.
//
// Other cases are Go code: modules that a host must refuse, and what happens to
// several objects or calls at a time.
//
// To take over what a host really answers, set CAIRN_CONFORMANCE_REWRITE to the
// path of testdata, run, and read the difference.
//
// A host that takes longer than a minute for an answer hangs; on a slow machine
// CAIRN_CONFORMANCE_PATIENCE, such as 5m, gives it more.
//
// The other side, a kit that judges guests, is package guestkit.
//
// # Invariants
//
//   - Nothing here knows how a host works inside. What a case cannot see through
//     Host, App and the guest is not asked of a host.
//   - Every [M…] of SPEC.md has a case; a test compares.
package conformance
