// Package event is what one room asks of an object, and what comes back: words that
// every room between the two ends speaks, and that know neither of WebAssembly nor of
// how an object lives.
//
// There are five types. An [Event] is what happens to an object: a call, a request, an
// alarm. A [Reply] is its answer, an [Error] its failure, in the words that the caller
// is told. A [Budget] is what everything may take that one event from outside sets off;
// it is the context.Context that goes along with each event of the kind. A [Sender]
// brings an event to its object, wherever that lives. A [Background] is what guests do
// after their answers.
//
// All of it can cross a wire but for what is named as this node's: where an object lives
// is for the router to know.
package event
