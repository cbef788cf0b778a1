// Package wire encodes what crosses linear memory between host and guest.
//
// There are seven messages: [Request], [Response], [Object], [Call], [Alarm],
// [List] and [Error]. Each has an Append function, which never allocates more than the
// bytes it adds, and a Decode function, which checks every length and returns
// views into its input. A message starts with its version, one byte, [Version].
//
// Integers are unsigned and little-endian. A string or byte field is its length
// in four bytes and its bytes:
//
//	+-------------+---------------------+
//	| length (4B) | bytes (length B)    |
//	+-------------+---------------------+
//
// A header list is its length in bytes, so that a reader can pass over it, and
// then pairs of strings to the end. A name stands once for each of its values:
//
//	+-------------+------+-------+------+-------+ - -
//	| length (4B) | name | value | name | value |
//	+-------------+------+-------+------+-------+ - -
//
// These encodings are part of the ABI and are drawn in SPEC.md as well. No message
// has grown yet; grow_test.go shows one that has, and what becomes of it in readers
// that are older.
package wire
