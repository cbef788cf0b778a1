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
// for it. Bodies are whole: a response is sent when the handler has returned, and
// there is nothing to flush, to hijack or to push.
//
// It is a package of its own because net/http is large: it makes a module some
// megabytes larger, which every start has to compile.
package nethttp
