package native

import (
	"context"
	"maps"
	"slices"
	"sync/atomic"

	"github.com/cairn-dev/cairn/abi"
	"github.com/cairn-dev/cairn/host/hostfunc"
	"github.com/cairn-dev/cairn/host/program"
)

// Class is what its objects do. A nil function is one that they do not have.
type Class struct {
	Construct func(o *Object) error
	Methods   map[string]Method
	Fetch     func(o *Object, request []byte) (response []byte, err error)
	Alarm     func(o *Object, alarm []byte) error
}

// Method is given a JSON array and returns a JSON value, in the formats of wire.Call. An
// error is thrown, and what was stored before stays.
type Method = func(o *Object, args []byte) (result []byte, err error)

// Object is one of a class's, in an entry. What it asks for it asks of the Host.
type Object struct {
	Host
	ID    abi.ID
	Name  string // when Named
	Named bool
}

// Host is what an object may ask for.
type Host interface {
	hostfunc.Env
	hostfunc.Log
	hostfunc.IDs
	hostfunc.Stubs
	hostfunc.Outbound
	hostfunc.Storage
	hostfunc.Lists
	hostfunc.Transactions
	hostfunc.Alarms
	hostfunc.Sections
	hostfunc.Resets
}

// Program is a set of classes. It implements program.Program.
type Program struct {
	name    string
	classes map[string]Class
	retired atomic.Bool
}

// New makes a program; the name is its Hash.
func New(name string, classes map[string]Class) *Program {
	return &Program{name: name, classes: classes}
}

// Hash implements program.Program.
func (p *Program) Hash() string { return p.name }

// Size implements program.Program: the host has it anyway.
func (p *Program) Size() int { return 0 }

// HasWorker implements program.Program.
func (p *Program) HasWorker() bool { return false }

// HasBackground implements program.Program.
func (p *Program) HasBackground() bool { return false }

// Class implements program.Program.
func (p *Program) Class(name string) (c program.Class, ok bool) {
	own, ok := p.classes[name]
	return program.Class{Fetch: own.Fetch != nil, Alarm: own.Alarm != nil}, ok
}

// Classes implements program.Program.
func (p *Program) Classes() []string { return slices.Collect(maps.Keys(p.classes)) }

// Suspends implements program.Program.
func (p *Program) Suspends() bool { return true }

// Get implements program.Program.
func (p *Program) Get(context.Context) (program.Instance, error) {
	if p.retired.Load() {
		return nil, program.ErrRetired
	}
	return &Instance{program: p}, nil
}

// Ready implements program.Program.
func (p *Program) Ready() program.Instance { return nil }

// Trim implements program.Program: nothing is kept.
func (p *Program) Trim() {}

// Relieve implements program.Program: nothing is kept.
func (p *Program) Relieve(func() bool) {}

// Close implements program.Program.
func (p *Program) Close() { p.retired.Store(true) }
