package host_test

import (
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"testing/synctest"

	"github.com/cairn-dev/cairn/host"
	"github.com/cairn-dev/cairn/host/hosttest"
	"github.com/cairn-dev/cairn/host/storage"
	"github.com/cairn-dev/cairn/host/storage/storagetest"
)

// startGated starts a host in a bubble, with a log that the test moves.
func startGated(t *testing.T) *timed {
	t.Helper()
	log := storagetest.NewLog()
	p := startTimed(t, hosttest.Options{
		Options: host.Options{WrapLog: func(l storage.Log) storage.Log {
			return log.Wrap(l)
		}}})
	t.Cleanup(log.AdvanceAll) // before the host is stopped
	log.AdvanceAll()
	p.log = log
	return p
}

// soFar returns what a call answered, as soon as nothing moves any more.
func soFar(done <-chan string) string {
	synctest.Wait()
	select {
	case got := <-done:
		return got
	default:
		return "held"
	}
}

// TestDurableGates is E: what waits until the log is durable. Each case has an
// object with the key old. A call that is held is let go by the log.
func TestDurableGates(t *testing.T) {
	buildProbe(t)
	synctest.Test(t, func(t *testing.T) {
		p := startGated(t)
		for _, c := range []struct {
			name, before, script string
			held                 bool
			want                 string
		}{
			{"a read", "", "get old, list, getalarm", false, "1, old, none"},
			{"a write", "", "put x 1, get x", true, "1"},
			{"a delete", "", "delete old", true, "true"},
			{"a delete of nothing", "", "delete none", false, "false"},
			{"an alarm", "", "setalarm +1000", true, ""},
			{"no alarm to delete", "", "deletealarm", false, ""},
			{"deleteAll", "", "deleteall", true, ""},
			{"an error after a write", "", "put x 1, throw no", true, "[remote] no"},
			{"an abort after a write", "", "put x 1, abort no", false, "[remote reset] no"},
			{"a transaction", "", "tx(put x 1)", true, ""},
			{"a transaction that is taken back", "", "tx(put x 1, rollback)", false, "rolled back"},
			{"a read of a write", "put x 1", "get x", true, "1"},
			{"a read of another key", "put x 1", "get old", true, "1"},
			{"a read of what aborted", "put x 1, abort no", "get x", false, "none"},
			{"another object wrote", "", "call .b(put x 1)", true, ""},
			{"another object had written", "call .b(put x 1), throw no",
				"call .c(list)", true, "empty"},
			{"2.4 unconfirmed", "", "put x 1 unconfirmed, get x", false, "1"},
			{"2.4 an unconfirmed delete", "", "delete old unconfirmed", false, "true"},
			{"2.4 an unconfirmed alarm", "", "setalarm +1000 unconfirmed, getalarm",
				false, "+1000"},
			{"2.4 an unconfirmed end of an alarm", "setalarm +1000 unconfirmed",
				"deletealarm unconfirmed", false, ""},
			{"2.4 an unconfirmed error", "", "put x 1 unconfirmed, throw no", false, "[remote] no"},
			{"2.4 one write confirms all",
				"", "put x 1 unconfirmed, put y 1, put z 1 unconfirmed", true, ""},
			{"2.4 a read of what is unconfirmed", "put x 1 unconfirmed", "get x, list",
				false, "1, old x"},
			{"2.4 a write after what is unconfirmed", "put x 1 unconfirmed",
				"put y 1, get x", true, "1"},
			{"2.4 unconfirmed after a write", "put x 1", "put y 1 unconfirmed", true, ""},
			{"2.4 another object's is unconfirmed", "", "call .b(put x 1 unconfirmed)", false, ""},
			{"2.4 unconfirmed before a call",
				"", "put x 1 unconfirmed, call .b(count)", false, "1"},
			{"2.4 deleteAll is always confirmed", "", "put x 1 unconfirmed, deleteall", true, ""},
			{"E82 sync of a write", "", "put x 1, sync, print synced", true, "synced"},
			{"E82 sync of what is unconfirmed", "", "put x 1 unconfirmed, sync, print synced",
				true, "synced"},
			{"E82 sync of what was unconfirmed", "put x 1 unconfirmed", "sync, print synced",
				true, "synced"},
			{"E82 sync of nothing", "", "sync, print synced", false, "synced"},
			{"E82 sync of nothing twice", "", "sync, sync, get old, sync", false, "1"},
		} {
			p.start(c.name, "put old 1")
			synctest.Wait()
			p.log.AdvanceAll()
			if c.before != "" {
				p.start(c.name, c.before)
				synctest.Wait()
			}
			done := p.start(c.name, c.script)
			got := soFar(done)
			if held := got == "held"; held != c.held {
				t.Errorf("%s: held is %v, want %v", c.name, held, c.held)
			}
			p.log.AdvanceAll()
			if got == "held" {
				got = soFar(done)
			}
			if got != c.want {
				t.Errorf("%s: got %s, want %s", c.name, got, c.want)
			}
		}
	})
}

