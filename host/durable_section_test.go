package host_test

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/cairn-dev/cairn/host/hosttest"
)

const tooLong = "[overloaded reset] A call to blockConcurrencyWhile() in a Durable Object waited " +
	"for too long. The call was canceled and the Durable Object was reset."

// TestDurableSectionLimit is the row of 1.3: 30 seconds, also for a section that
// waits. Each case is at a line of its log while time passes; what it waits for goes
// on only afterwards, if at all.
func TestDurableSectionLimit(t *testing.T) {
	buildProbe(t)
	synctest.Test(t, func(t *testing.T) {
		p := startGated(t)
		for _, c := range []struct {
			name, script string
			left         string // what a call, or the section's own sync, has made last
			other        string // what the other object has counted in the end
		}{
			{"it sleeps", "block(put x 2, log at, sleep 3600000)", "1, 1", "1"},
			{"it calls", "put x 2, block(call .b(log at, log held, count))", "2, 1", "2"},
			{"it fetches", "put x 2, block(fetch .b http://x/(log at, log held, count))",
				"2, 1", "2"},
			{"it waits for its turn", "put x 2, block(log at, call .b(count))", "2, 1", "3"},
			{"it syncs", "put x 2, block(log at, sync)", "2, 1", "1"},
			{"a section within", "block(put x 2, block(block(log at, sleep 3600000)))",
				"1, 1", "1"},
			{"it catches", "try(block(put x 2, log at, recover(sleep 3600000))), put x 3",
				"1, 1", "1"},
			{"the constructor's", "count", "1, 1", "2"},
		} {
			p.sectionLimit(t, c.name, c.script, c.left, c.other)
		}
	})
}

func (p *timed) sectionLimit(t *testing.T, name, script, left, other string) {
	t.Helper()
	p.start(name, "put x 1, count")
	p.start(name+".b", "count")
	if name == "the constructor's" {
		p.start(name,
			`put oninit "delete oninit, call .b(count), block(put x 2, log at, sleep 3600000)"`)
	}
	synctest.Wait()
	p.log.AdvanceAll()
	time.Sleep(30 * time.Second) // the bubble's: it is evicted
	at, held := p.gate("at"), p.gate("held")
	if name == "it waits for its turn" {
		p.start(name+".b", "log held, count")
		<-held.reached
	}
	section := p.start(name, script)
	<-at.reached
	queued := p.start(name, "count")
	synctest.Wait()
	close(at.open)
	synctest.Wait()
	p.clock.Advance(30 * time.Second)
	if got := soFar(section); got != "held" {
		t.Errorf("%s: after 30 s: %s", name, got)
	}
	p.clock.Advance(time.Millisecond)
	synctest.Wait()
	p.log.AdvanceAll() // the error could tell of what was made last
	if got := soFar(section) + "; " + soFar(queued); got != tooLong+"; "+tooLong {
		t.Errorf("%s: after more than 30 s: %s", name, got)
		close(held.open) // what follows would wait for it
		return
	}
	if got := p.run(name, "get x, count"); got != left {
		t.Errorf("%s: afterwards: %s, want %s", name, got, left)
	}
	// What was given up ends all the same, and the other object lives on.
	close(held.open)
	if got := soFar(p.start(name+".b", "count")); got != other {
		t.Errorf("%s: the other object: %s, want %s", name, got, other)
	}
}

// TestDurableSectionComputes does the same to sections that compute. It is not in a
// bubble, so that a guest that does not end meets its CPU limit.
func TestDurableSectionComputes(t *testing.T) {
	p, clock := startClocked(t)
	for _, c := range []struct{ name, script string }{
		{"it computes", "block(put x 2, log at, spin)"},
		{"a section within", "block(put x 2, block(block(log at, spin)))"},
		{"it asks the host", "block(put x 2, log at, list, forever(get x))"},
		{"it has called", "call .b(count), block(put x 2, log at, spin)"},
		{"it catches", "try(block(put x 2, log at, recover(spin))), put x 3"},
	} {
		p.run(c.name, "put x 1, count")
		at := p.gate("at")
		section := p.start(c.name, c.script)
		<-at.reached
		clock.Advance(31 * time.Second)
		close(at.open)
		if got := <-section + "; " + p.run(c.name, "get x, count"); got != tooLong+"; 1, 1" {
			t.Errorf("%s: %s", c.name, got)
		}
	}
}

// TestDurableSectionInTime ends sections at the limit, one after the other in the
// same call: each has its own time.
func TestDurableSectionInTime(t *testing.T) {
	buildProbe(t)
	synctest.Test(t, func(t *testing.T) {
		p := startTimed(t, hosttest.Options{})
		one, two := p.gate("one"), p.gate("two")
		call := p.start("A", "block(call .b(log one), count), block(log two, count), count")
		for _, g := range []*gate{one, two} {
			<-g.reached
			p.clock.Advance(30 * time.Second)
			close(g.open)
		}
		if got := soFar(call) + "; " + p.run("A", "count"); got != "1, 2, 3; 4" {
			t.Errorf("got %s", got)
		}
	})
}

// TestDurableSectionNested gives up a call that, along a chain, has come back to
// whoever called the section's object. What waits below that entry must not go on
// before it has ended.
func TestDurableSectionNested(t *testing.T) {
	buildProbe(t)
	synctest.Test(t, func(t *testing.T) {
		p := startTimed(t, hosttest.Options{})
		at := p.gate("at")
		outer := p.start("W",
			"count, try(call W.A(block(call W.B(call W(log at, count, log out))))), log on, count")
		<-at.reached
		p.clock.Advance(31 * time.Second)
		if got := soFar(outer); got != "held" {
			t.Errorf("while the nested entry runs: %s", got)
		}
		close(at.open)
		if got, want := soFar(outer), "1, "+tooLong+", 3"; got != want {
			t.Errorf("got %s, want %s", got, want)
		}
		if got := p.logged("W"); got != "at, out, on" {
			t.Errorf("logged %s", got)
		}
		if got := p.run("W.B", "count") + p.run("W.A", "count") +
			p.run("W", "count"); got != "114" {
			t.Errorf("afterwards: %s", got)
		}
	})
}

// TestRunDue moves the clock and waits for the alarms, without a bubble.
func TestRunDue(t *testing.T) {
	p, clock := startClocked(t)
	p.run("A", `put onalarm "throw no|add n 1", setalarm +10`)
	p.run("B", `put onalarm "add n 1, delete onalarm, setalarm +0", setalarm +10`)
	clock.Advance(9 * time.Millisecond)
	if n := p.RunDue(); n != 0 {
		t.Errorf("%d runs before the time", n)
	}
	clock.Advance(time.Millisecond)
	p.RunDue() // the host may have run some before
	if got := p.run("A", "get n, getalarm") + "; " +
		p.run("B", "get n, getalarm"); got != "none, +0; 1, none" {
		t.Errorf("after the first runs: %s", got)
	}
	clock.Advance(3 * time.Second)
	p.RunDue()
	if got := p.run("A", "get n, getalarm"); got != "1, none" {
		t.Errorf("after the retry: %s", got)
	}
}
