package storage

import (
	"encoding/binary"
	"fmt"

	"github.com/cairn-dev/cairn/abi"
)

// Owner says whose keys an Object holds.
type Owner struct {
	Namespace uint32
	ID        abi.ID
	Name      string // empty unless Named
	Named     bool   // Name is known; an object may be named ""
}

const (
	recordVersion     = 1
	recordHeaderBytes = 1 + 4 + 1
	recordNamed       = 1 << 0
)

// bounded forgets a name that is too long to be told (SEMANTICS 1.1).
func (o Owner) bounded() Owner {
	if !o.Named || len(o.Name) > abi.MaxNameBytes {
		o.Name, o.Named = "", false
	}
	return o
}

func (o *Owner) appendRecord(dst []byte) []byte {
	dst = append(dst, recordVersion)
	dst = binary.BigEndian.AppendUint32(dst, o.Namespace)
	return o.appendName(dst)
}

// appendName appends flags and name, the directory's value.
func (o *Owner) appendName(dst []byte) []byte {
	var flags byte
	if o.Named {
		flags |= recordNamed
	}
	return append(append(dst, flags), o.Name...)
}

func decodeRecord(id abi.ID, b []byte) (Owner, error) {
	if len(b) < recordHeaderBytes || b[0] != recordVersion {
		return Owner{}, fmt.Errorf("%w: record of object %s", ErrCorrupt, id)
	}
	o := Owner{ID: id, Namespace: binary.BigEndian.Uint32(b[1:])}
	o.setName(b[5:])
	return o, nil
}

func (o *Owner) setName(b []byte) {
	if b[0]&recordNamed != 0 {
		o.Name, o.Named = string(b[1:]), true
	}
}
