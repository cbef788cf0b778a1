package guest

import (
	"github.com/cairn-dev/cairn/abi"
	"github.com/cairn-dev/cairn/guest/internal/hostcall"
)

// Namespace is all objects of one class, as a binding grants them.
type Namespace struct{ binding string }

// GetByName returns a stub for the object with that name. Nothing is sent, and
// no object is made before the first call.
func (ns *Namespace) GetByName(name string) *Stub {
	return &Stub{ns: ns, kind: abi.TargetName, target: name}
}

// Get returns a stub for the object with that ID. Nothing is sent. An ID of
// another namespace is a TypeError when the stub is used.
func (ns *Namespace) Get(id ID) *Stub {
	return &Stub{ns: ns, kind: abi.TargetID, target: string(id.id[:]), name: id.name}
}

// IDFromName returns the ID that a name has in this namespace, always the same.
// It panics when there is no such binding, and when the name is not UTF-8.
func (ns *Namespace) IDFromName(name string) ID {
	id, s := hostcall.IDFromName(ns.binding, name)
	if s != abi.StatusOK {
		panic(ns.failed(abi.FuncIDFromName, s))
	}
	return ID{id, name}
}

// IDFromString reads an ID of this namespace that [ID.String] wrote. It does
// not learn the name. Anything else is a TypeError.
func (ns *Namespace) IDFromString(hex string) (ID, error) {
	id, s := hostcall.IDParse(ns.binding, hex)
	if s != abi.StatusOK {
		return ID{}, ns.failed(abi.FuncIDParse, s)
	}
	return ID{id: id}, nil
}

// NewUniqueID returns an ID that no name has. It panics when there is no such
// binding.
func (ns *Namespace) NewUniqueID() ID {
	id, s := hostcall.IDNew(ns.binding)
	if s != abi.StatusOK {
		panic(ns.failed(abi.FuncIDNew, s))
	}
	return ID{id: id}
}

func (ns *Namespace) failed(fn string, s abi.Status) error {
	switch s {
	case abi.StatusNotFound:
		return typeError(`guest: the config has no durable object binding "` + ns.binding + `"`)
	case abi.StatusInvalid:
		return typeError("guest: " + fn + ": the name of an object or a method is not UTF-8")
	}
	return statusError(fn, s)
}
