// Package ingress is HTTP in and HTTP out: the public listener.
//
// A [Server] turns a request into a wire.Request, hands it to the app's Worker, or
// to the object that the built-in route names, waits at the output gate, and turns
// the answer into a response. Inside, a session is one connection, an exchange one
// request and its answer. fasthttp reads heads and chunks; its types stay here. The
// loop around it is ours, and so is what is written: fasthttp's server takes the
// memory that a client announces, and its responses lose headers that come twice.
//
// # The output gate
//
// Nothing that an answer could tell leaves before the log is durable up to what
// the answer could have seen; that holds for errors as well. If the log fails,
// the client gets an error and never the answer.
//
// # Clients that take their time
//
// Memory follows the bytes that have arrived, and is taken from the host's account
// first. Every wait for a client has a deadline (see [Limits]), and who waits on the
// client is known: where descriptors or memory are short, the connection that has
// waited longest goes, an idle one first. A request that the host has begun to answer
// is never given up for another.
//
// # What passes
//
// The head of a request is held to RFC 9112 strictly: what two readers could read in
// two ways is refused, 400. Otherwise the guest sees the method, the target and every
// header as they came, in order, but who the client is: that says the connection, or
// a proxy that is trusted. A guest's response goes out as the guest made it, but for
// what frames it.
package ingress
