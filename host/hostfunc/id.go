package hostfunc

import (
	"unicode/utf8"

	"github.com/cairn-dev/cairn/abi"
)

// IDs makes and reads the IDs of the namespaces that a guest has bindings of.
type IDs interface {
	IDFromName(binding, name []byte) (abi.ID, error)
	IDParse(binding, hex []byte) (abi.ID, error)
	IDNew(binding []byte) (abi.ID, error)
}

// idFunctions are the imports of abi.CapabilityIDs.
var idFunctions = bindings{
	abi.FuncIDFromName: idFromName,
	abi.FuncIDParse:    idParse,
	abi.FuncIDNew:      idNew,
}

// idFromName is the host function abi.FuncIDFromName. It writes the ID that a
// name has in a binding's namespace.
//
// # Parameters
//
//   - binding_ptr, binding_len: the binding's name
//   - name_ptr, name_len: the object's name in UTF-8, also empty
//   - id_ptr: where the 32 bytes of the ID go
//
// # Result
//
//   - StatusOK: the ID is at id_ptr
//   - StatusNotFound: no such binding
//   - StatusInvalid: the name is not UTF-8
//   - StatusForbidden: the guest starts
//   - StatusFault: a range lies outside linear memory
//
// The ID that is dd0a...0c as text; ? is as it was before:
//
//	                32 bytes
//	          +-------------------+
//	[]byte{?, 0xdd, 0x0a, ..., 0x0c, ?}
//	id_ptr ---^
func idFromName(c *Call, args []uint64) abi.Status {
	binding, ok1 := c.view(args[0], args[1])
	name, ok2 := c.view(args[2], args[3])
	out, ok3 := c.view(args[4], abi.IDBytes)
	host := c.can.ids
	switch {
	case !ok1, !ok2, !ok3:
		return abi.StatusFault
	case !utf8.Valid(name):
		return abi.StatusInvalid
	case host == nil:
		return abi.StatusForbidden
	}
	return c.deliverID(out)(host.IDFromName(binding, name))
}

// idParse is the host function abi.FuncIDParse. It reads an ID of a binding's
// namespace from text.
//
// # Parameters
//
//   - binding_ptr, binding_len: the binding's name
//   - hex_ptr, hex_len: the ID as text
//   - id_ptr: where the 32 bytes of the ID go
//
// # Result
//
//   - StatusOK: the ID is at id_ptr
//   - StatusNotFound: no such binding
//   - StatusForbidden: the guest starts
//   - StatusError: not an ID, or not one of this namespace
//   - StatusFault: a range lies outside linear memory
func idParse(c *Call, args []uint64) abi.Status {
	binding, ok1 := c.view(args[0], args[1])
	hex, ok2 := c.view(args[2], args[3])
	out, ok3 := c.view(args[4], abi.IDBytes)
	host := c.can.ids
	switch {
	case !ok1, !ok2, !ok3:
		return abi.StatusFault
	case host == nil:
		return abi.StatusForbidden
	}
	return c.deliverID(out)(host.IDParse(binding, hex))
}

// idNew is the host function abi.FuncIDNew. It writes a new ID, which no name has.
//
// # Parameters
//
//   - binding_ptr, binding_len: the binding's name
//   - id_ptr: where the 32 bytes of the ID go
//
// # Result
//
//   - StatusOK: the ID is at id_ptr
//   - StatusNotFound: no such binding
//   - StatusForbidden: the guest starts
//   - StatusFault: a range lies outside linear memory
func idNew(c *Call, args []uint64) abi.Status {
	binding, ok1 := c.view(args[0], args[1])
	out, ok2 := c.view(args[2], abi.IDBytes)
	host := c.can.ids
	switch {
	case !ok1, !ok2:
		return abi.StatusFault
	case host == nil:
		return abi.StatusForbidden
	}
	return c.deliverID(out)(host.IDNew(binding))
}

// deliverID returns a function that takes what the Host answered and writes
// the ID to out, which is abi.IDBytes long.
func (c *Call) deliverID(out []byte) func(abi.ID, error) abi.Status {
	return func(id abi.ID, err error) abi.Status {
		if err != nil {
			return c.fail(err)
		}
		copy(out, id[:])
		return abi.StatusOK
	}
}
