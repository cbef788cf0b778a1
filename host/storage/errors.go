package storage

import (
	"errors"
	"fmt"
)

// Opening a store.
var (
	// ErrLocked means that a process, perhaps this one, has the folder open.
	ErrLocked = errors.New("storage: folder is in use")
	// ErrReplaced means that the folder of an open store was moved or replaced: the
	// store takes no more writes.
	ErrReplaced = errors.New("storage: the folder was replaced under the running host")
	// ErrFormat means that the folder's format version is not one we know.
	ErrFormat = errors.New("storage: unknown format version")
	// ErrNotStore means that the folder holds files of something else.
	ErrNotStore = errors.New("storage: not a store")
)

// Appending and waiting.
var (
	// ErrLogFailed means that a batch will never be known to be durable. It
	// wraps the cause. A batch that met it may or may not be there after the
	// store is opened again.
	ErrLogFailed = errors.New("storage: log failed")
	// ErrDiskFull means that there is no room for a batch, which has not been applied;
	// one that comes when there is room again is taken. From Open it means that there
	// is no room to open the store.
	ErrDiskFull = errors.New("storage: disk full")
	// ErrClosed means that the store was closed.
	ErrClosed = errors.New("storage: closed")
)

// Reading and writing in a Txn.
var (
	// ErrKeyTooLarge means a key above abi.MaxKeyBytes; see [SizeError].
	ErrKeyTooLarge = errors.New("storage: key too large")
	// ErrValueTooLarge means a value above abi.MaxValueBytes; see [SizeError].
	ErrValueTooLarge = errors.New("storage: value too large")
	// ErrTxnTooLarge means that a Txn holds MaxTxnBytes; see [SizeError].
	ErrTxnTooLarge = errors.New("storage: transaction too large")
	// ErrTooManyCursors means that a Txn has MaxCursors open.
	ErrTooManyCursors = errors.New("storage: too many open cursors")
	// ErrStartTwice means that a scan has both Start and StartAfter.
	ErrStartTwice = errors.New("storage: both start and start-after")
	// ErrNegativeLimit means that a scan's limit is below zero.
	ErrNegativeLimit = errors.New("storage: negative limit")
	// ErrCorrupt means that stored bytes do not decode.
	ErrCorrupt = errors.New("storage: corrupt")
)

// SizeError says how large something was that is too large. It wraps
// ErrKeyTooLarge, ErrValueTooLarge or ErrTxnTooLarge.
type SizeError struct {
	Err  error // which limit
	Size int   // what was given, bytes
	Max  int   // what is allowed, bytes
}

func (e *SizeError) Error() string {
	return fmt.Sprintf("%v: %d bytes, at most %d are allowed", e.Err, e.Size, e.Max)
}

func (e *SizeError) Unwrap() error { return e.Err }
