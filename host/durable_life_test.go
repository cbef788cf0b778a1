package host_test

import (
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/cairn-dev/cairn/host"
	"github.com/cairn-dev/cairn/host/hosttest"
	"github.com/cairn-dev/cairn/host/internal/testguest"
	"github.com/cairn-dev/cairn/host/release"
)

// TestDurableLife is G, without sockets: an object's time in memory.
func TestDurableLife(t *testing.T) {
	buildProbe(t)
	for _, noImages := range []bool{false, true} {
		synctest.Test(t, func(t *testing.T) {
			p := startTimed(t, hosttest.Options{Options: host.Options{NoImages: noImages}})
			p.playAll(lifeCases)
		})
	}
}

var lifeCases = []durableCase{
	{"G100 idle objects forget", "put x 1, count; count; idle; count, get x", "1; 2; ; 1, 1"},
	{"G100 the constructor runs again", `put oninit "log built"; idle; count; idle; count`,
		"; ; 1| built; ; 1| built"},
	{"G100 kept stubs are memory",
		"stub s .b, send s(count); idle; stub s .b, send s(count)", "1; ; 1"},
	{"G101 a stub outlives the eviction of what it calls",
		"stub s .b, send s(put x 1, count); idle; stub s .b, send s(get x, count)", "1; ; 1, 1"},
	{"G110 a restart", "put x 1, count; add n 3; restart; count, add n 1, get x",
		"1; 3; ; 1, 4, 1"},
	{"2.6 eviction after an abort", "count; abort no; idle; count", "1; [remote reset] no; ; 1"},
}

// TestDurableEviction goes through what keeps an object in memory, and for how
// long.
func TestDurableEviction(t *testing.T) {
	buildProbe(t)
	for _, noImages := range []bool{false, true} {
		synctest.Test(t, func(t *testing.T) { evictions(t, noImages) })
	}
}

func evictions(t *testing.T, noImages bool) {
	const idle = 4 * time.Second
	p := startTimed(t, hosttest.Options{Options: host.Options{EvictIdle: idle, NoImages: noImages}})
	alive := func(name, want string) {
		t.Helper()
		if got := p.run(name, "count"); got != want {
			t.Errorf("%s: count %s, want %s", name, got, want)
		}
	}
	alive("used", "1")
	for i := range 10 { // never idle for long enough
		time.Sleep(idle - time.Millisecond)
		alive("used", []string{"2", "3", "4", "5", "6", "7", "8", "9", "10", "11"}[i])
	}
	time.Sleep(2 * idle)
	alive("used", "1")

	// G100: not while a call runs, however long that takes.
	busy, caller := p.gate("busy"), p.gate("calls")
	running := p.start("busy", "count, log busy, count")
	waiting := p.start("caller", "count, call waited(log calls), count")
	<-busy.reached
	<-caller.reached
	background := p.gate("later")
	p.run("later", "count, waituntil(log later, count)")
	<-background.reached
	time.Sleep(time.Hour)
	for _, g := range []*gate{busy, caller, background} {
		close(g.open)
	}
	if got := <-running + "; " + <-waiting; got != "1, 2; 1, 2" {
		t.Errorf("what ran for an hour printed %s", got)
	}
	synctest.Wait()
	alive("busy", "3")
	alive("caller", "3")
	alive("later", "3")
	time.Sleep(2 * idle)
	alive("busy", "1")
	alive("caller", "1")
	alive("later", "1")
}

