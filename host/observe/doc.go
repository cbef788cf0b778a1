// Package observe is what an operator sees of a host: what it counts, and what
// becomes of its log.
//
// # Counting
//
// [Metrics] is everything that a host counts. The rooms that count hold a part of
// it, made beforehand: a [Script] or a [Class] is found by its name when an app
// begins to serve, and never during a call. Counting is then an atomic addition
// or two. The methods of nil parts do nothing, so that a room needs no metrics.
//
// What somebody else counts anyway is read when the metrics are, see Metrics.Gauge.
// METRICS.md lists all of them; a test of package host compares.
//
// Labels have few values: scripts and classes that are deployed (see
// Metrics.Retain), and constants of this package. What guests and clients choose,
// such as methods, paths and names of objects, is never one.
//
// # The log
//
// [Guard] stands before the log's handler. It cuts texts, and lets one kind of
// record through so often and no more: see guard.go.
//
// A key means one thing in every record. "error" is a failure, "stack" and "output" are
// what belongs to it (see [Failure]); "script", "version" and "class" are what runs,
// "object" is the ID of an object as hex digits and "name" what the ID was made from,
// "module" the beginning of a module's hash, "during" what the host was at, "guest" the
// attributes that a guest gave. "request" is the same in all records of one request or
// one alarm, whatever it has set off and wherever (see event.RequestID). A test of package
// host compares.
package observe
