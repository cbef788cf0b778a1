package guest

import "github.com/cairn-dev/cairn/abi"

// ID names one object of a namespace for ever.
type ID struct {
	id   abi.ID
	name string
}

// String returns the ID as 64 lower-case hex digits, which
// [Namespace.IDFromString] reads.
func (id ID) String() string { return id.id.String() }

// Name returns the name that the ID was made from. It is empty for an ID that
// was made from nothing or from hex digits, and for a name longer than 1024
// bytes as the object itself sees it.
func (id ID) Name() string { return id.name }

// Equal says whether both are the same object's. Names do not count.
func (id ID) Equal(other ID) bool { return id.id == other.id }
