package module

import (
	"errors"
	"fmt"

	"github.com/tetratelabs/wazero/sys"

	"github.com/cairn-dev/cairn/host/account"
	"github.com/cairn-dev/cairn/host/event"
	"github.com/cairn-dev/cairn/host/hostfunc"
)

// Enter calls one of Start.Exports in the entry of c, which has begun. The stack has its
// parameters, and then its results. An error means that the instance is broken; it is
// one of this package's, or what a host function ended the entry with.
func (i *Instance) Enter(c *hostfunc.Call, export int, stack []uint64) error {
	fn, err := i.callable(export)
	if err != nil {
		return err
	}
	i.mem.refused, i.mem.starved = false, false
	i.lend(c)
	i.depth++
	below := i.begin(c, fn)
	err = fn.fn.CallWithStack(c, stack)
	i.end(c, below)
	i.depth--
	if err != nil {
		i.broken = true
		return i.explain(err)
	}
	i.keep(export, fn)
	return nil
}

// lend gives an entry what the instance's host functions need.
func (i *Instance) lend(c *hostfunc.Call) {
	c.Memory, c.World, c.Descriptors = i.memory, i.engine().world, &i.descriptors
}

// callable returns the callable of an export for the present depth.
func (i *Instance) callable(export int) (*callable, error) {
	for len(i.callables[export]) <= i.depth {
		name := i.image.start.Exports[export]
		fn := i.mod.ExportedFunction(name)
		if fn == nil {
			return nil, fmt.Errorf("%w: %s", ErrNoExport, name)
		}
		i.callables[export] = append(i.callables[export], newCallable(fn))
	}
	return i.callables[export][i.depth], nil
}

// Exports reports whether the module has a function of that name.
func (i *Instance) Exports(name string) bool { return i.mod.ExportedFunction(name) != nil }

// Call calls an export by its name, and keeps nothing for the next time. After an error
// the instance is broken.
func (i *Instance) Call(c *hostfunc.Call, name string, params ...uint64) (
	results []uint64, err error) {
	fn := i.mod.ExportedFunction(name)
	if fn == nil {
		return nil, fmt.Errorf("%w: %s", ErrNoExport, name)
	}
	i.lend(c)
	i.depth++
	defer func() { i.depth-- }()
	defer i.end(c, i.begin(c, newCallable(fn)))
	if results, err = fn.Call(c, params...); err != nil {
		i.broken = true
		return nil, i.explain(err)
	}
	return results, nil
}

// explain says in our words why a call of the guest failed.
func (i *Instance) explain(err error) error {
	var exit *sys.ExitError
	var starved *account.Error
	switch {
	case errors.Is(err, hostfunc.ErrCPULimit):
		return fmt.Errorf("%w\n%w", ErrCPULimit, err)
	case errors.As(err, &starved), i.mem.starved:
		return fmt.Errorf("%w\n%w", ErrNoMemory, err)
	case i.mem.refused:
		return fmt.Errorf("%w\n%w", ErrMemoryLimit, err)
	case errors.As(err, &exit):
		return fmt.Errorf("%w with code %d", ErrExit, exit.ExitCode())
	}
	var host *event.Error
	if errors.As(err, &host) {
		return err
	}
	return fmt.Errorf("%w: %w", ErrTrap, err)
}
