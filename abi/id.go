package abi

import "encoding/hex"

// IDBytes is the length of an [ID].
const IDBytes = 32

// ID names one object: 16 bytes that derive from its name, or are random, and
// 16 bytes that prove which namespace they belong to (SEMANTICS 2.1).
type ID [IDBytes]byte

// String returns the ID as 64 lower-case hex digits.
func (id ID) String() string { return hex.EncodeToString(id[:]) }

// ParseID reads 64 hex digits of either case. It does not know namespaces: the
// host checks to which one an ID belongs.
func ParseID(s string) (id ID, ok bool) {
	if len(s) != 2*IDBytes {
		return ID{}, false
	}
	if _, err := hex.Decode(id[:], []byte(s)); err != nil {
		return ID{}, false
	}
	return id, true
}
