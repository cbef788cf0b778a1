//go:build !wasip1

package main

import (
	"flag"
	"testing"
	"testing/synctest"
	"time"

	"github.com/cairn-dev/cairn/guest"
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

// Post implements promises.Web.
func (n native) Post(script string) (int, string) {
	req, err := guest.NewRequest("POST", "http://127.0.0.1:8787/", []byte(script))
	if err != nil {
		return 0, err.Error()
	}
	resp := n.Fetch(req)
	return resp.Status, string(resp.Body)
}

func TestStorage(t *testing.T) {
	synctest.Test(t, func(t *testing.T) { promises.Storage(t, newNative(t)) })
}

func TestIdentity(t *testing.T) { promises.Identity(t, newNative(t)) }

func TestCalls(t *testing.T) { promises.Calls(t, newNative(t)) }

func TestWorker(t *testing.T) { promises.Worker(t, newNative(t)) }

// TestUnconfirmed is 2.4: which writes a crash loses. In the host their answers
// do not wait for the log.
func TestUnconfirmed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for _, c := range promises.Unconfirmed {
			n := newNative(t)
			n.Run("A", "put old 1")
			n.Run("A", c.Script)
			written := n.Run("A", "entries, getalarm")
			n.Crash()
			kept := n.Run("A", "entries, getalarm")
			if c.Lost && kept != "old=1, none" || !c.Lost && kept != written {
				t.Errorf("%s: wrote %s, and after a crash there is %s", c.Script, written, kept)
			}
		}
	})
}

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