// TestDurableSync is E82: which writes a sync waits for.
func TestDurableSync(t *testing.T) {
	buildProbe(t)
	synctest.Test(t, func(t *testing.T) {
		p := startGated(t)
		// Not for what is written after it.
		later := p.start("A", "put x 1, sync, put y 1, log synced")
		if got := soFar(later) + p.logged("A"); got != "held" {
			t.Errorf("before the commit: %s", got)
		}
		p.log.AdvanceAll() // y is not written yet
		if got := soFar(later) + p.logged("A"); got != "heldsynced" {
			t.Errorf("after the first commit: %s", got)
		}
		p.log.AdvanceAll()
		if got := soFar(later); got != "" {
			t.Errorf("after the second: %s", got)
		}
		// Several for one commit.
		var all []<-chan string
		for i := range 5 {
			all = append(all, p.start(fmt.Sprint("S", i), "put x 1, sync, print synced"))
		}
		for i, done := range all {
			if got := soFar(done); got != "held" {
				t.Errorf("S%d: %s", i, got)
			}
		}
		p.log.AdvanceAll()
		for i, done := range all {
			if got := soFar(done); got != "synced" {
				t.Errorf("S%d: %s", i, got)
			}
		}
	})
}

const commitFailed = "[reset] Internal error in Durable Object storage write caused object to be " +
	"reset; reference = "

// TestDurableCommitFails is E80 and the row of 2.6: a log that fails answers no
// one, and resets who writes. What had been durable can be read.
func TestDurableCommitFails(t *testing.T) {
	buildProbe(t)
	synctest.Test(t, func(t *testing.T) {
		p := startGated(t)
		p.start("A", "put x 1, count")
		p.start("C", "put x 1, count")
		p.start("U", "put x 1, count")
		synctest.Wait()
		p.log.AdvanceAll()
		held := map[string]<-chan string{
			"a write":         p.start("A", "put x 2"),
			"a sync":          p.start("B", "put x 1, sync, log synced"),
			"its caller":      p.start("D", "try(call .b(put x 1, sync))"),
			"what had failed": p.start("E", "put x 1, throw no"),
		}
		for name, done := range held {
			if got := soFar(done); got != "held" {
				t.Errorf("%s: %s", name, got)
			}
		}
		p.start("L", "count, call A(get x)") // learns of what is lost
		if got := p.run("U", "put x 2 unconfirmed, count"); got != "2" {
			t.Errorf("an unconfirmed write: %s", got)
		}
		synctest.Wait()
		p.log.Fail(errors.New("no space left on device"))
		for name, done := range held {
			if got := soFar(done); !strings.Contains(got,
				"output gate: storage: log failed: no space left on device") {
				t.Errorf("%s: %s", name, got)
			}
		}
		if got := p.logged("B"); got != "" {
			t.Errorf("after a sync that failed: %s", got)
		}
		// The object that tries to write is reset, and told so once per call.
		for range 2 {
			got, reference, _ := strings.Cut(p.run("C", "count, put x 2"), "reference = ")
			if got+"reference = " != commitFailed || len(reference) != 24 {
				t.Errorf("a write: %s%s", got, reference)
			}
		}
		if got := p.run("C", "get x, count"); got != "1, 1" {
			t.Errorf("what is durable: %s", got)
		}
		p.lostUnconfirmed(t)
		got, _, _ := strings.Cut(p.run("F",
			"try(call C(put x 2)), try(call C(put x 3, throw no)), call C(get x)"), ",")
		if !strings.HasPrefix(got, commitFailed) {
			t.Errorf("the caller of a write: %s", got)
		}
	})
}

// lostUnconfirmed looks at what is left of a write that nobody waited for, after
// the log has failed. The object that has it was reset, and nothing reads it: not
// the object, nobody who calls it, and no list. Who had seen what others lost
// forgets that.
func (p *timed) lostUnconfirmed(t *testing.T) {
	t.Helper()
	for _, script := range []string{"count", "get x", "put x 3", "list, getalarm"} {
		if got := p.run("U", script); !strings.HasPrefix(got, commitFailed) {
			t.Errorf("what lost a write, %s: %s", script, got)
		}
	}
	if got := p.run("F", "try(call U(get x))"); !strings.HasPrefix(got, commitFailed) {
		t.Errorf("who calls what lost a write: %s", got)
	}
	if got := p.run("L", "count"); got != "1" {
		t.Errorf("who had learned of it: %s", got)
	}
	if list, err := p.Runtime.Admin().Objects("", "Probe", "", 10); err == nil {
		t.Errorf("listed: %v", list)
	}
}

