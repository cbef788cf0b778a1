package module

import (
	"context"
	"errors"
	"fmt"

	"github.com/tetratelabs/wazero/api"
	"github.com/tetratelabs/wazero/experimental"
	"github.com/tetratelabs/wazero/sys"

	"github.com/cairn-dev/cairn/abi"
	"github.com/cairn-dev/cairn/host/account"
	"github.com/cairn-dev/cairn/host/event"
	"github.com/cairn-dev/cairn/host/hostfunc"
)

// Export is a function of the guest that the host calls with an input.
type Export int

// The exports that take an input, in the order of package abi.
const (
	WorkerFetch Export = iota
	ObjectInit
	ObjectCall
	ObjectFetch
	ObjectAlarm
	BackgroundRun
	numExports
)

var exportNames = [numExports]string{
	WorkerFetch: abi.ExportWorkerFetch,
	ObjectInit:  abi.ExportObjectInit,
	ObjectCall:  abi.ExportObjectCall,
	ObjectFetch: abi.ExportObjectFetch,
	ObjectAlarm: abi.ExportObjectAlarm,

	BackgroundRun: abi.ExportBackgroundRun,
}

// String returns the export's name in the ABI.
func (e Export) String() string { return exportNames[e] }

// Errors of Instance.Enter. Each of them breaks the instance: what its memory
// holds means nothing any more, and it must be closed.
var (
	ErrCPULimit    = errors.New("module: guest exceeded its CPU limit")
	ErrMemoryLimit = errors.New("module: guest exceeded its memory limit")
	ErrNoMemory    = errors.New("module: the host has no memory for the guest")
	ErrExit        = errors.New("module: guest exited")
	ErrTrap        = errors.New("module: guest trapped")
	ErrBadStatus   = errors.New("module: guest returned an unknown status")
	ErrNoExport    = errors.New("module: guest lacks an export")
)

// Instance is a version with a linear memory of its own.
type Instance struct {
	version *Version
	code    *code
	mod     api.Module
	mem     *memory
	globals []api.MutableGlobal
	depth   int // entries that have not returned

	descriptors hostfunc.Descriptors

	// functions holds a callable for each export and depth: one cannot be
	// entered again while it runs.
	functions [numExports][]*callable
	stack     [1]uint64
	broken    bool
	running   running
}

// newInstance creates an instance that holds the image, or nothing but zeros
// where there is none.
func (v *Version) newInstance(ctx context.Context) (*Instance, error) {
	var file *imageFile
	if v.image != nil {
		file = v.image.file
	}
	e := v.engine
	if err := e.admit(); err != nil {
		return nil, err
	}
	// All that it begins with at once: two that each have a half would wait for
	// each other.
	i := &Instance{version: v, mem: &memory{limit: v.most, account: e.options.Account}}
	if v.image != nil {
		i.mem.held = int64(len(file.bytes))
	} else {
		i.mem.grown = int64(v.least)
	}
	begins := v.fixed + i.mem.held + i.mem.grown
	if err := e.options.Account.Wait(ctx, account.Instances, begins); err != nil {
		e.instances.Add(-1)
		return nil, err
	}
	e.options.Account.Move(account.Instances, account.Memories, i.mem.held+i.mem.grown)
	if err := i.make(ctx, file); err != nil {
		i.mem.Free()
		e.options.Account.Release(account.Instances, v.fixed)
		e.instances.Add(-1)
		return nil, err
	}
	e.full.Store(false)
	return i, nil
}

// make maps the instance's memory and instantiates its module. After an error the
// memory is to be freed.
func (i *Instance) make(ctx context.Context, file *imageFile) (err error) {
	v := i.version
	if i.mem.region, err = newRegion(i.mem.limit, file); err != nil {
		v.engine.full.Store(true)
		return fmt.Errorf("%w: %w", ErrInstances, err)
	}
	if file != nil {
		i.mem.forced = i.mem.image
	}
	ctx = experimental.WithMemoryAllocator(ctx, experimental.MemoryAllocatorFunc(
		func(uint64, uint64) experimental.LinearMemory { return i.mem }))
	i.code = v.useCode()
	i.mod, err = i.code.runtime.InstantiateModule(ctx, i.code.compiled, v.engine.config)
	if err != nil {
		i.code.leave()
		return fmt.Errorf("instantiate module: %w", err)
	}
	for _, name := range v.program.globals {
		i.globals = append(i.globals, i.mod.ExportedGlobal(name).(api.MutableGlobal))
	}
	if v.image != nil {
		i.descriptors = v.image.descriptors
		for n, g := range i.globals {
			g.Set(v.image.globals[n])
		}
	}
	return nil
}

