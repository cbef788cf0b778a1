package guesttest

import (
	"github.com/cairn-dev/cairn/guest"
	"github.com/cairn-dev/cairn/guest/internal/hostcall"
)

// Namespace is a [guest.Namespace] for the test itself, which calls objects
// from outside of any call.
type Namespace struct {
	h  *Host
	ns *guest.Namespace
}

// Stub is a [guest.Stub] for the test itself.
type Stub struct {
	h    *Host
	stub *guest.Stub
}

// Namespace returns the objects behind a binding.
func (h *Host) Namespace(binding string) *Namespace {
	return &Namespace{h, new(guest.Env).Namespace(binding)}
}

// GetByName is [guest.Namespace.GetByName].
func (n *Namespace) GetByName(name string) *Stub { return &Stub{n.h, n.ns.GetByName(name)} }

// Get is [guest.Namespace.Get].
func (n *Namespace) Get(id guest.ID) *Stub { return &Stub{n.h, n.ns.Get(id)} }

// IDFromName is [guest.Namespace.IDFromName].
func (n *Namespace) IDFromName(name string) guest.ID {
	defer hostcall.Enter(n.h)()
	return n.ns.IDFromName(name)
}

// IDFromString is [guest.Namespace.IDFromString].
func (n *Namespace) IDFromString(hex string) (guest.ID, error) {
	defer n.h.enter()()
	return n.ns.IDFromString(hex)
}

// NewUniqueID is [guest.Namespace.NewUniqueID].
func (n *Namespace) NewUniqueID() guest.ID {
	defer hostcall.Enter(n.h)()
	return n.ns.NewUniqueID()
}

// Call is [guest.Stub.Call].
func (s *Stub) Call(method string, result any, args ...any) error {
	defer s.h.enter()()
	return s.stub.Call(method, result, args...)
}

// Fetch is [guest.Stub.Fetch].
func (s *Stub) Fetch(req *guest.Request) (*guest.Response, error) {
	defer s.h.enter()()
	return s.stub.Fetch(req)
}

// ID is [guest.Stub.ID].
func (s *Stub) ID() guest.ID {
	defer hostcall.Enter(s.h)()
	return s.stub.ID()
}
