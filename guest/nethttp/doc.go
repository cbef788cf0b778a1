// Package nethttp lets programs use net/http: a [net/http.Handler] serves as the
// Worker or as an object's Fetch, and a [net/http.Client] sends requests to
// objects and out to the network.
//
//	func init() {
//		mux := http.NewServeMux()
//		mux.HandleFunc("GET /rooms/{name}", func(w http.ResponseWriter, r *http.Request) {
//			stub := nethttp.Env(r.Context()).Namespace("ROOMS").GetByName(r.PathValue("name"))
//			...
//		})
//		guest.RegisterWorker(nethttp.Worker(mux))
//	}
//
//	func (room *Room) Fetch(req *guest.Request) (*guest.Response, error) {
//		return nethttp.Serve(room.mux, req)
//	}
//
// A handler that is made in init is in the module's image, so no request waits
// for it.
//
// # What a handler sees
//
// A request is what a server of net/http makes of it, and the answer what that
// would send: guessed types, headers that are fixed with the status, ranges, the
// panic of a status that is none. RemoteAddr has the client's address, which the
// host puts into CF-Connecting-IP, and the port 0; it is empty where there is none,
// as in most calls of objects. TLS is not nil for https. A path that is no path
// for net/http, such as /100%, comes in as it is; RequestURI has it.
//
// Bodies are whole. A response is sent when the handler has returned: Flush sends
// nothing, deadlines are never met, informational responses and trailers are left
// out, and there is nothing to hijack. A status of 101 or above 599 is an error.
// Where a server of net/http would hang up, after a panic of the handler, a Worker
// answers 500 and an object's caller gets an error. http.ErrAbortHandler does that
// too, without a line in the log.
//
// It is a package of its own because net/http is large: it makes a module some
// megabytes larger, which every start has to compile.
package nethttp
