package host_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/cairn-dev/cairn/host/hosttest"
)

// TestDurableInFlight is 1.3, 2.2 and 2.6: what is in flight when an object is
// reset fails with the reason, be it inside or in the mailbox, and what comes
// afterwards finds a fresh one.
func TestDurableInFlight(t *testing.T) {
	buildProbe(t)
	synctest.Test(t, func(t *testing.T) {
		p := startTimed(t, hosttest.Options{})
		for _, c := range []struct{ name, script, want string }{
			{"abort", "abort stop", "[remote reset] stop"},
			{"abort without a reason",
				"abort", "[remote reset] Application called abort() to reset Durable Object."},
			{"trap", "trap", "[remote reset] Durable Object reset: module: guest trapped: wasm " +
				"error: out of bounds memory access"},
			{"section", "try(block(throw no))", "[remote reset] no"},
			{"abort in a nested entry", "call .b(try(call .(abort stop)))", "[remote reset] stop"},
			{"constructor", `delete oninit, throw born`, "[remote] born"},
		} {
			first := c.name + " first"
			script := "put x lost, log \"" + first + "\", " + c.script
			p.run(c.name, "put x 1, count")
			if c.name == "constructor" {
				p.run(c.name, fmt.Sprintf("put oninit %q", script))
				time.Sleep(30 * time.Second) // the bubble's: it is evicted
				script = "count"
			}
			at := p.gate(first)
			calls := []<-chan string{p.start(c.name, script)}
			<-at.reached
			for range 3 {
				calls = append(calls, p.start(c.name, "put x queued, count"))
				synctest.Wait() // it is in the mailbox
			}
			close(at.open)
			for i, call := range calls {
				if got := soFar(call); got != c.want {
					t.Errorf("%s: call %d: %s, want %s", c.name, i, got, c.want)
				}
			}
			// An error of the constructor is no reset of what it wrote.
			want := "1, 1"
			if c.name == "constructor" || strings.Contains(c.script, ".b") {
				want = `"lost", 1` // it was in the log before it went wrong
			}
			if got := p.run(c.name, "get x, count"); got != want {
				t.Errorf("%s: afterwards: %s, want %s", c.name, got, want)
			}
		}
	})
}

// TestDurableAfterReset calls an object that was reset while an entry below the
// reset has not returned: the call is no longer in flight, it waits and begins
// afresh.
func TestDurableAfterReset(t *testing.T) {
	buildProbe(t)
	synctest.Test(t, func(t *testing.T) {
		p := startTimed(t, hosttest.Options{})
		at := p.gate("reset")
		first := p.start("A", "count, call .b(try(call .(count, abort stop)), log reset, print on)")
		<-at.reached
		queued := p.start("A", "count")
		if got := soFar(queued); got != "held" {
			t.Errorf("while an entry is left: %s", got)
		}
		close(at.open)
		if got := soFar(first) + "; " + soFar(queued) + "; " +
			p.run("A", "count"); got != "[remote reset] stop; 1; 2" {
			t.Errorf("got %s", got)
		}
		// A call along the chain that waits for it cannot wait: it fails as well.
		if got := p.run("A", "call .b(try(call .(abort stop)), try(call .(count)), log "+
			"over)"); got != "[remote reset] stop" {
			t.Errorf("got %s", got)
		}
		if got := p.logged("A"); got != "reset, over" {
			t.Errorf("logged %s", got)
		}
	})
}

// TestDurableAlarmInFlight resets an object while its alarm waits behind the call
// that does it. The alarm has not failed: it runs, and for the first time.
func TestDurableAlarmInFlight(t *testing.T) {
	buildProbe(t)
	synctest.Test(t, func(t *testing.T) {
		p := startTimed(t, hosttest.Options{})
		p.run("A", `put onalarm "count", setalarm +10, count`)
		at := p.gate("first")
		first := p.start("A", "log first, abort stop")
		<-at.reached
		before := p.start("A", "count")
		synctest.Wait()
		p.clock.Advance(10 * time.Millisecond)
		synctest.Wait()
		behind := p.start("A", "count")
		synctest.Wait()
		close(at.open)
		if got, want := soFar(first)+"; "+soFar(before)+"; "+soFar(behind),
			strings.Repeat("; [remote reset] stop", 3)[2:]; got != want {
			t.Errorf("got %s, want %s", got, want)
		}
		if got, want := p.logged("A"), "first, alarm +0 first none, printed 1"; got != want {
			t.Errorf("logged %s, want %s", got, want)
		}
	})
}

// TestDurableCommitInFlight fails a commit while calls wait for the object.
func TestDurableCommitInFlight(t *testing.T) {
	buildProbe(t)
	synctest.Test(t, func(t *testing.T) {
		p := startGated(t)
		p.start("A", "put x 1, count")
		synctest.Wait()
		p.log.AdvanceAll()
		at := p.gate("first")
		calls := []<-chan string{p.start("A", "put x 2, count, log first")}
		<-at.reached
		for range 3 {
			calls = append(calls, p.start("A", "get x, count"))
			synctest.Wait()
		}
		p.log.Fail(errors.New("no space left on device"))
		close(at.open)
		told := map[string]bool{}
		for i, call := range calls {
			got := soFar(call)
			if told[got] = true; !strings.HasPrefix(got, commitFailed) {
				t.Errorf("call %d: %s", i, got)
			}
		}
		if len(told) != 1 {
			t.Errorf("one failure was told in %d ways", len(told))
		}
		if got := p.run("A", "get x, count"); got != "1, 1" {
			t.Errorf("afterwards: %s", got)
		}
	})
}