// TestDurableExistence is G112: an object exists from the first thing that it
// stores until it stores nothing and is not in memory.
func TestDurableExistence(t *testing.T) {
	buildProbe(t)
	synctest.Test(t, func(t *testing.T) {
		p := startTimed(t, hosttest.Options{})
		want := func(when string, names ...string) {
			t.Helper()
			got := p.objects(t, "Probe")
			if slices.Sort(got); !slices.Equal(got, names) {
				t.Errorf("%s: %q, want %q", when, got, names)
			}
		}
		want("before the first event", []string{}...)
		p.run("A", "put x 1")
		p.run("B", "setalarm +1000")
		p.run("reads", "get x, list, count")
		p.run("aborts", "put x 1, abort no")
		p.run("takes back", "tx(put x 1, rollback)")
		p.run("throws", "put x 1, throw no")
		p.run("wipes", "put x 1, deleteall")
		want("after the first calls", "A", "B", "throws")
		p.run("A", "deleteall")
		p.run("throws", "put y 1")
		want("after deleteAll", "B", "throws")
		p.run("A", "put x 2")
		want("after another put", "A", "B", "throws")
		p.run("A", "deleteall, put x 3")
		want("after deleteAll and a put", "A", "B", "throws")
		p.run("A", "tx(put z 1), deleteall")
		time.Sleep(30 * time.Second)
		p.Restart()
		want("after a restart", "B", "throws")
		if got := p.run("A", "list, getalarm, count"); got != "empty, none, 1" {
			t.Errorf("what is left of A: %s", got)
		}
		p.run("B", "deleteall")
		want("without its alarm", "throws")
		// The last key or alarm takes the object along.
		p.run("throws", "delete x, put z 1, delete y")
		want("with one key left", "throws")
		p.run("throws", "delete z")
		want("without a key")
		p.run("A", "put x 1, put y 1, setalarm +1000")
		p.run("A", "deletemany x y")
		want("with an alarm left", "A")
		p.run("A", "tx(deletealarm, rollback)")
		want("after a rollback", "A")
		p.run("A", "deletealarm")
		want("without an alarm")
		p.run("A", "setalarm +1000")
		p.run("B", `put onalarm "delete onalarm", setalarm +1000`)
		want("with alarms that are pending", "A", "B")
		p.clock.Advance(time.Second)
		synctest.Wait()
		want("after the alarms")
		p.run("A", "put x 1")
		want("once again", "A")
		if list := p.objects(t, "Plain"); len(list) > 0 {
			t.Errorf("another class has %q", list)
		}
	})
}

// TestDurableCodeUpdate is the row of 2.6: objects begin anew with the new code
// and what they stored.
func TestDurableCodeUpdate(t *testing.T) {
	t.Parallel()
	buildProbe(t)
	p := startProbe(t, hosttest.Options{NoListener: true})
	if got := p.run("A", "put x 1, count") + p.run("A", "count"); got != "12" {
		t.Fatal(got)
	}
	// A section that no host knows makes another module of the same code.
	changed := append(slices.Clone(testguest.Build(t, "probe")), "\x00\x02\x01x"...)
	if _, err := p.Runtime.Releases().Deploy(t.Context(),
		release.Deploy{Wasm: changed}); err != nil {
		t.Fatal(err)
	}
	if got := p.run("A", "get x, count"); got != "1, 1" {
		t.Errorf("after the deploy: %s", got)
	}
}

// TestDurableScripts is G: objects of two scripts call each other, abort and
// come back, under one store.
func TestDurableScripts(t *testing.T) {
	t.Parallel()
	script := func(name, other string) release.Script {
		return hosttest.Script(t, "probe",
			strings.NewReplacer("NAME", name, "OTHER", other).Replace(`"name": "NAME",
			"durable_objects": {"bindings": [{"name": "PROBE", "class_name": "Probe"},
				{"name": "FAR", "class_name": "Probe", "script_name": "OTHER"}]},
			"migrations": [{"tag": "v1", "new_sqlite_classes": ["Probe"]}]`))
	}
	p := startScripts(t, script("a", "b"), script("b", "a"))
	p.says("PROBE", "x", "count, call FAR:x(count, call FAR:x(count)), count", "1, 1, 2, 3")
	p.says("PROBE", "x", "put k here, call FAR:x(put k there), get k, call FAR:x(get k)",
		`"here", "there"`)
	p.says("PROBE", "x", "stub s FAR:x, try(send s(abort stop)), try(send s(count)), stub s "+
		"FAR:x, send s(count, get k), count",
		`[remote reset] stop, [remote reset] stop, 1, "there", 4`)
	p.says("PROBE", "x", "call FAR:x(deleteall), get k", `"here"`)
	p.restartWith(script("b", "a"), script("a", "b"))
	p.says("PROBE", "x", "list, call FAR:x(list)", "empty, k")
}
