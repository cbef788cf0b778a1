package main

import (
	"errors"

	"github.com/cairn-dev/cairn/guest"
)

// Phone is a durable object that stands for whatever may be out of reach when an
// alarm needs it: a mail server, somebody's webhook.
type Phone struct{ storage *guest.Storage }

// NewPhone is its constructor.
func NewPhone(state *guest.State, _ *guest.Env) (*Phone, error) {
	return &Phone{state.Storage}, nil
}

// Turn turns the phone on or off. It is on at first.
func (p *Phone) Turn(on bool) error { return p.storage.Put("off", !on) }

// Calls returns a line for each call.
func (p *Phone) Calls() (calls []string, err error) {
	_, err = p.storage.Get("calls", &calls)
	return calls, err
}

// Ring rings. It fails while the phone is off, and its caller is told so; the
// missed call stays in the list, as an error takes no writes back.
func (p *Phone) Ring(text string) error {
	off := false
	if _, err := p.storage.Get("off", &off); err != nil {
		return err
	}
	if off {
		text = "(missed call)"
	}
	calls, err := p.Calls()
	if err != nil {
		return err
	}
	if err := p.storage.Put("calls", append(calls, text+"\n")); err != nil {
		return err
	}
	if off {
		return errors.New("the phone is off")
	}
	return nil
}
