package host_test

import (
	"fmt"
	"testing"
	"testing/synctest"

	"github.com/cairn-dev/cairn/testdata/probe/promises"
)

// TestDurableUnconfirmed is 2.4: whose answer waits for the log. guesttest loses
// the same writes in a crash.
func TestDurableUnconfirmed(t *testing.T) {
	buildProbe(t)
	synctest.Test(t, func(t *testing.T) {
		p := startGated(t)
		for i, c := range promises.Unconfirmed {
			name := fmt.Sprint("unconfirmed ", i)
			p.start(name, "put old 1")
			synctest.Wait()
			p.log.AdvanceAll()
			done := p.start(name, c.Script)
			got := soFar(done)
			if lost := got != "held"; lost != c.Lost {
				t.Errorf("%s: %s, want an answer before it is durable: %v", c.Script, got, c.Lost)
			}
			p.log.AdvanceAll()
			if got == "held" {
				<-done
			}
		}
	})
}
