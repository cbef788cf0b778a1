package program

import "github.com/cairn-dev/cairn/abi"

// Entry is what a program is asked to run. Each has an input and an output, in the
// formats of abi/SPEC.md.
type Entry uint8

const (
	// WorkerFetch answers a request in the Worker: a wire.Request, a wire.Response.
	WorkerFetch Entry = iota
	// Construct makes the object, before anything else runs in its instance: a
	// wire.Object, nothing.
	Construct
	// Call runs a method of it: a wire.Call, a JSON value.
	Call
	// Fetch lets it answer a request: a wire.Request, a wire.Response.
	Fetch
	// Alarm lets it handle one: a wire.Alarm, nothing.
	Alarm
	// Background runs what was left for after an answer: nothing, nothing.
	Background

	// Entries is how many there are.
	Entries = iota
)

// names are the ABI's, whatever the program is made of: logs and traces have one word
// for a thing.
var names = [Entries]string{
	WorkerFetch: abi.ExportWorkerFetch,
	Construct:   abi.ExportObjectInit,
	Call:        abi.ExportObjectCall,
	Fetch:       abi.ExportObjectFetch,
	Alarm:       abi.ExportObjectAlarm,
	Background:  abi.ExportBackgroundRun,
}

// String returns the name of the ABI's export for the entry.
func (e Entry) String() string { return names[e] }
