// Package release is deploying: which version of each script serves, and how another one
// takes its place while requests come in.
//
// There are four types. A [Script] is what its files say: a config and a module. A
// [Version] is one of them that is kept, under a number that counts up. A [Deploy] asks
// for a new one. [Releases] hold what each script runs, its release: one version, or a
// stable one and the next, which takes a share of the objects and requests until it is
// deployed to all or rolled back.
//
// # One deploy
//
// Each step is by the file of that name. What fails before the batch leaves everything as
// it was; what comes after it cannot fail.
//
//	deploy    one change at a time: a second one is refused, and a shutdown ends this one
//	prepare   the module is compiled beside those that serve, and starts once
//	change    migrate.NewPlan compares config and module with the store, and writes nothing
//	versions  the new version gets its number; those that are too old go
//	shelf     migrate.Plan.Apply: record, versions, module and config in one batch
//	change    the gate: the version serves when the log is durable, and not before
//	serving   app.Serve: calls that begin now see the new version, the others end as they
//	          began; Objects.Refresh has idle objects forget the old one's memory
//	change    the old module is closed, which gives it back after its last call
//	change    migrate.Finish destroys the objects of deleted classes, when their last calls
//	          have ended
//	prune     compiled code that no kept version needs is removed
//
// A rollback goes the same way from prepare on, with a module and a config of the shelf,
// under the number that they have. [Releases.Start] does it for all scripts at once, and
// chooses: files that the last start did not see, and that were not deployed since, are a
// deploy. Otherwise what served serves again, so that a restart undoes neither a deploy
// nor a rollback.
//
// # Crashes
//
// What a script runs is in the store: "versions/" and its name has the numbers, the
// shares, and hash and fingerprint of each module and config. They are written in the
// batch that has the migration, so no crash leaves code without the classes that it
// knows, or classes without code. A crash before the batch is durable leaves the old
// version, one after it the new. The objects of deleted classes are destroyed when the
// record says that they are going: a start goes on with it. Only compiled code is outside
// of the store, and all of that may be lost.
//
// A draft, a version of a script that is being edited, is kept in memory: the store has
// its migrations and knows of no version.
//
// # What stays out
//
// What the store knows of classes, and what a migration does (host/release/migrate).
// Reading configs (host/config) and building modules (host/build). What a version is to
// a call (app.Version). Who may deploy, and how it is asked over HTTP (host/admin).
package release
