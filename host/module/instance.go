package module

import (
	"context"
	"errors"
	"fmt"

	"github.com/tetratelabs/wazero/api"
	"github.com/tetratelabs/wazero/experimental"
	"github.com/tetratelabs/wazero/sys"

	"github.com/cairn-dev/cairn/abi"
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

// Errors of Instance.Enter. Each of them breaks the instance: what its memory
// holds means nothing any more, and it must be closed.
var (
	ErrCPULimit    = errors.New("module: guest exceeded its CPU limit")
	ErrMemoryLimit = errors.New("module: guest exceeded its memory limit")
	ErrExit        = errors.New("module: guest exited")
	ErrTrap        = errors.New("module: guest trapped")
	ErrBadStatus   = errors.New("module: guest returned an unknown status")
	ErrNoExport    = errors.New("module: guest lacks an export")
)

// Instance is a version with a linear memory of its own.
type Instance struct {
	version *Version
	mod     api.Module
	mem     *memory
	globals []api.MutableGlobal
	depth   int // entries that have not returned

	// functions holds a callable for each export and depth: one cannot be
	// entered again while it runs.
	functions [numExports][]api.Function
	stack     [1]uint64
	broken    bool
}

// newInstance creates an instance that holds the image, or nothing but zeros
// where there is none.
func (v *Version) newInstance(ctx context.Context) (*Instance, error) {
	var file *imageFile
	if v.image != nil {
		file = v.image.file
	}
	limit := v.engine.options.MemoryLimit
	reserved, err := newRegion(limit, file)
	if err != nil {
		return nil, err
	}
	i := &Instance{version: v, mem: &memory{region: reserved, limit: limit, engine: v.engine}}
	if v.image != nil {
		i.mem.forced = i.mem.image
	}
	ctx = experimental.WithMemoryAllocator(ctx, experimental.MemoryAllocatorFunc(
		func(uint64, uint64) experimental.LinearMemory { return i.mem }))
	i.mod, err = v.engine.runtime.InstantiateModule(ctx, v.compiled, v.engine.config)
	if err != nil {
		i.mem.Free()
		return nil, fmt.Errorf("instantiate module: %w", err)
	}
	for _, name := range v.globalNames {
		i.globals = append(i.globals, i.mod.ExportedGlobal(name).(api.MutableGlobal))
	}
	if v.image != nil {
		for n, g := range i.globals {
			g.Set(v.image.globals[n])
		}
	}
	v.engine.instances.Add(1)
	return i, nil
}

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
	i.version.engine.instances.Add(-1)
}

// Enter calls an export with the input of c, which has begun. The status is
// the guest's. An error means that the instance is broken; it is one of those
// above, or what a host function ended the call with.
func (i *Instance) Enter(c *hostfunc.Call, e Export) (abi.Status, error) {
	if watch := i.version.engine.options.System.Enter; watch != nil {
		return watch(c, exportNames[e], func() (abi.Status, error) { return i.enter(c, e) })
	}
	return i.enter(c, e)
}

func (i *Instance) enter(c *hostfunc.Call, e Export) (abi.Status, error) {
	fn, err := i.function(e)
	if err != nil {
		return 0, err
	}
	i.mem.refused = false
	watch := i.mem.begin()
	i.depth++
	i.stack[0] = uint64(len(c.Input))
	err = fn.CallWithStack(c, i.stack[:])
	i.mem.end(watch)
	status := abi.Status(uint32(i.stack[0]))
	i.depth--
	if err != nil {
		i.broken = true
		return 0, i.explain(err)
	}
	if stackBytes(fn) > keepStackBytes {
		i.functions[e] = i.functions[e][:i.depth] // a new one begins small
	}
	if status != abi.StatusOK && status != abi.StatusError {
		i.broken = true
		return 0, fmt.Errorf("%w: %s gave %d", ErrBadStatus, exportNames[e], status)
	}
	return status, nil
}

// function returns the callable of an export for the present depth.
func (i *Instance) function(e Export) (api.Function, error) {
	for len(i.functions[e]) <= i.depth {
		fn := i.mod.ExportedFunction(exportNames[e])
		if fn == nil {
			return nil, fmt.Errorf("%w: %s", ErrNoExport, exportNames[e])
		}
		i.functions[e] = append(i.functions[e], fn)
	}
	return i.functions[e][i.depth], nil
}

// call runs an export without parameters and results, if the guest has it.
func (i *Instance) call(c *hostfunc.Call, name string) error {
	fn := i.mod.ExportedFunction(name)
	if fn == nil {
		return nil
	}
	enter := func() (abi.Status, error) {
		i.depth++
		defer func() { i.depth-- }()
		if _, err := fn.Call(c); err != nil {
			i.broken = true
			return 0, i.explain(err)
		}
		return abi.StatusOK, nil
	}
	watch := i.version.engine.options.System.Enter
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
	switch {
	case errors.Is(err, hostfunc.ErrCPULimit):
		return fmt.Errorf("%w\n%w", ErrCPULimit, err)
	case i.mem.refused:
		return fmt.Errorf("%w\n%w", ErrMemoryLimit, err)
	case errors.As(err, &exit):
		return fmt.Errorf("%w with code %d", ErrExit, exit.ExitCode())
	}
	var host *hostfunc.Error
	if errors.As(err, &host) {
		return err
	}
	return fmt.Errorf("%w: %w", ErrTrap, err)
}

// resize changes the size of linear memory to size, up or down; the bytes
// beyond the old size must be zero.
func (i *Instance) resize(size uint64) error {
	i.mem.forced = size
	if _, ok := i.mod.Memory().Grow(1); !ok || i.mem.size != size {
		i.mem.forced = 0
		return fmt.Errorf("module: cannot resize memory from %d to %d bytes", i.mem.size, size)
	}
	return nil
}
