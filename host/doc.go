// Package host is the runtime: it makes the rooms below it, connects them, starts them,
// and stops them. [Start] is the way in, a [Runtime] what it gives.
//
// # The rooms
//
// Every arrow goes to a room below; deps_test.go holds the order.
//
//	ingress    HTTP in and out                release    which version of a script serves
//	worker     stateless guests                 migrate    what the store knows of classes
//	alarm      alarms in their time           build      a Go package into a module
//	router     to where an object lives       config     wrangler's files into one Config
//	object     an object's life in memory     admin      the operators' listener
//	app        scripts, versions, classes     observe    counts and logs
//	program    what runs an event             account    one account of memory
//	  abi        WebAssembly, cairn_v1        storage    durable bytes, one log
//	  native     Go                           placement  who owns which object
//	module     code, images, instances        outbound   requests to the outside
//	  rewrite    fuel, put into a module      listen     sockets that are listened on
//	hostfunc   what guests may ask            event      what happens to objects
//	                                          gate       the way out of the node
//
// # One request
//
// A session of ingress/session.go reads it, fetch.go finds its script in the
// app.Serving of the moment, and worker/worker.go takes an instance of the program and
// enters it with the encoded request. The guest asks for an object: hostfunc/stub.go
// checks the bytes, object/guest.go finds the address by the binding and makes an
// event.Event of it, which bears a mark of what the caller has seen. router/router.go
// sends it to where the object lives.
//
// Here that is object/objects.go, which finds the activation or makes one. The event
// waits its turn in its mailbox, or enters at once if its caller waits for itself
// (waits.go). In its turn (turn.go) the activation gets an instance that holds its
// memory, runs the constructor if that has not been, and enters the guest. What the
// guest writes gathers in a storage.Txn; when it returns that is appended to the log
// as one batch, and has a sequence from then on.
//
// The reply goes up at once with a mark of that. Nobody waits for the disk but the
// gate: ingress/fetch.go passes it when the log is durable up to the mark, and the node
// still owns what it saw. Then the first byte leaves.
//
// # One deploy
//
// admin/admin.go reads config and module, release/deploy.go lets one deploy in at a time.
// prepare.go compiles the module beside what serves and starts it once:
// program/abi hears what it registers, module takes an image of its memory.
// migrate.NewPlan compares that and the config with the store, and refuses or says what
// is to change. versions.go gives it a number. shelf.go writes classes, versions, module
// and config as one batch, and the gate says when it is durable.
//
// Then, and not before, serving.go puts another app.Serving in place of the one before.
// Calls that begin from now on see it; those that run end as they began. Idle objects
// forget the old version's memory, which is given back with its last call, and
// what objects of deleted classes have stored is destroyed.
package host
