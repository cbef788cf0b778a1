// Package host is the runtime: it builds the rooms below it, starts them, and
// stops them. [Start] is the way in, a [Runtime] what it gives.
//
// # The map
//
// A request goes down once and comes up once; every arrow goes to a room below:
//
//	ingress    HTTP in and out, the output gate
//	worker     stateless guests that answer requests
//	router     from an ID to where the object answers
//	placement  who owns which object
//	gate       what an answer has seen, and the way out of the node
//	event      what happens to an object, and what comes back
//	app        scripts, versions, classes, namespaces
//	object     an object's life in memory: mailbox, nested entry, suspend, evict
//	program    what runs an event: classes, a Worker, instances
//	  abi      programs that are WebAssembly and speak cairn_v1
//	  native   programs written in Go, a part of the host
//	module     the machine: compiled code, images, instances
//	  rewrite  fuel and exported globals put into a module's bytes
//	hostfunc   the functions that guests import
//	storage    durable bytes: key layout, one log, group commit
//	release    which version of each script serves, and how another takes its place
//	  migrate  what the store knows of scripts, classes and migrations
//	config     wrangler's files into one Config
//	build      a Go package into a module
//	admin      the operators' listener
//
// In words: ingress/server.go takes a request, ingress/fetch.go encodes it,
// worker/worker.go takes an instance, in which program/abi calls worker_fetch. The
// guest calls stub_call (hostfunc/stub.go), object/guest.go finds the address,
// router/router.go the place, object/objects.go the activation. It waits its
// turn in object/mailbox.go and runs in object/state.go, whose writes gather in
// a storage.Txn. The batch is appended to the log and has a sequence from then
// on; the reply goes up at once with that number, and ingress waits until the
// log is durable up to it before a byte leaves.
//
// A deploy comes in by admin/admin.go and goes to release/deploy.go: the module is
// compiled, config and module are compared with what the store knows, both go into
// the store in one batch, and when that is durable app.App is given what serves
// from then on. The doc of package release has the steps.
//
// deps_test.go holds the import order, and doc_test.go wants a comment like
// this one on every package.
package host
