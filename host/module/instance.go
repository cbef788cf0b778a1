package module

import (
	"context"
	"fmt"

	"github.com/tetratelabs/wazero/api"
	"github.com/tetratelabs/wazero/experimental"

	"github.com/cairn-dev/cairn/host/account"
	"github.com/cairn-dev/cairn/host/hostfunc"
)

// Instance is a linear memory and what is to run in it.
type Instance struct {
	// Owner is what whoever runs the instance keeps with it. It stays when the instance
	// goes from one user to the next, and this package does not look at it.
	Owner any

	image       *Image
	runs        *compiled
	mod         api.Module
	memory      api.Memory // of mod, whose bytes are mem's
	mem         *memory
	globals     []api.MutableGlobal
	descriptors hostfunc.Descriptors

	// callables are those of each of Start.Exports, by depth: one cannot be entered
	// again while it runs.
	callables [][]*callable
	depth     int // entries that have not returned
	running   running
	broken    bool
}

// newInstance creates an instance that holds the image, or nothing but zeros
// where there is none.
func (im *Image) newInstance(ctx context.Context) (*Instance, error) {
	c := im.code
	e := c.engine
	if err := e.admit(); err != nil {
		return nil, err
	}
	// All that it begins with at once: two that each have a half would wait for
	// each other.
	i := &Instance{image: im, mem: &memory{limit: c.most, account: e.options.Account},
		callables: make([][]*callable, len(im.start.Exports))}
	if i.mem.held = im.Bytes(); im.file == nil {
		i.mem.grown = int64(c.least)
	}
	begins := c.fixed + i.mem.held + i.mem.grown
	if err := e.options.Account.Wait(ctx, account.Instances, begins); err != nil {
		e.instances.Add(-1)
		return nil, err
	}
	e.options.Account.Move(account.Instances, account.Memories, i.mem.held+i.mem.grown)
	if err := i.make(ctx); err != nil {
		i.mem.Free()
		e.options.Account.Release(account.Instances, c.fixed)
		e.instances.Add(-1)
		return nil, err
	}
	e.full.Store(false)
	return i, nil
}

// make maps the instance's memory and instantiates its module. After an error the
// memory is to be freed.
func (i *Instance) make(ctx context.Context) (err error) {
	im, e := i.image, i.engine()
	if i.mem.region, err = newRegion(i.mem.limit, im.file); err != nil {
		e.full.Store(true)
		return fmt.Errorf("%w: %w", ErrInstances, err)
	}
	if im.file != nil {
		i.mem.forced = i.mem.image
	}
	ctx = experimental.WithMemoryAllocator(ctx, experimental.MemoryAllocatorFunc(
		func(uint64, uint64) experimental.LinearMemory { return i.mem }))
	i.runs = im.code.use()
	i.mod, err = i.runs.runtime.InstantiateModule(ctx, i.runs.module, e.config)
	if err != nil {
		i.runs.leave()
		return fmt.Errorf("instantiate module: %w", err)
	}
	i.memory = i.mod.Memory()
	for _, name := range im.code.facts.globals {
		i.globals = append(i.globals, i.mod.ExportedGlobal(name).(api.MutableGlobal))
	}
	if im.file != nil {
		i.descriptors = im.descriptors
		for n, g := range i.globals {
			g.Set(im.globals[n])
		}
	}
	return nil
}

func (i *Instance) engine() *Engine { return i.image.code.engine }

// Hold takes from the account what the instance may come to need for its image's
// pages, and Settle gives back what it does not use. Between Settle and Hold
// nothing may run in it. The error is an *account.Error.
func (i *Instance) Hold() error { return i.mem.hold() }

// Settle is described with Hold.
func (i *Instance) Settle() { i.mem.settle() }

// Memory returns the instance's linear memory. Whoever writes to it, without an entry,
// does so before the instance is entered, suspended or reset.
func (i *Instance) Memory() api.Memory {
	i.mem.forget() // nobody sees what is written
	return i.memory
}

// MemoryBytes returns the size of its linear memory.
func (i *Instance) MemoryBytes() uint64 { return i.mem.size }

// Image returns what the instance begins as.
func (i *Instance) Image() *Image { return i.image }

// Break says that nobody knows what the instance holds: it is not used again.
func (i *Instance) Break() { i.broken = true }

// Close gives the instance's memory back. It must be idle.
func (i *Instance) Close() {
	if i.mod == nil {
		return
	}
	e := i.engine()
	// wazero frees the memory through memory.Free.
	if err := i.mod.Close(context.Background()); err != nil {
		e.options.Logger.Warn("close instance", "error", err)
	}
	i.mod = nil
	i.runs.leave()
	e.options.Account.Release(account.Stacks, i.keptStacks())
	e.options.Account.Release(account.Instances, i.image.code.fixed)
	e.instances.Add(-1)
}

// resize changes the size of linear memory to size, up or down; the bytes
// beyond the old size must be zero.
func (i *Instance) resize(size uint64) error {
	i.mem.forced, i.mem.starved = size, false
	if _, ok := i.mod.Memory().Grow(1); !ok || i.mem.size != size {
		i.mem.forced = 0
		if i.mem.starved {
			return fmt.Errorf("%w: %d bytes more", ErrNoMemory, size-i.mem.size)
		}
		return fmt.Errorf("module: cannot resize memory from %d to %d bytes", i.mem.size, size)
	}
	return nil
}
