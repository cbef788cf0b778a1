// Command cycle is a guest whose objects do what a call tells them, step by
// step: write, log, call each other, fail. Tests of call cycles are lists of
// such steps; where an object logs, a test can hold it.
package main

import (
	"fmt"
	"strings"
	"unsafe"

	"github.com/cairn-dev/cairn/guest"
)

func main() {} // the host calls what init registers

func init() { guest.RegisterObject("Node", NewNode) }

// Node is an object that runs steps.
type Node struct {
	state *guest.State
	env   *guest.Env
	runs  int

	rounds int
}

// Step is one thing to do; the first field that is set says what.
type Step struct {
	Say string // log a line
	Put string // write a key with the value "yes"

	Call  string // run Do in the object with this name
	Do    []Step
	Catch bool // go on after an error, and return it as a line

	Fail, Trap, Abort string // the text of the error; Trap has none
}

// NewNode is the constructor. It counts its runs in storage. A name that begins
// with "slow" says so on the way; one that begins with "picky" asks the object
// "judge" and fails if that has the key "no".
func NewNode(state *guest.State, env *guest.Env) (*Node, error) {
	n := &Node{state: state, env: env}
	name := state.ID.Name()
	picky := strings.HasPrefix(name, "picky")
	if !picky && !strings.HasPrefix(name, "slow") {
		return n, nil
	}
	var built int
	if _, err := state.Storage.Get("built", &built); err != nil {
		return nil, err
	}
	if err := state.Storage.Put("built", built+1); err != nil {
		return nil, err
	}
	guest.Logger().Info("construct")
	if picky {
		var no string
		if err := n.stub("judge").Call("get", &no, "no"); err != nil {
			return nil, err
		}
		if no != "" {
			return nil, fmt.Errorf("the constructor of %s failed", name)
		}
	}
	return n, nil
}

func (n *Node) stub(name string) *guest.Stub { return n.env.Namespace("NODES").GetByName(name) }

// Get returns what a key holds.
func (n *Node) Get(key string) (string, error) {
	var value string
	_, err := n.state.Storage.Get(key, &value)
	return value, err
}

// Built returns how often the constructor has run.
func (n *Node) Built() (int, error) {
	var built int
	_, err := n.state.Storage.Get("built", &built)
	return built, err
}

// Runs returns how often Run was called since the object came to memory.
func (n *Node) Runs() int { return n.runs }

// Delete removes a key.
func (n *Node) Delete(key string) error {
	_, err := n.state.Storage.Delete(key)
	return err
}

// Deep calls an object that calls the next, and so on, through depth objects
// with this name and a number, or through itself where there is no name. It
// returns how many were reached.
func (n *Node) Deep(name string, depth int) (int, error) {
	if depth <= 1 {
		return 1, nil
	}
	next := n.state.ID.Name()
	if name != "" {
		next = fmt.Sprint(name, depth)
	}
	var below int
	err := n.stub(next).Call("deep", &below, name, depth-1)
	return below + 1, err
}

// Forever leaves work for after the answer that leaves the same again, and so on.
// Rounds returns how often it has run.
func (n *Node) Forever() {
	n.state.WaitUntil(func() {
		n.rounds++
		n.Forever()
	})
}

// Rounds returns how often Forever's work has run.
func (n *Node) Rounds() int { return n.rounds }

// Run runs steps. It returns the errors that it caught, in order.
func (n *Node) Run(steps []Step) ([]string, error) {
	n.runs++
	caught := []string{}
	for _, s := range steps {
		switch {
		case s.Say != "":
			guest.Logger().Info(s.Say)
		case s.Put != "":
			if err := n.state.Storage.Put(s.Put, "yes"); err != nil {
				return nil, err
			}
		case s.Call != "":
			var inner []string
			err := n.stub(s.Call).Call("run", &inner, s.Do)
			caught = append(caught, inner...)
			if err != nil && !s.Catch {
				return caught, err
			} else if err != nil {
				caught = append(caught, describe(err))
			}
		case s.Fail != "":
			return caught, fmt.Errorf("%s", s.Fail)
		case s.Abort != "":
			n.state.Abort(s.Abort)
		case s.Trap != "":
			sink = *(*byte)(unsafe.Add(nil, address))
		}
	}
	return caught, nil
}

var (
	address = 0xffff_fff0 // beyond the end of linear memory
	sink    byte
)

// describe writes an error's properties before its text.
func describe(err error) string {
	e, ok := err.(*guest.Error)
	if !ok {
		return err.Error()
	}
	var b strings.Builder
	for _, p := range []struct {
		set  bool
		name string
	}{{e.Remote, "remote"}, {e.Retryable, "retryable"}, {e.Overloaded, "overloaded"},
		{e.Reset, "reset"}} {
		if p.set {
			b.WriteString(p.name + " ")
		}
	}
	return b.String() + "| " + e.Message
}