// TestDurableBackground leaves work for after the answer: the answer does not
// wait for it, the next call does.
func TestDurableBackground(t *testing.T) {
	buildProbe(t)
	synctest.Test(t, func(t *testing.T) {
		p := startGated(t)
		inside := p.gate("inside")
		first := p.start("A", "waituntil(log inside, put x 1, count), count, print answer")
		if got := soFar(first); got != "1, answer" {
			t.Errorf("the answer: %s", got)
		}
		<-inside.reached
		second := p.start("A", "get x, count")
		if got := soFar(second); got != "held" {
			t.Errorf("a call while work is left: %s", got)
		}
		close(inside.open)
		if got := soFar(second); got != "held" { // now for the log
			t.Errorf("a call that saw what is not durable: %s", got)
		}
		p.log.AdvanceAll()
		if got := soFar(second); got != "1, 3" {
			t.Errorf("the second call: %s", got)
		}
		if got := p.logged("A"); got != "inside, background printed 2" {
			t.Errorf("logged %s", got)
		}
		p.playAll([]durableCase{
			{"1.3 in order", "waituntil(print 1), waituntil(print 2), print 0",
				"0| background printed 1, background printed 2"},
			{"1.3 in itself", "waituntil(waituntil(print later), print now), print 0",
				"0| background printed now, background printed later"},
			{"1.3 after an error", "waituntil(print on), throw no",
				"[remote] no| background printed on"},
			{"1.3 an error", "waituntil(throw oops), print 0; count",
				"0| background failed oops; 1"},
			{"1.3 a panic", "waituntil(panic ouch), waituntil(print on), print 0; count",
				"0| panic: ouch, background printed on; 1"},
			{"1.3 not after an abort", "waituntil(print on), abort no; count",
				"[remote reset] no; 1"},
			{"1.3 of a nested entry", "call .b(call .(waituntil(print on), print nested)), print " +
				"outer", "nested, outer| background printed on"},
			{"1.3 an abort in it", "count, waituntil(count, abort no), print 0; count", "1, 0; 1"},
			{"1.3 it calls others", "waituntil(call .b(call .(count))), print 0; count",
				"0| background printed 1; 2"},
			{"1.3 it blocks", "waituntil(block(count)), print 0", "0| background printed 1"},
		})
	})
}

// TestDurableCritical is blockConcurrencyWhile.
func TestDurableCritical(t *testing.T) {
	buildProbe(t)
	const refused = "Durable Object was called by the chain of calls that its own " +
		"blockConcurrencyWhile() waits for."
	synctest.Test(t, func(t *testing.T) {
		p := startTimed(t, hosttest.Options{})
		p.playAll([]durableCase{
			{"E70 it returns what it gives",
				"block(put x 1, get x), block(get x), block(), count", "1, 1, 1"},
			{"E70 others are called", "block(call .b(count), call .b(count))", "1, 2"},
			{"E70 it nests", "block(block(block(count), count), count), count", "1, 2, 3, 4"},
			{"E70 nobody gets in", "block(call .b(try(call .(count)))), call .b(call .(count))",
				refused + ", 1"},
			{"E70 not into the outer one", "block(block(count), call .b(try(call .(count))))",
				"1, " + refused},
			{"E70 in a transaction", "tx(block(put x 1), rollback), list", "rolled back, empty"},
			{"E72 it fails", "put x 1, count; put x 2, block(put y 1, throw foobar); entries, " +
				"count", "1; [remote reset] foobar; x=1, 1"},
			{"E72 caught all the same", "try(block(throw foobar)), print on; count",
				"[remote reset] foobar; 1"},
			{"E72 inner of nested", "count, block(block(count), try(block(block(throw foobar))), " +
				"print on); count", "[remote reset] foobar; 1"},
			{"E72 a panic", "count, block(panic foobar); count",
				"[remote reset] foobar| panic: foobar; 1"},
			{"E72 an error that is caught in it", "block(try(throw foobar), count), count",
				"foobar, 1, 2"},
			{"1.3 64 deep", "nest 64 block(count), count", "1, 2"},
			{"1.3 65 deep", "try(nest 65 block(count)); count",
				"[remote reset] blockConcurrencyWhile() calls are nested too deeply.; 1"},
		})
		// E70: an outer event waits until the section is done.
		inside := p.gate("inside")
		section := p.start("A", "block(log inside, count), count")
		<-inside.reached
		outer := p.start("A", "count")
		if got := soFar(outer); got != "held" {
			t.Errorf("an outer call: %s", got)
		}
		close(inside.open)
		if got := soFar(section) + "; " + soFar(outer); got != "1, 2; 3" {
			t.Errorf("got %s", got)
		}
	})
}

// TestDurableCounter is E83: read, change and write, from many sides at once.
func TestDurableCounter(t *testing.T) {
	t.Parallel()
	onStores(t, func(t *testing.T, o hosttest.Options) {
		p := startProbe(t, o)
		const callers, calls = 20, 10
		var wg sync.WaitGroup
		for i := range callers {
			wg.Go(func() {
				for range calls {
					p.run("A", "add n 1, call .b(add n 1)")
					p.run(fmt.Sprint("C", i), "call A(add n 1)")
				}
			})
		}
		wg.Wait()
		const want = "400, 200"
		if got := p.run("A", "get n, call .b(get n)"); got != want {
			t.Errorf("got %s, want %s", got, want)
		}
		p.Restart()
		if got := p.run("A", "get n, call .b(get n)"); got != want {
			t.Errorf("after a restart: %s, want %s", got, want)
		}
	})
}
