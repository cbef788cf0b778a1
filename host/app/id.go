package app

import (
	"crypto/sha256"
	"crypto/subtle"

	"github.com/cairn-dev/cairn/abi"
	"github.com/cairn-dev/cairn/host/event"
)

// idKey derives the IDs of one namespace, upstream's way (SEMANTICS 2.1):
//
//	key  = SHA-256(unique key)
//	base = HMAC-SHA-256(key, name)[0:16], or 16 random bytes
//	mac  = HMAC-SHA-256(key, base)[0:16]
//	id   = base || mac
//
// It keeps HMAC's two padded keys, so that an ID costs eight rounds of SHA-256
// and no allocation; crypto/hmac would cost a dozen allocations.
type idKey struct {
	inner, outer [sha256.BlockSize]byte
}

func newIDKey(uniqueKey string) (k idKey) {
	key := sha256.Sum256([]byte(uniqueKey))
	copy(k.inner[:], key[:])
	copy(k.outer[:], key[:])
	for i := range k.inner {
		k.inner[i] ^= 0x36
		k.outer[i] ^= 0x5c
	}
	return k
}

// half returns the first 16 bytes of the HMAC of message.
func (k *idKey) half(message []byte) (out [16]byte) {
	var short [2 * sha256.BlockSize]byte
	block := append(short[:0], k.inner[:]...)
	block = append(block, message...)
	sum := sha256.Sum256(block)
	block = append(append(short[:0], k.outer[:]...), sum[:]...)
	sum = sha256.Sum256(block)
	copy(out[:], sum[:])
	return out
}

func (k *idKey) id(base [16]byte) (id abi.ID) {
	mac := k.half(base[:])
	copy(id[:16], base[:])
	copy(id[16:], mac[:])
	return id
}

// valid reports whether the ID is one of this key's.
func (k *idKey) valid(id abi.ID) bool {
	mac := k.half(id[:16])
	return subtle.ConstantTimeCompare(mac[:], id[16:]) == 1
}

// IDFromName returns the ID that a name has in the namespace.
func (n *Namespace) IDFromName(name []byte) abi.ID { return n.key.id(n.key.half(name)) }

// IDNew makes an ID that no name has, out of 16 random bytes.
func (n *Namespace) IDNew(random [16]byte) abi.ID { return n.key.id(random) }

// ParseID reads an ID of the namespace from 64 hex digits. The errors are
// upstream's.
func (n *Namespace) ParseID(hex []byte) (abi.ID, error) {
	id, ok := abi.ParseID(string(hex))
	if !ok {
		return abi.ID{}, event.TypeError("Invalid Durable Object ID: must be 64 hex digits")
	}
	return id, n.check(id)
}

// check refuses an ID of another namespace.
func (n *Namespace) check(id abi.ID) error {
	if !n.key.valid(id) {
		return event.TypeError("Durable Object ID is not valid for this namespace.")
	}
	return nil
}