// Hold takes from the account what the instance may come to need for its image's
// pages, and Settle gives back what it does not use. Between Settle and Hold
// nothing may run in it. The error is an *account.Error.
func (i *Instance) Hold() error { return i.mem.hold() }

// Settle is described with Hold.
func (i *Instance) Settle() { i.mem.settle() }

// Memory returns the instance's linear memory.
func (i *Instance) Memory() api.Memory { return i.mod.Memory() }

// MemoryBytes returns the size of its linear memory.
func (i *Instance) MemoryBytes() uint64 { return i.mem.size }

// Version returns what the instance runs.
func (i *Instance) Version() *Version { return i.version }

// Break says that nobody knows what the instance holds: it is not used again.
func (i *Instance) Break() { i.broken = true }

// Close gives the instance's memory back. It must be idle.
func (i *Instance) Close() {
	if i.mod == nil {
		return
	}
	// wazero frees the memory through memory.Free.
	if err := i.mod.Close(context.Background()); err != nil {
		i.version.engine.options.Logger.Warn("close instance", "error", err)
	}
	i.mod = nil
	i.code.leave()
	i.version.engine.options.Account.Release(account.Stacks, i.keptStacks())
	i.version.engine.options.Account.Release(account.Instances, i.version.fixed)
	i.version.engine.instances.Add(-1)
}

// Enter calls an export with the input of c, which has begun. The status is
// the guest's. An error means that the instance is broken; it is one of those
// above, or what a host function ended the call with.
func (i *Instance) Enter(c *hostfunc.Call, e Export) (abi.Status, error) {
	if watch := i.version.engine.world.Enter; watch != nil {
		return watch(c, exportNames[e], func() (abi.Status, error) { return i.enter(c, e) })
	}
	return i.enter(c, e)
}

func (i *Instance) enter(c *hostfunc.Call, e Export) (abi.Status, error) {
	fn, err := i.function(e)
	if err != nil {
		return 0, err
	}
	i.mem.refused, i.mem.starved = false, false
	c.World, c.Descriptors = i.version.engine.world, &i.descriptors
	watch := i.mem.begin()
	i.depth++
	i.stack[0] = uint64(len(c.Input))
	below := i.begin(c, fn)
	err = fn.fn.CallWithStack(c, i.stack[:])
	i.end(c, below)
	i.mem.end(watch)
	status := abi.Status(uint32(i.stack[0]))
	i.depth--
	if err != nil {
		i.broken = true
		return 0, i.explain(err)
	}
	i.keep(e, fn)
	if status != abi.StatusOK && status != abi.StatusError {
		i.broken = true
		return 0, fmt.Errorf("%w: %s gave %d", ErrBadStatus, exportNames[e], status)
	}
	return status, nil
}

// function returns the callable of an export for the present depth.
func (i *Instance) function(e Export) (*callable, error) {
	for len(i.functions[e]) <= i.depth {
		fn := i.mod.ExportedFunction(exportNames[e])
		if fn == nil {
			return nil, fmt.Errorf("%w: %s", ErrNoExport, exportNames[e])
		}
		i.functions[e] = append(i.functions[e], &callable{fn: fn})
	}
	return i.functions[e][i.depth], nil
}

// call runs an export without parameters and results, if the guest has it.
func (i *Instance) call(c *hostfunc.Call, name string) error {
	// Also for abi_version, which has no entry of its own.
	c.World, c.Descriptors = i.version.engine.world, &i.descriptors
	fn := i.mod.ExportedFunction(name)
	if fn == nil {
		return nil
	}
	enter := func() (abi.Status, error) {
		i.depth++
		defer func() { i.depth-- }()
		defer i.end(c, i.begin(c, &callable{fn: fn}))
		if _, err := fn.Call(c); err != nil {
			i.broken = true
			return 0, i.explain(err)
		}
		return abi.StatusOK, nil
	}
	watch := i.version.engine.world.Enter
	if watch == nil {
		_, err := enter()
		return err
	}
	_, err := watch(c, name, enter)
	return err
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
