package guesttest

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"unicode/utf8"

	"github.com/cairn-dev/cairn/abi"
)

// baseBytes is the length of an ID's base, which derives from the name or is random;
// the rest of the ID proves that this namespace made it:
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
	script := h.options.Scripts[binding]
	if script == "" {
		script = h.options.Script
	}
	return namespaceKey(script + "-" + class), abi.StatusOK
}

// IDFromName is the host function abi.FuncIDFromName.
func (h *Host) IDFromName(binding, name string) (abi.ID, abi.Status) {
	key, s := h.key(binding)
	switch {
	case !utf8.ValidString(name):
		return abi.ID{}, abi.StatusInvalid
	case s != abi.StatusOK:
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
		return id, h.fail(errBadID)
	}
	if id != newID(key, id[:baseBytes]) {
		return id, h.fail(errForeignID)
	}
	return id, abi.StatusOK
}

// target is an object that is called. Only who calls it by name tells it.
type target struct {
	*record
	named bool
	name  string
}

// resolve finds the target of a call. StatusError is an ID of another namespace.
func (h *Host) resolve(binding, class string, kind uint32,
	object string) (to target, _ abi.Status) {
	key, s := h.key(binding)
	if s != abi.StatusOK {
		return to, s
	}
	var id abi.ID
	switch kind {
	case abi.TargetName:
		if !utf8.ValidString(object) {
			return to, abi.StatusInvalid
		}
		id = newID(key, firstHalf(key, object))
		if len(object) <= abi.MaxNameBytes {
			to.named, to.name = true, object
		}
	case abi.TargetID:
		if copy(id[:], object) != abi.IDBytes || id != newID(key, id[:baseBytes]) {
			return to, abi.StatusError
		}
	default:
		return to, abi.StatusInvalid
	}
	if to.record = h.store[id]; to.record == nil {
		to.record = &record{id: id, class: class, values: map[string][]byte{}}
		h.store[id] = to.record
	}
	if to.named {
		to.record.named, to.record.name = true, to.name // for its alarms
	}
	return to, abi.StatusOK
}
