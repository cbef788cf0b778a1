// Package hostcall is where a guest touches its host: one Go function for each
// import of the ABI, one Go method for each export, and nothing that decides.
//
// It is the only package of the SDK with //go:wasmimport and //go:wasmexport, and
// with goruntime the only one with unsafe. Natively (hostcall_other.go) the same
// functions go to a [Host], so that guests compile and run in go test.
//
// # Memory
//
// A host reads and writes linear memory by number, and Go may move a stack. It
// does so only when Go code runs, which is never the case inside an import,
// with one exception: stub_call, stub_fetch and fetch_send let the exports in
// again. So what those are given must be on the heap, which holds as long as they are
// not marked go:noescape. Every other import is.
//
// Where a length or an ID comes back, the host writes it to one static variable
// of this package. That is enough even for stub_call, since the host writes it
// last, when everything nested is over.
//
// # Images
//
// Every instance begins as a copy of one image, which is taken after the export
// image_prepare. What random_get gave until then is shared by all instances, so
// the first export that enters an instance seeds Go's own random numbers anew
// (refresh), before any code of the program runs.
package hostcall
