// Command bigreply is a guest whose answers are larger than a message can be.
package main

import (
	"errors"
	"strings"

	"github.com/cairn-dev/cairn/abi"
	"github.com/cairn-dev/cairn/guest"
	"github.com/cairn-dev/cairn/testdata/internal/good"
)

func main() {} // the host calls what init registers

func init() {
	good.Register(map[string]func() error{
		"error": func() error { return errors.New(strings.Repeat("x", abi.MaxMessageBytes)) },
	})
	guest.RegisterObject("Big", func(*guest.State, *guest.Env) (*Big, error) { return &Big{}, nil })
}

// Big answers as it is asked to.
type Big struct{}

// Reply returns a text of n bytes, quotes included when it is JSON.
func (b *Big) Reply(n int) string { return strings.Repeat("x", n-2) }
