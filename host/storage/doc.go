// Package storage keeps the durable bytes of a node.
//
// There are five types. A Store is one folder on disk. An Object is a handle on
// one object's keys, which lie in a Table each. A Txn is what one call does to
// them; it reads its own writes and nothing of it reaches the store before
// Commit. The Log is the one way in: every batch of the node goes through it, in
// order.
//
// # Durability is a number
//
// [Log.Append] applies a batch, makes it visible to every read of this node and
// returns its [Seq] without waiting for the disk. [Log.Wait] returns when the
// log is durable up to a Seq. Whoever could have seen a batch must not tell
// anybody outside before Wait returned nil for it. One fsync serves all batches
// that were appended while the one before it ran.
//
// # Invariants
//
//   - Seq order is the order in the write-ahead log, and what a crash leaves is a
//     prefix of it: a batch that is kept implies all earlier ones.
//   - A Seq counts from 1 in each run of the process; what an earlier run left
//     behind is durable and needs no number.
//   - A batch holds all writes of a Txn, those of all tables and the derived
//     indexes, or none.
//   - An object has a record if and only if a row or an alarm of it is stored.
//   - Once the log failed it stays failed until the store is opened anew: a
//     failed fsync is never tried again, since the kernel may have dropped the
//     pages that it could not write.
//
// # Keys
//
// An object's keys begin with its slot, the first 14 bits of SHA-256(ID), so
// that a shard of slots is one span. The first byte is 0x00 to 0x3f.
//
//	+-----------+----------+-------------+-----------------+
//	| slot (2B) | ID (32B) | table (1B)  | key             |
//	+-----------+----------+-------------+-----------------+
//	                         0x00 record   empty
//	                         0x01 alarm    empty
//	                         0x02 data     0 to 2048 bytes
//	                         … 0x7f        tables that DeleteAll empties
//	                         0x80 … 0xfe   tables that it leaves
//
//	record = | version (1B) = 1 | namespace (4B) | flags (1B) | name |   flags bit 0: named
//	alarm  = | due (8B) |                                           unix ms, sign bit flipped
//	data   = the value as the guest gave it
//
// Indexes and system keys belong to this node alone and can be derived anew,
// but for Meta's. They are written in the batch of what they index.
//
//	+-----------+----------------+----------+
//	| 0x80 (1B) | due (8B)       | ID (32B) |  alarms in order of time; empty
//	+-----------+----------------+----------+
//	| 0x81 (1B) | namespace (4B) | ID (32B) |  objects of a namespace; flags (1B), name
//	+-----------+----------------+----------+
//	| 0xf0 (1B) | key                       |  Meta
//	+-----------+---------------------------+
//	| 0xff (1B) | "format"                  |  format version (4B)
//	+-----------+---------------------------+
//
// All numbers are big-endian. The tables' numbers are part of the format and
// are never reused.
//
// # Tables
//
// What an object keeps are rows of tables. [Data] is the guest's; what else has to be
// written in the batch of a call, such as the pages of a database, gets a table: a
// constant beside Data, and a line above. Its number says whether DeleteAll empties it,
// and there is nothing else to say: the writes of a Txn, its savepoints and its cursors
// go by table and key together, and what empties or ends an object deletes a span of
// numbers. So a cairn that does not know a table keeps its rows and deletes them with
// the others, and no new format version is needed for one.
//
// Pebble's files of sorted keys are called sstables here.
//
// # Before anything is written
//
// Pebble believes what it can read of a damaged MANIFEST and removes the files that
// this does not name, and it takes a log that is damaged near its end for one that
// ends there. So Open looks first, and changes nothing until it knows that the store
// is whole and ours (see look). What was durable before is known from a count of our
// own, the file "durable" (see mark): a MANIFEST that ends before it is refused, and
// of a log that does the start says how much is lost.
//
// The lock is on a file, the folder is a name: when the name is another folder's, the
// store has failed and the host stops (see hold).
//
// # Faults of the disk
//
// The write-ahead log has a folder of its own, <dir>/wal, behind a file system
// that sees its errors before pebble does (see walFS): pebble panics with a
// lock half held when it cannot rotate its log. The first error fails the Log;
// from then on nothing is written to that folder, so what is on disk remains a
// prefix. A failed flush or MANIFEST write fails the Log as well, see engine.go.
//
// By then batches may have been applied that never became durable. Pebble cannot
// take them back, and nobody knows whether they are on the disk. So the store does
// not say: every read of an object that wrote one of them is an error from then on
// (see unsettled), until the store is opened anew and reads what is really there.
// All other objects hold what is durable, and can be read.
//
// A full disk is met before the log meets it: a batch is refused, with ErrDiskFull,
// when there would not be room for it and for the sstables that the log becomes, and the
// next one is taken when there is (see space). A flush that finds no room is tried
// again. Only a log that could not be written or synced has failed for good.
//
// What stays out: what the bytes mean, who may ask for them, WebAssembly.
package storage
