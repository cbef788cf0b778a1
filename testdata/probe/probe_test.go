//go:build !wasip1

package main

import (
	"flag"
	"testing"
	"testing/synctest"
	"time"

	"github.com/cairn-dev/cairn/guest/guesttest"
	"github.com/cairn-dev/cairn/testdata/probe/promises"
)

// native runs scripts in guesttest. In a bubble its clock stands still.
type native struct{ *guesttest.Host }

func newNative(t *testing.T) native {
	return native{guesttest.New(t, guesttest.Options{
		Script:   "probe",
		Bindings: map[string]string{"PROBE": "Probe", "PLAIN": "Plain", "OTHER": "Counter"},
		Vars:     promises.Vars,
	})}
}

// Run implements promises.Host.
func (n native) Run(object, script string) (out string) {
	if err := n.Namespace("PROBE").GetByName(object).Call("run", &out, script); err != nil {
		return describe(err)
	}
	return out
}

func TestStorage(t *testing.T) {
	synctest.Test(t, func(t *testing.T) { promises.Storage(t, newNative(t)) })
}

func TestIdentity(t *testing.T) { promises.Identity(t, newNative(t)) }

func TestCalls(t *testing.T) { promises.Calls(t, newNative(t)) }

func TestListOptions(t *testing.T) { promises.ListOptions(t, newNative(t)) }

var seed = flag.Uint64("seed", 0, "seed of TestRandom; 0 draws one")

// TestRandom runs random calls of a few objects beside plain maps.
func TestRandom(t *testing.T) {
	seed := *seed
	if seed == 0 {
		seed = uint64(time.Now().UnixNano())
	}
	t.Logf("to repeat: go test ./testdata/probe -run '^%s$' -seed %d", t.Name(), seed)
	calls := 3000
	if testing.Short() {
		calls = 500
	}
	synctest.Test(t, func(t *testing.T) {
		n := newNative(t)
		promises.Random(t, n, seed, calls, func() {
			for _, name := range []string{"A", "B", "C"} {
				n.Evict("PROBE", name)
			}
		})
	})
}
