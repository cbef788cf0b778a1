package guesttest

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"

	"github.com/cairn-dev/cairn/abi"
	"github.com/cairn-dev/cairn/abi/wire"
)

// An ID is a base, which derives from the name or is random, and a proof that
// this namespace made it:
//
//	+------------+-----------------------+
//	| base (16B) | HMAC(key, base) (16B) |
//	+------------+-----------------------+
//
// with key = SHA-256 of the namespace's unique key (SEMANTICS 2.1).
const baseBytes = abi.IDBytes / 2

// namespaceKey returns the key of a class's namespace, whose unique key is the
// script's and the class's name with a dash between them.
func namespaceKey(uniqueKey string) []byte {
	key := sha256.Sum256([]byte(uniqueKey))
	return key[:]
}

func firstHalf(key []byte, of string) []byte {
	mac := hmac.New(sha256.New, key)
	mac.Write([]byte(of))
	return mac.Sum(nil)[:baseBytes]
}

// newID completes a base.
func newID(key, base []byte) (id abi.ID) {
	copy(id[:], base)
	copy(id[baseBytes:], firstHalf(key, string(base)))
	return id
}

func (h *Host) key(binding string) ([]byte, abi.Status) {
	class, ok := h.options.Bindings[binding]
	if !ok {
		return nil, abi.StatusNotFound
	}
	return namespaceKey(h.options.Script + "-" + class), abi.StatusOK
}

// IDFromName is the host function abi.FuncIDFromName.
func (h *Host) IDFromName(binding, name string) (abi.ID, abi.Status) {
	key, s := h.key(binding)
	if s != abi.StatusOK {
		return abi.ID{}, s
	}
	return newID(key, firstHalf(key, name)), s
}

// IDNew is the host function abi.FuncIDNew.
func (h *Host) IDNew(binding string) (abi.ID, abi.Status) {
	key, s := h.key(binding)
	if s != abi.StatusOK {
		return abi.ID{}, s
	}
	base := make([]byte, baseBytes)
	rand.Read(base)
	return newID(key, base), s
}

// IDParse is the host function abi.FuncIDParse.
func (h *Host) IDParse(binding, hex string) (abi.ID, abi.Status) {
	key, s := h.key(binding)
	if s != abi.StatusOK {
		return abi.ID{}, s
	}
	id, ok := abi.ParseID(hex)
	if !ok {
		return id, h.refuse("Invalid Durable Object ID: must be 64 hex digits")
	}
	if id != newID(key, id[:baseBytes]) {
		return id, h.refuse("Durable Object ID is not valid for this namespace.")
	}
	return id, abi.StatusOK
}

// refuse leaves a TypeError for result_read.
func (h *Host) refuse(message string) abi.Status {
	h.top().result = wire.AppendError(nil, 0, "TypeError", message)
	return abi.StatusError
}

// resolve returns the ID of a call's target.
func (h *Host) resolve(class string, kind uint32, target string) (id abi.ID, named bool, s abi.Status) {
	key := namespaceKey(h.options.Script + "-" + class)
	switch kind {
	case abi.TargetName:
		return newID(key, firstHalf(key, target)), true, abi.StatusOK
	case abi.TargetID:
		if copy(id[:], target) != abi.IDBytes || id != newID(key, id[:baseBytes]) {
			return id, false, h.refuse("Durable Object ID is not valid for this namespace.")
		}
		return id, false, abi.StatusOK
	}
	return id, false, abi.StatusInvalid
}
