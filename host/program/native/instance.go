package native

import (
	"errors"
	"fmt"
	"runtime"

	"github.com/cairn-dev/cairn/abi/wire"
	"github.com/cairn-dev/cairn/host/event"
	"github.com/cairn-dev/cairn/host/hostfunc"
	"github.com/cairn-dev/cairn/host/program"
)

// Instance is an object from its construction on. It implements program.Instance.
type Instance struct {
	program *Program
	held
}

// held is what an instance holds: which object it is.
type held struct {
	class  Class
	object Object
}

// State is what an instance held. It implements program.State.
type State struct {
	program *Program
	held
}

// Program implements program.Instance.
func (i *Instance) Program() program.Program { return i.program }

// Program implements program.State.
func (s *State) Program() program.Program { return s.program }

// Free implements program.State.
func (s *State) Free() {}

// Enter implements program.Instance. An error that a function returns is thrown; the
// host ends an entry by a panic, as it does for guests.
func (i *Instance) Enter(c *hostfunc.Call, e program.Entry) (threw bool, err error) {
	defer func() {
		p := recover()
		if p == nil {
			return
		}
		ended, ok := p.(error)
		if fault := runtime.Error(nil); !ok || errors.As(ended, &fault) {
			panic(p) // not the host's
		}
		threw, err = false, ended
	}()
	o := &i.object
	outer := o.Host
	o.Host = c.Host().(Host)
	output, err := i.run(e, c.Input)
	o.Host = outer
	if err == nil {
		c.Output = append(c.Output[:0], output...)
		return false, nil
	}
	var told *event.Error
	if !errors.As(err, &told) {
		told = &event.Error{Message: err.Error()}
	}
	c.Output = wire.AppendError(c.Output[:0], told.Flags, told.Name, told.Message)
	return true, nil
}

func (i *Instance) run(e program.Entry, input []byte) ([]byte, error) {
	o := &i.object
	switch e {
	case program.Construct:
		return nil, i.construct(input)
	case program.Call:
		var call wire.Call
		if err := wire.DecodeCall(input, &call); err != nil {
			return nil, err
		}
		method := i.class.Methods[string(call.Method)]
		if method == nil {
			return nil, event.TypeError(fmt.Sprintf(
				"The RPC receiver does not implement the method %q.", call.Method))
		}
		return method(o, call.Args)
	case program.Fetch:
		return i.class.Fetch(o, input)
	case program.Alarm:
		return nil, i.class.Alarm(o, input)
	}
	return nil, fmt.Errorf("native: %s is nothing that a program in Go does", e)
}

// construct learns which object the instance is.
func (i *Instance) construct(input []byte) error {
	var to wire.Object
	if err := wire.DecodeObject(input, &to); err != nil {
		return err
	}
	i.class = i.program.classes[string(to.Class)]
	i.object = Object{Host: i.object.Host, ID: to.ID, Name: string(to.Name), Named: to.Named}
	if i.class.Construct == nil {
		return nil
	}
	return i.class.Construct(&i.object)
}

// Hold implements program.Instance: what a few words take is in no account.
func (i *Instance) Hold() error { return nil }

// Settle implements program.Instance.
func (i *Instance) Settle() {}

// Current implements program.Instance.
func (i *Instance) Current() bool { return true }

// Suspend implements program.Instance.
func (i *Instance) Suspend(program.State) (program.State, error) {
	s := &State{program: i.program, held: i.held}
	i.held = held{}
	return s, nil
}

// Resume implements program.Instance.
func (i *Instance) Resume(s program.State) error {
	i.held = s.(*State).held
	return nil
}

// Break implements program.Instance.
func (i *Instance) Break() {}

// Put implements program.Instance: who needs another one gets a new one.
func (i *Instance) Put() {}

// Release implements program.Instance.
func (i *Instance) Release() {}

// Discard implements program.Instance.
func (i *Instance) Discard() {}
