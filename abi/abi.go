package abi

// Version is the ABI version that this package describes, the value that a
// guest returns from [ExportABIVersion].
const Version = 1

// ModuleName is the import module that holds every host function of version 1.
// A later, incompatible version gets a name of its own, so that one host can
// serve guests of both.
const ModuleName = "cairn_v1"

// Flags of a class, the third parameter of [FuncClassRegister].
const (
	// ClassHasFetch says that the class answers [ExportObjectFetch].
	ClassHasFetch = 1 << 0
	// ClassHasAlarm says that the class answers [ExportObjectAlarm].
	ClassHasAlarm = 1 << 1
)

// WriteUnconfirmed is a flag of a write: answers need not wait until it is
// durable. If it fails, the object is reset all the same.
const WriteUnconfirmed = 1 << 0

// ResetDropAlarm is a flag of [FuncObjectReset]: the alarm whose handler runs is
// not tried again.
const ResetDropAlarm = 1 << 0

// Flags of a wire.List.
const (
	ListReverse       = 1 << 0
	ListHasStart      = 1 << 1 // from here on, inclusive
	ListHasStartAfter = 1 << 2 // from after here on
	ListHasEnd        = 1 << 3 // up to here, exclusive
	ListHasLimit      = 1 << 4
)

// Kinds of target, how a guest names the object it calls.
const (
	// TargetName means that the target's bytes are the object's name in UTF-8.
	TargetName = 0
	// TargetID means that the target's bytes are the object's ID, 32 bytes.
	TargetID = 1
)

// Levels of a log record, the first parameter of [FuncLogWrite]. They are the
// levels of Go's log/slog; numbers in between are allowed.
const (
	LevelDebug = -4
	LevelInfo  = 0
	LevelWarn  = 4
	LevelError = 8
)
