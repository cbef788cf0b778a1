// Command bad is a guest that goes wrong in every way that a guest can: each has a
// file. The class Probe gives the host pointers outside its memory: beyond the end,
// across it, and with lengths that wrap; for that it imports the host's functions
// itself, as a guest without our SDK does.
package main

import (
	"maps"

	"github.com/cairn-dev/cairn/testdata/internal/good"
)

func main() {} // the host calls what init registers

// ways are ways to go wrong, by name.
type ways = map[string]func() error

func init() {
	all := ways{}
	for _, some := range []ways{
		traps, panics, spins, recursions, leaks, exits, chatter, replies, aborts,
	} {
		maps.Copy(all, some)
	}
	good.Register(all)
}
