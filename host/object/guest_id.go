package object

import (
	"github.com/cairn-dev/cairn/abi"
	"github.com/cairn-dev/cairn/host/app"
	"github.com/cairn-dev/cairn/host/hostfunc"
)

var _ hostfunc.IDs = (*Guest)(nil)

// namespace finds the one that a binding names.
func (g *Guest) namespace(binding []byte) (*app.Namespace, error) {
	n, err := g.Version.Namespace(binding)
	if err != nil {
		return nil, hostfunc.ErrNotFound
	}
	return n, nil
}

// IDFromName implements hostfunc.IDs.
func (g *Guest) IDFromName(binding, name []byte) (abi.ID, error) {
	n, err := g.namespace(binding)
	if err != nil {
		return abi.ID{}, err
	}
	return n.IDFromName(name), nil
}

// IDParse implements hostfunc.IDs.
func (g *Guest) IDParse(binding, hex []byte) (abi.ID, error) {
	n, err := g.namespace(binding)
	if err != nil {
		return abi.ID{}, err
	}
	return n.ParseID(hex)
}

// IDNew implements hostfunc.IDs.
func (g *Guest) IDNew(binding []byte) (abi.ID, error) {
	n, err := g.namespace(binding)
	if err != nil {
		return abi.ID{}, err
	}
	var random [16]byte
	g.Random(random[:])
	return n.IDNew(random), nil
}
