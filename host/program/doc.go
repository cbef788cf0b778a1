// Package program is what a version of a script runs, whatever that is made of: the
// words in which the rooms of objects and of Workers speak to it.
//
// A [Program] has classes, a Worker, or both. An [Instance] is a memory in which one
// goroutine at a time runs one [Entry] after the other, or nested in each other. A
// [State] is what an instance held, set aside. What a program asks of the host goes
// to the hostfunc.Host of the entry.
//
// Each kind of program has a room below this one's name: host/program/abi runs
// WebAssembly that speaks cairn_v1, host/program/native what is written in Go and part of
// the host.
package program
