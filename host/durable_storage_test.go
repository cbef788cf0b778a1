package host_test

import (
	"testing"
	"time"

	"github.com/cairn-dev/cairn/host/hosttest"
	"github.com/cairn-dev/cairn/host/internal/clock/clocktest"
	"github.com/cairn-dev/cairn/testdata/probe/promises"
)

// TestDurableStorage is C and D, in cases that guesttest has to pass as well.
func TestDurableStorage(t *testing.T) {
	t.Parallel()
	onStores(t, func(t *testing.T, o hosttest.Options) {
		o.Clock = clocktest.NewClock(time.UnixMilli(1000))
		promises.Storage(t, promiser{startProbe(t, o)})
	})
}

// TestDurableListOptions lists with every combination of options.
func TestDurableListOptions(t *testing.T) {
	promises.ListOptions(t, promiser{startProbe(t, hosttest.Options{NoListener: true})})
}

// promiser is a promises.Host.
type promiser struct{ *probe }

// Run implements promises.Host.
func (p promiser) Run(object, script string) string { return p.run(object, script) }

// Restart implements promises.Host.
func (p promiser) Restart() { p.Host.Restart() }

// Post implements promises.Web.
func (p promiser) Post(script string) (int, string) { return p.Do("POST", "/", script) }
