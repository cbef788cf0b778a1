package object

import (
	"crypto/sha256"
	"crypto/subtle"
	"errors"
	"fmt"

	"github.com/cairn-dev/cairn/abi"
	"github.com/cairn-dev/cairn/abi/wire"
	"github.com/cairn-dev/cairn/host/hostfunc"
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
		return abi.ID{}, typeError("Invalid Durable Object ID: must be 64 hex digits")
	}
	return id, n.check(id)
}

// check refuses an ID of another namespace.
func (n *Namespace) check(id abi.ID) error {
	if !n.key.valid(id) {
		return typeError("Durable Object ID is not valid for this namespace.")
	}
	return nil
}

func typeError(message string) *hostfunc.Error {
	return &hostfunc.Error{Name: "TypeError", Message: message}
}

func errTooManyCalls(limit int) *hostfunc.Error {
	return &hostfunc.Error{Message: fmt.Sprintf("Too many subrequests: one event may set off at most %d calls, "+
		"with all that it calls (limits.subrequests).", limit)}
}

// ErrClosing says that background work asks for more of itself while the node
// shuts down.
var ErrClosing = errors.New("the node shuts down")

// Errors that the infrastructure gives, with upstream's texts (SEMANTICS 2.8).
var (
	errQueueFull = &hostfunc.Error{Flags: wire.ErrorOverloaded,
		Message: "Durable Object is overloaded. Too many requests queued."}
	errQueueBytes = &hostfunc.Error{Flags: wire.ErrorOverloaded,
		Message: "Durable Object is overloaded. Too much data queued."}
	errQueueOld = &hostfunc.Error{Flags: wire.ErrorOverloaded,
		Message: "Durable Object is overloaded. Requests queued for too long."}
	errNoMemory = &hostfunc.Error{Flags: wire.ErrorOverloaded,
		Message: "Durable Object is overloaded. The host has no memory for the call."}
	errStarved = &hostfunc.Error{Flags: wire.ErrorOverloaded | wire.ErrorReset,
		Message: "Durable Object is overloaded. The host has no memory for it, and it was reset."}
	errTooDeep = &hostfunc.Error{
		Message: "Call chain is too deep: a call may pass through at most 32 guests."}
	errEventLong = &hostfunc.Error{Flags: wire.ErrorReset,
		Message: "The event took longer than 15 minutes, with all that it called, and was ended."}
	errClientGone = &hostfunc.Error{
		Message: "The client has disconnected: nobody waits for what the request would call."}
	errDiskFull = &hostfunc.Error{Flags: wire.ErrorOverloaded | wire.ErrorReset,
		Message: "Internal error in Durable Object storage write caused object to be reset; the host's disk is full."}
	errCPU = &hostfunc.Error{Flags: wire.ErrorReset,
		Message: "Durable Object exceeded its CPU time limit and was reset."}
	errMemory = &hostfunc.Error{Flags: wire.ErrorReset,
		Message: "Durable Object exceeded its memory limit and was reset."}
	errBuilding = &hostfunc.Error{
		Message: "Durable Object was called by the chain of calls that its own constructor waits for."}
	errCritical = &hostfunc.Error{
		Message: "Durable Object was called by the chain of calls that its own blockConcurrencyWhile() waits for."}
	errCriticalLong = &hostfunc.Error{Flags: wire.ErrorOverloaded | wire.ErrorReset,
		Message: "A call to blockConcurrencyWhile() in a Durable Object waited for too long. " +
			"The call was canceled and the Durable Object was reset."}
	errInTransaction = &hostfunc.Error{
		Message: "A transaction cannot call other objects or the network: they could learn of writes that it takes back."}
	errBatch = &hostfunc.Error{Name: "RangeError",
		Message: "A call may write at most 67108864 bytes before it calls another object or returns."}
	errNoOutbound = &hostfunc.Error{
		Message: "This host lets guests send nothing out (allow hosts with --allow-host)."}
	errClassGone = &hostfunc.Error{Flags: wire.ErrorReset,
		Message: "Durable Object's class was deleted by a migration, and its objects with it."}
	errNoFetch = typeError("Handler does not export a fetch() function.")
)
