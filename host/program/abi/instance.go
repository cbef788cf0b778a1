package abi

import (
	"errors"
	"fmt"

	"github.com/cairn-dev/cairn/abi"
	"github.com/cairn-dev/cairn/host/hostfunc"
	"github.com/cairn-dev/cairn/host/module"
	"github.com/cairn-dev/cairn/host/program"
)

// Status is what a guest's export returns.
type Status = abi.Status

// ErrBadStatus says that a guest returned neither OK nor ERROR. It breaks the instance.
var ErrBadStatus = errors.New("module: guest returned an unknown status")

// Instance is one of the machine's, by the name of its program.
type Instance struct {
	*module.Instance
	program *Program
	stack   [1]uint64
}

// Program implements program.Instance.
func (i *Instance) Program() program.Program { return i.program }

// Enter implements program.Instance: it calls the export of the entry with the length
// of the input.
func (i *Instance) Enter(c *hostfunc.Call, e program.Entry) (threw bool, err error) {
	var status Status
	if watch := i.program.watch; watch != nil {
		status, err = watch(c, exports[e], func() (Status, error) { return i.enter(c, e) })
	} else {
		status, err = i.enter(c, e)
	}
	if err != nil {
		return false, translated(err)
	}
	return status == abi.StatusError, nil
}

func (i *Instance) enter(c *hostfunc.Call, e program.Entry) (Status, error) {
	i.stack[0] = uint64(len(c.Input))
	if err := i.Instance.Enter(c, int(e), i.stack[:]); err != nil {
		return 0, err
	}
	status := Status(uint32(i.stack[0]))
	if status != abi.StatusOK && status != abi.StatusError {
		i.Break()
		return 0, fmt.Errorf("%w: %s gave %d", ErrBadStatus, exports[e], status)
	}
	return status, nil
}

// State is one of the machine's, by the name of its program.
type State struct {
	module.State
	program *Program
}

// Program implements program.State.
func (s *State) Program() program.Program { return s.program }

// Suspend implements program.Instance.
func (i *Instance) Suspend(spare program.State) (program.State, error) {
	s, ok := spare.(*State)
	if !ok {
		s = &State{}
	}
	s.program = i.program
	kept, err := i.Instance.Suspend(&s.State)
	if kept == nil {
		return nil, err
	}
	return s, err
}

// Resume implements program.Instance.
func (i *Instance) Resume(s program.State) error {
	return translated(i.Instance.Resume(&s.(*State).State))
}

// Put implements program.Instance.
func (i *Instance) Put() { i.program.image.Put(i.Instance) }

// Release implements program.Instance.
func (i *Instance) Release() { i.program.image.Release(i.Instance) }

// Discard implements program.Instance.
func (i *Instance) Discard() { i.program.image.Discard(i.Instance) }
