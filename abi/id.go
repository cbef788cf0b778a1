package abi

import (
	"encoding/hex"
	"errors"
)

// IDBytes is the length of an [ID].
const IDBytes = 32

// ID names one object: 16 bytes that derive from its name, or are random, and
// 16 bytes that prove which namespace they belong to (SEMANTICS 2.1).
type ID [IDBytes]byte

// String returns the ID as 64 lower-case hex digits.
func (id ID) String() string { return hex.EncodeToString(id[:]) }

// AppendText implements encoding.TextAppender: the digits of String.
func (id ID) AppendText(b []byte) ([]byte, error) { return hex.AppendEncode(b, id[:]), nil }

// MarshalText implements encoding.TextMarshaler, so that JSON and logs show the
// digits and not a list of bytes.
func (id ID) MarshalText() ([]byte, error) { return id.AppendText(nil) }

// UnmarshalText implements encoding.TextUnmarshaler; it reads what ParseID does.
func (id *ID) UnmarshalText(text []byte) error {
	read, ok := ParseID(string(text))
	if !ok {
		return errNoID
	}
	*id = read
	return nil
}

var errNoID = errors.New("abi: an ID is 64 hex digits")

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
