package guest

import (
	"github.com/cairn-dev/cairn/abi"
	"github.com/cairn-dev/cairn/guest/internal/hostcall"
)

// Namespace is all objects of one class, as a binding grants them.
type Namespace struct {
	binding string
	first   *Stub // see newStub
}

// GetByName returns a stub for the object with that name. Nothing is sent, and
// no object is made before the first call. A name that is not UTF-8 is a TypeError
// when the stub is used.
func (ns *Namespace) GetByName(name string) *Stub {
	stub := ns.newStub()
	stub.kind, stub.target = abi.TargetName, name
	return stub
}

// Get returns a stub for the object with that ID. Nothing is sent. An ID of
// another namespace is a TypeError when the stub is used.
func (ns *Namespace) Get(id ID) *Stub {
	stub := ns.newStub()
	stub.kind, stub.target, stub.name = abi.TargetID, string(id.id[:]), id.name
	stub.broken = id.Err()
	return stub
}

// newStub returns a stub without a target. The first of a module's instance lies
// in the image: a Worker's request mostly calls one object. Natively goroutines may
// share a Namespace.
func (ns *Namespace) newStub() *Stub {
	stub := ns.first
	if stub == nil {
		return &Stub{ns: ns}
	}
	ns.first = nil
	stub.ns = ns
	return stub
}

// IDFromName returns the ID that a name has in this namespace, always the same.
// What becomes of a name that is not UTF-8, [ID.Err] says; one that [Query] has
// decoded is. It panics when there is no such binding: that is a mistake in the
// config.
func (ns *Namespace) IDFromName(name string) ID {
	id, s := hostcall.IDFromName(ns.binding, name)
	switch s {
	case abi.StatusOK:
	case abi.StatusInvalid:
		return ID{name: name}
	default:
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
