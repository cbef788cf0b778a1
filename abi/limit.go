package abi

// Limits. A value at its limit is accepted, one above it is refused.
const (
	// MaxKeyBytes bounds a storage key: upstream's figure (SEMANTICS 2.8).
	MaxKeyBytes = 2048
	// MaxValueBytes bounds a storage value: what upstream's SQLite-backed
	// classes take for a key and its value together (SEMANTICS 2.8).
	MaxValueBytes = 2 << 20
	// MaxMessageBytes bounds arguments, results and bodies that cross linear
	// memory: upstream's limit of a serialized call.
	MaxMessageBytes = 32 << 20
	// MaxNameBytes bounds a name that an object is told; an object named longer
	// exists but does not learn its name, as upstream.
	MaxNameBytes = 1024
	// MaxClassBytes bounds the name of a class or a binding.
	MaxClassBytes = 255
	// MaxClasses bounds the classes that a module registers: each is a namespace
	// that the host keeps.
	MaxClasses = 1000
	// MaxCallDepth bounds a chain of calls between guests. Each link holds a
	// wasm stack and a few frames of the host's, so a chain is memory.
	MaxCallDepth = 32
	// MaxBatchBytes bounds what a call may write in one batch, keys and values
	// together: a batch is held in the host's memory until it is applied.
	MaxBatchBytes = 64 << 20
	// MaxLists bounds the lists that a call may have open.
	MaxLists = 16
	// MaxTransactionDepth bounds nested transactions.
	MaxTransactionDepth = 64
	// MaxCriticalDepth bounds nested critical sections: upstream's figure.
	MaxCriticalDepth = 64
	// MaxCriticalMillis bounds a critical section: upstream's 30 s.
	MaxCriticalMillis = 30_000
	// MaxLogBytesPerCall bounds what one call may log; a guest in a loop must
	// not fill the host's disk.
	MaxLogBytesPerCall = 256 << 10
)
