package guest

import "github.com/cairn-dev/cairn/guest/internal/hostcall"

// State is what an object has: who it is and what it stores. A class keeps the
// one that its constructor is given.
type State struct {
	ID      ID
	Storage *Storage

	storage Storage
}

// Abort ends the object's time in memory at once and does not return. What the
// running call wrote is discarded, all calls in flight fail with the reason, and
// the next call starts the object anew from storage. The host has a text for an
// empty reason.
func (s *State) Abort(reason string) { hostcall.ObjectAbort(reason) }
