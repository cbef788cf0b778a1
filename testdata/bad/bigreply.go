package main

import (
	"errors"
	"strings"

	"github.com/cairn-dev/cairn/abi"
	"github.com/cairn-dev/cairn/guest"
)

// replies are larger than a message can be.
var replies = ways{
	"error": func() error { return errors.New(strings.Repeat("x", abi.MaxMessageBytes)) },
}

func init() {
	guest.RegisterObject("Big", func(*guest.State, *guest.Env) (*Big, error) { return &Big{}, nil })
}

// Big answers as it is asked to.
type Big struct{}

// Reply returns a text of n bytes, quotes included when it is JSON.
func (b *Big) Reply(n int) string { return strings.Repeat("x", n-2) }
