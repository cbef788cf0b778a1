package abi

import (
	"context"
	"maps"
	"slices"

	"github.com/cairn-dev/cairn/host/hostfunc"
	"github.com/cairn-dev/cairn/host/module"
	"github.com/cairn-dev/cairn/host/program"
)

// Program is a module that speaks the ABI, what it registers, and the image that its
// instances begin as.
type Program struct {
	image   *module.Image
	classes map[string]program.Class // nil before it has started
	worker  bool
	// background says that the guest exports background_run.
	background bool
	watch      watch
}

// watch is hostfunc.System's Enter.
type watch = func(c *hostfunc.Call, export string, enter func() (Status, error)) (Status, error)

// Compile checks a module, compiles it, and starts it once: what it registers
// is known afterwards, and its image is taken. A module that does not fit is a
// *module.CompileError.
func Compile(ctx context.Context, e *module.Engine, wasm []byte) (program.Program, error) {
	s, err := e.Read(wasm)
	if err != nil {
		return nil, err
	}
	if err := first(append(s.Check(), checkExports(s.Outline())...)); err != nil {
		return nil, err
	}
	code, err := s.Compile(ctx)
	if err != nil {
		return nil, err
	}
	defer code.Close()
	p := &Program{}
	if err := p.start(ctx, code, s.Outline()); err != nil {
		return nil, err
	}
	return p, nil
}

// first returns the first of the problems that a check found.
func first(problems []error) error {
	if len(problems) == 0 {
		return nil
	}
	return problems[0]
}

// Hash implements program.Program: the SHA-256 of the module as it was given.
func (p *Program) Hash() string { return p.image.Code().Hash() }

// Size implements program.Program: of the module as it was given.
func (p *Program) Size() int { return p.image.Code().Size() }

// HasWorker implements program.Program.
func (p *Program) HasWorker() bool { return p.worker }

// HasBackground implements program.Program.
func (p *Program) HasBackground() bool { return p.background }

// Class implements program.Program.
func (p *Program) Class(name string) (c program.Class, ok bool) {
	c, ok = p.classes[name]
	return c, ok
}

// Classes implements program.Program.
func (p *Program) Classes() []string { return slices.Collect(maps.Keys(p.classes)) }

// Suspends implements program.Program: memory is set aside as what differs from the
// image.
func (p *Program) Suspends() bool { ok, _ := p.image.Taken(); return ok }

// Get implements program.Program.
func (p *Program) Get(ctx context.Context) (program.Instance, error) {
	m, err := p.image.Get(ctx)
	if err != nil {
		return nil, translated(err)
	}
	return p.of(m), nil
}

// Ready implements program.Program.
func (p *Program) Ready() program.Instance {
	if m := p.image.Ready(); m != nil {
		return p.of(m)
	}
	return nil
}

// of returns what the rooms above know an instance of the machine as. It goes with that
// from one user to the next, so that only the first one makes it.
func (p *Program) of(m *module.Instance) *Instance {
	i, ok := m.Owner.(*Instance)
	if !ok {
		i = &Instance{Instance: m, program: p}
		m.Owner = i
	}
	return i
}

// Trim implements program.Program.
func (p *Program) Trim() { p.image.Trim() }

// Relieve implements program.Program.
func (p *Program) Relieve(enough func() bool) { p.image.Relieve(enough) }

// Close implements program.Program.
func (p *Program) Close() { p.image.Close() }

// perCall is how many instances a call needs at a time: one for the Worker, and one
// for the object that it calls.
func (p *Program) perCall() int64 {
	if p.worker && len(p.classes) > 0 {
		return 2
	}
	return 1
}
