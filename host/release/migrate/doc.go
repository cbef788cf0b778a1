// Package migrate is what the store knows of the app: its scripts, their classes,
// and the migrations that were applied to them.
//
// There are three types. The [Record] is what the store has written down, a
// [Script] is what is to run, and a [Plan] is how to get from one to the other:
// the new Record, the namespaces to delete, and what to tell the user. A Plan is
// made from nothing else and writes nothing, so that making one is a dry run:
//
//	NewPlan  read the record, check everything     nothing is written
//	Apply    write the new record                  one batch
//	Finish   delete what the record says is going  in batches, then the record
//
// # The record
//
// It is JSON under the key "app/record" of the system table:
//
//	{
//	  "version": 1,                      of this format
//	  "next_number": 4,                  of the next namespace; never goes back
//	  "scripts": {
//	    "my-counter": {
//	      "tag": "v2",                   the last migration of the config that was applied last
//	      "migrations": ["v1", "v2"],    every tag that was ever applied, in that order
//	      "namespaces": {
//	        "Counter": {
//	          "number": 1,               begins the keys of its directory
//	          "unique_key": "my-counter-Tally",   what its IDs derive from
//	          "created": "v1"            the tag, or none if a binding was enough
//	        }
//	      }
//	    }
//	  },
//	  "deleting": [                      whose objects are being destroyed
//	    {"number": 3, "script": "my-counter", "class": "Old"}
//	  ]
//	}
//
// A field may be added without a new version if a host that does not know it may
// drop it. A record of another version is refused.
//
// # Invariants
//
//   - No two namespaces of a store ever have the same number, and no two that
//     exist have the same unique key: objects are found by their ID alone, so two
//     classes with one key would share them. The key is SCRIPT-CLASS, with ~N
//     behind it where a renamed or transferred class still has that.
//   - A namespace keeps number and unique key for life, whatever its class and
//     its script are called: IDs stay valid.
//   - A migration is applied once, with everything it does, or not at all.
//   - Objects are destroyed only after the record says so, and the record says so
//     until they are gone.
//
// # Crashes
//
// Apply is one batch. Finish can be cut anywhere and begun again, at the next
// start at the latest: the log keeps a prefix, so that no object is gone without
// the record that says why.
//
// What stays out: namespaces in memory (host/object), modules, and when calls to
// a class must have ended before Finish, which is for the host to see to.
package migrate
