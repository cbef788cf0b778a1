// Command chain is a guest for tests of what an answer depends on: a Worker and
// objects that do what they are told, step by step, and call each other.
//
// A step is a list: ["put", VALUE], ["get"], ["delete"], ["throw", TEXT],
// ["abort", TEXT], ["calls"], ["log", TEXT], ["call", NAME, STEP...],
// ["try", NAME, STEP...] or ["await", NAME]. The Worker knows throw, log, call,
// try and await.
package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"github.com/cairn-dev/cairn/guest"
)

func main() {} // the host calls what init registers

func init() {
	guest.RegisterWorker(fetch)
	guest.RegisterObject("Link", newLink)
}

type step = []any

// fetch runs the steps in the body and answers what they gave.
func fetch(req *guest.Request, env *guest.Env) (*guest.Response, error) {
	var steps []step
	if err := json.Unmarshal(req.Body, &steps); err != nil {
		return nil, err
	}
	results := []any{}
	for _, s := range steps {
		got, err := call(env, s)
		if err != nil {
			return nil, err
		}
		results = append(results, got...)
	}
	return guest.JSON(200, results), nil
}

// call runs the steps that Worker and objects have in common.
func call(env *guest.Env, s step) (results []any, err error) {
	text, _ := s[1].(string)
	switch s[0] {
	case "throw":
		err = errors.New(text)
	case "log":
		guest.Logger().Info(text)
	case "call":
		err = run(env, text, &results, s[2:])
	case "try": // an error is a result
		if err = run(env, text, &results, s[2:]); err != nil {
			return []any{err.Error()}, nil
		}
	case "await": // until the object has a value
		for err == nil && (len(results) == 0 || results[0] == nil) {
			err = run(env, text, &results, []any{step{"get"}})
		}
	default:
		err = errors.New("no such step")
	}
	return results, err
}

// run calls the object of that name.
func run(env *guest.Env, name string, results *[]any, steps []any) error {
	return env.Namespace("LINKS").GetByName(name).Call("run", results, steps)
}

// Link is an object with one value.
type Link struct {
	state *guest.State
	env   *guest.Env
	calls int // since it came to memory
}

// newLink fails for an object whose name is "fails with" and the name of an
// object, with that object's value in the error.
func newLink(state *guest.State, env *guest.Env) (*Link, error) {
	if name, fails := strings.CutPrefix(state.ID.Name(), "fails with "); fails {
		var results []any
		if err := run(env, name, &results, []any{step{"get"}}); err != nil {
			return nil, err
		}
		guest.Logger().Info("hold " + name)
		return nil, fmt.Errorf("%v", results)
	}
	return &Link{state: state, env: env}, nil
}

// Run runs the steps and returns what they gave.
func (l *Link) Run(steps []step) ([]any, error) {
	l.calls++
	results := []any{}
	for _, s := range steps {
		got, err := l.step(s)
		if err != nil {
			return nil, err
		}
		results = append(results, got...)
	}
	return results, nil
}

func (l *Link) step(s step) ([]any, error) {
	switch s[0] {
	case "put":
		return nil, l.state.Storage.Put("value", s[1])
	case "get":
		var value any
		_, err := l.state.Storage.Get("value", &value)
		return []any{value}, err
	case "delete":
		_, err := l.state.Storage.Delete("value")
		return nil, err
	case "abort":
		l.state.Abort(s[1].(string))
	case "calls":
		return []any{l.calls}, nil
	}
	return call(l.env, s)
}
