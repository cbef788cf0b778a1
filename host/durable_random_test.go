package host_test

import (
	"flag"
	"testing"
	"testing/synctest"
	"time"

	"github.com/cairn-dev/cairn/host"
	"github.com/cairn-dev/cairn/host/hosttest"
	"github.com/cairn-dev/cairn/testdata/probe/promises"
)

var durableSeed = flag.Uint64("durable-seed", 0, "seed of TestDurableRandom; 0 draws one")

// TestDurableRandom runs random calls of a few objects beside plain maps.
func TestDurableRandom(t *testing.T) {
	seed := *durableSeed
	if seed == 0 {
		seed = uint64(time.Now().UnixNano())
	}
	t.Logf("to repeat: go test ./host -run '^%s$' -durable-seed %d", t.Name(), seed)
	calls := 3000
	if testing.Short() {
		calls = 500
	}
	buildProbe(t)
	synctest.Test(t, func(t *testing.T) {
		// Two of the three have an instance at a time.
		p := startTimed(t, hosttest.Options{Options: host.Options{Residents: 2}})
		promises.Random(t, promiser{p.probe}, seed, calls, func() { time.Sleep(30 * time.Second) })
	})
}
