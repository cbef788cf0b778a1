package storage

import (
	"crypto/sha256"
	"encoding/binary"

	"github.com/cairn-dev/cairn/abi"
)

// Slots is the number of slots that objects are spread over, for ever.
const Slots = 1 << 14

// Sizes and tags of the key layout in doc.go. They are part of the format.
const (
	slotBytes   = 2
	objectBytes = slotBytes + abi.IDBytes // what all keys of an object begin with
	prefixBytes = objectBytes + 1         // the same and a table byte

	tagAlarms    byte = 0x80
	tagDirectory byte = 0x81
	tagMeta      byte = 0xf0
	tagFormat    byte = 0xff

	alarmKeyBytes     = 1 + 8 + abi.IDBytes
	directoryKeyBytes = 1 + 4 + abi.IDBytes
)

// Slot returns the slot of an object, below [Slots].
func Slot(id abi.ID) uint16 {
	sum := sha256.Sum256(id[:])
	return binary.BigEndian.Uint16(sum[:]) >> 2
}

// objectKey is what all keys of an object begin with. A handle keeps it, so the
// slot is hashed once for an activation.
type objectKey [objectBytes]byte

func makeObjectKey(id abi.ID) (k objectKey) {
	binary.BigEndian.PutUint16(k[:], Slot(id))
	copy(k[slotBytes:], id[:])
	return k
}

func (k *objectKey) id() (id abi.ID) {
	copy(id[:], k[slotBytes:])
	return id
}

// appendKey appends the key of a row of a table.
func (k *objectKey) appendKey(dst []byte, table Table, key []byte) []byte {
	dst = append(dst, k[:]...)
	dst = append(dst, byte(table))
	return append(dst, key...)
}

// dueBits maps a time to a number whose unsigned order is the order of time.
func dueBits(unixMS int64) uint64 { return uint64(unixMS) ^ 1<<63 }

func dueFromBits(bits uint64) int64 { return int64(bits ^ 1<<63) }

func appendAlarmKey(dst []byte, unixMS int64, id abi.ID) []byte {
	dst = append(dst, tagAlarms)
	dst = binary.BigEndian.AppendUint64(dst, dueBits(unixMS))
	return append(dst, id[:]...)
}

func appendDirectoryKey(dst []byte, namespace uint32, id abi.ID) []byte {
	dst = append(dst, tagDirectory)
	dst = binary.BigEndian.AppendUint32(dst, namespace)
	return append(dst, id[:]...)
}

func appendMetaKey(dst []byte, key string) []byte {
	return append(append(dst, tagMeta), key...)
}
