package module

import (
	"context"
	"errors"
	"fmt"

	"github.com/cairn-dev/cairn/abi"
	"github.com/cairn-dev/cairn/host/hostfunc"
)

// ErrBadStatus breaks an instance as the others do.
var ErrBadStatus = errors.New("module: guest returned an unknown status")

// Version is a module that speaks the ABI, what it registers, and the image that its
// instances begin as.
type Version struct {
	*Image
	classes map[string]uint32 // name to abi's class flags; nil before it has started
	worker  bool
	// background says that the guest exports background_run.
	background bool
}

// Compile checks a module, compiles it, and starts it once: what it registers
// is known afterwards, and its image is taken. A module that does not fit is a
// *CompileError.
func (e *Engine) Compile(ctx context.Context, wasm []byte) (*Version, error) {
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
	v := &Version{}
	if err := v.start(ctx, code, s.Outline()); err != nil {
		return nil, err
	}
	return v, nil
}

// first returns the first of the problems that a check found.
func first(problems []error) error {
	if len(problems) == 0 {
		return nil
	}
	return problems[0]
}

// Hash returns the SHA-256 of the module as it was given, in hex.
func (v *Version) Hash() string { return v.code.Hash() }

// Size returns the length of the module as it was given, in bytes.
func (v *Version) Size() int { return v.code.Size() }

// HasWorker reports whether the module answers HTTP requests.
func (v *Version) HasWorker() bool { return v.worker }

// HasBackground reports whether the module can run in the background.
func (v *Version) HasBackground() bool { return v.background }

// Class returns the flags of a class, and whether the module has it.
func (v *Version) Class(name string) (flags uint32, ok bool) {
	flags, ok = v.classes[name]
	return flags, ok
}

// Classes returns the names of the module's classes, in no order.
func (v *Version) Classes() []string {
	names := make([]string, 0, len(v.classes))
	for name := range v.classes {
		names = append(names, name)
	}
	return names
}

// HasImage reports whether instances are copies of an image, and why not.
func (v *Version) HasImage() (ok bool, why string) { return v.Taken() }

// perCall is how many instances a call needs at a time: one for the Worker, and one
// for the object that it calls.
func (v *Version) perCall() int64 {
	if v.worker && len(v.classes) > 0 {
		return 2
	}
	return 1
}

// Version returns what the instance runs.
func (i *Instance) Version() *Version { return i.image.version }

// Version returns whose image the state differs from.
func (s *State) Version() *Version { return s.image.version }

// Enter calls an export with the input of c, which has begun. The status is
// the guest's. An error means that the instance is broken; it is one of those
// of this package, or what a host function ended the call with.
func (i *Instance) Enter(c *hostfunc.Call, e Export) (abi.Status, error) {
	if watch := i.engine().world.Enter; watch != nil {
		return watch(c, exportNames[e], func() (abi.Status, error) { return i.enterExport(c, e) })
	}
	return i.enterExport(c, e)
}

func (i *Instance) enterExport(c *hostfunc.Call, e Export) (abi.Status, error) {
	i.stack[0] = uint64(len(c.Input))
	if err := i.enter(c, int(e), i.stack[:]); err != nil {
		return 0, err
	}
	status := abi.Status(uint32(i.stack[0]))
	if status != abi.StatusOK && status != abi.StatusError {
		i.Break()
		return 0, fmt.Errorf("%w: %s gave %d", ErrBadStatus, exportNames[e], status)
	}
	return status, nil
}
