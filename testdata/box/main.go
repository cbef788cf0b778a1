// Command box is a guest for tests of the built-in route: objects that hold a
// value, and no Worker.
package main

import (
	"encoding/json"
	"errors"

	"github.com/cairn-dev/cairn/guest"
)

func main() {} // the host calls what init registers

func init() {
	guest.RegisterObject("Box", func(state *guest.State, _ *guest.Env) (*Box, error) {
		return &Box{state}, nil
	})
}

// Box is an object with one value.
type Box struct{ state *guest.State }

// Put stores any JSON value.
func (b *Box) Put(value json.RawMessage) error { return b.state.Storage.Put("value", value) }

// Get returns the value, null at first.
func (b *Box) Get() (value json.RawMessage, err error) {
	if found, err := b.state.Storage.Get("value", &value); !found {
		return json.RawMessage("null"), err
	}
	return value, nil
}

// Args returns its arguments.
func (b *Box) Args(args ...json.RawMessage) ([]json.RawMessage, error) {
	return append([]json.RawMessage{}, args...), nil
}

// Name returns the ID and the name that the object is told.
func (b *Box) Name() ([2]string, error) {
	return [2]string{b.state.ID.String(), b.state.ID.Name()}, nil
}

// Throw puts a value, then fails with a plain error.
func (b *Box) Throw(value json.RawMessage) error {
	return errors.Join(b.Put(value), errors.New("thrown"))
}

// Refuse fails with an error of its choice.
func (b *Box) Refuse(name, message string) error {
	return &guest.Error{Name: name, Message: message, Overloaded: true}
}

// Log logs, so that a test can hold the object inside the call.
func (b *Box) Log(text string) error {
	guest.Logger().Info(text)
	return nil
}

// Panic panics.
func (b *Box) Panic() error { panic("panicked") }

// Abort ends the object's time in memory.
func (b *Box) Abort(reason string) error {
	b.state.Abort(reason)
	return nil
}
