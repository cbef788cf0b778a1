package guest

import (
	"strconv"
	"unicode/utf8"

	"github.com/cairn-dev/cairn/abi"
)

// ID names one object of a namespace for ever.
type ID struct {
	id   abi.ID
	name string // not UTF-8 in an ID that is none
}

// Err returns a TypeError for the ID of a name that is not UTF-8, and nil for every
// other. No object has such a name: a stub of the ID returns the error whenever
// it is used, and String is no ID's.
func (id ID) Err() error {
	if !utf8.ValidString(id.name) {
		return typeError("guest: the name of an object is not UTF-8: " +
			strconv.QuoteToASCII(id.name[:min(len(id.name), 64)]))
	}
	return nil
}

// String returns the ID as 64 lower-case hex digits, which
// [Namespace.IDFromString] reads.
func (id ID) String() string { return id.id.String() }

// Name returns the name that the ID was made from, as it was given. It is empty for an ID that
// was made from nothing or from hex digits, and for a name longer than 1024
// bytes as the object itself sees it.
func (id ID) Name() string { return id.name }

// Equal says whether both are the same object's. Names do not count.
func (id ID) Equal(other ID) bool { return id.id == other.id }
