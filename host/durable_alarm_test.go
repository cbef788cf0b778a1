package host_test

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"

	"github.com/cairn-dev/cairn/abi"
	"github.com/cairn-dev/cairn/host"
	"github.com/cairn-dev/cairn/host/hosttest"
	"github.com/cairn-dev/cairn/host/internal/clock/clocktest"
	"github.com/cairn-dev/cairn/host/storage"
	"github.com/cairn-dev/cairn/host/storage/storagetest"
)

// timed is a probe in a bubble, whose alarms go by a clock that the test moves.
type timed struct {
	*probe
	clock *clocktest.Clock
	log   *storagetest.Log // nil where nothing but the disk decides what is durable
}

// startTimed starts a host in a bubble. There is no jitter. A test in a bubble is not
// parallel: what pools keep may have channels of another one, see forgetPools.
func startTimed(t *testing.T, o hosttest.Options) *timed {
	t.Helper()
	p := &timed{clock: clocktest.NewClock(time.UnixMilli(1_000_000))}
	o.NoListener, o.Clock = true, p.clock
	o.Random = func(b []byte) { clear(b) }
	p.probe = startProbe(t, o)
	return p
}

// startClocked is startTimed outside of a bubble, where guests meet their CPU limit.
func startClocked(t *testing.T) (*probe, *clocktest.Clock) {
	t.Helper()
	clock := clocktest.NewClock(time.UnixMilli(1_000_000))
	return startProbe(t, hosttest.Options{NoListener: true,
		Options: host.Options{Clock: clock, CPULimit: 5 * time.Second}}), clock
}

// play does the parts of a script, as probe.check does. Beside calls there are
// "+D", time passes for alarms; "idle", objects forget their memory; and
// "restart". Behind a bar is what objects logged meanwhile.
func (p *timed) play(name, script string) string {
	p.t.Helper()
	var got []string
	for part := range strings.SplitSeq(script, ";") {
		part = strings.TrimSpace(part)
		out := ""
		switch {
		case part == "restart":
			p.Restart()
		case part == "idle":
			time.Sleep(30 * time.Second) // the bubble's
		case strings.HasPrefix(part, "+"):
			d, err := time.ParseDuration(part[1:])
			if err != nil {
				p.t.Fatalf("%s: %v", name, err)
			}
			p.clock.Advance(d)
		default:
			out = p.run(name, part)
		}
		synctest.Wait()
		if lines := p.logged(name); lines != "" {
			out += "| " + lines
		}
		got = append(got, out)
	}
	return strings.Join(got, "; ")
}

func (p *timed) playAll(cases []durableCase) {
	p.t.Helper()
	for _, c := range cases {
		name := strings.ReplaceAll(c.name, ".", "_")
		if got := p.play(name, c.script); got != c.want {
			p.t.Errorf("%s: %s\n got %s\nwant %s", c.name, c.script, got, c.want)
		}
	}
}

// TestDurableAlarm is F. The handler logs when it was to run, which run it is,
// and what getAlarm says, all from now on.
func TestDurableAlarm(t *testing.T) {
	buildProbe(t)
	synctest.Test(t, func(t *testing.T) {
		p := startTimed(t, hosttest.Options{Options: host.Options{CPULimit: 50 * time.Millisecond}})
		p.playAll(alarmCases)
		p.playAll(handlerCases)
		p.playAll(retryCases)
		p.playAll(alarmWriteCases)
	})
}

const (
	notPositive = "TypeError: setAlarm() cannot be called with an alarm time <= 0"
	noHandler   = "TypeError: Your Durable Object class must have an alarm() handler in order to " +
		"call setAlarm()"
)

var alarmCases = []durableCase{
	{"F84 set and get", "setalarm +50, getalarm; getalarm; +49ms; +1ms; getalarm",
		"+50; +50; ; | alarm +0 first none; none"},
	{"F84 never early, seldom late", "setalarm +50; +300ms; +1h", "; | alarm -250 first none; "},
	{"F84 in the same memory", "count, setalarm +50; +50ms; count", "1; | alarm +0 first none; 2"},
	{"F84 none", "getalarm, deletealarm, getalarm", "none, none"},
	{"F85 an alarm replaces another", "setalarm +50, setalarm +20, getalarm; +20ms; +30ms",
		"+20; | alarm +0 first none; "},
	{"F85 later replaces earlier", "setalarm +20; setalarm +50, getalarm; +20ms; +30ms",
		"; +50; ; | alarm +0 first none"},
	{"F85 earlier replaces later", "setalarm +50; setalarm +20; +20ms; +1h",
		"; ; | alarm +0 first none; "},
	{"F85 delete", "setalarm +20; deletealarm, getalarm; +1h", "; none; "},
	{"F85 delete and set", "setalarm +20; deletealarm, setalarm +50, getalarm; +20ms; +30ms",
		"; +50; ; | alarm +0 first none"},
	{"F85 each object has one", "setalarm +10, call .b(setalarm +20), getalarm, call " +
		".b(getalarm, deletealarm); +10ms; +10ms",
		"+10, +20; | alarm +0 first none; "},
	{"F86 zero", "setalarm +70, try(setalarm 0), try(setalarm -1), getalarm, deletealarm; +1h",
		notPositive + ", " + notPositive + ", +70; "},
	{"F86 no handler", "call PLAIN:.(try(setalarm +5), getalarm, deletealarm)",
		noHandler + ", none"},
	{"F86 past", "setalarm ~1000, getalarm; getalarm", "+0| alarm +0 first none; none"},
	{"F86 long past", "setalarm 1, getalarm", "+0| alarm +0 first none"},
	{"F86 now", "setalarm +0, getalarm", "+0| alarm +0 first none"},
	{"F86 far", "setalarm +9000000000000, getalarm; restart; getalarm, deletealarm",
		"+9000000000000; ; +9000000000000"},
	{"F88 the name", `put onalarm "name, count"; setalarm +1000; idle; +1s`,
		`; ; ; | alarm +0 first none, printed "F88 the name", 1`},
	{"F88 after a restart", "setalarm +1000; restart; +999ms; +1ms; getalarm",
		"; ; ; | alarm +0 first none; none"},
	{"F88 the name after a restart", `put onalarm "name"; setalarm +1000; restart; +1s`,
		`; ; ; | alarm +0 first none, printed "F88 the name after a restart"`},
	{"F89 overdue after a restart", "setalarm +1000; restart; +1h; getalarm",
		"; ; | alarm -3599000 first none; none"},
	{"F89 an object that is gone from memory", "setalarm +1000; idle; getalarm; +1s",
		"; ; +1000; | alarm +0 first none"},
	{"F89 many of one object", "setalarm +5; +5ms; setalarm +5; +5ms; setalarm +5; +5ms",
		"; | alarm +0 first none; ; | alarm +0 first none; ; | alarm +0 first none"},
}

var handlerCases = []durableCase{
	{"F90 sets a new one and throws", `put onalarm "setalarm +7000, getalarm, delete onalarm,` +
		` throw no"; setalarm +10; +10ms; getalarm; +2s; +5s; getalarm`,
		"; ; | alarm +0 first none; +7000; ; | alarm +0 first none; none"},
	{"F90 sets a new one", `put onalarm "setalarm +500, getalarm,` +
		` delete onalarm"; setalarm +10; +10ms; getalarm; +500ms; getalarm`,
		"; ; | alarm +0 first none, printed +500, true; +500; | alarm +0 first none; none"},
	{"F90 sets it for now",
		`put onalarm "delete onalarm, setalarm +0, getalarm"; setalarm +10; +10ms; getalarm`,
		"; ; | alarm +0 first none, printed true, +0, alarm +0 first none; none"},
	{"F90 sets it for its own time and throws",
		`put onalarm "delete onalarm, setalarm +0, throw no"; setalarm +10; +10ms; getalarm`,
		"; ; | alarm +0 first none, alarm +0 first none; none"},
	{"F90 an entry within sets it for its own time and it throws", `put onalarm "delete onalarm,` +
		` call .(setalarm +0), throw no"; setalarm +10; +10ms; getalarm`,
		"; ; | alarm +0 first none, alarm +0 first none; none"},
	{"F90 later work sets it for its own time after an error", `put onalarm "waituntil(delete ` +
		`onalarm, setalarm +0), throw no"; setalarm +10; +10ms; getalarm`,
		"; ; | alarm +0 first none, background printed true, alarm +0 first none; none"},
	{"F90 sets it for its own time and aborts",
		`put onalarm "setalarm +0, abort no|print ok"; setalarm +10; +10ms; +2s`,
		"; ; | alarm +0 first none; | alarm -2000 retry 1 true none, printed ok"},
	{"F91 deletes one for its own time and throws",
		`put onalarm "setalarm +0, deletealarm, throw no|print ok"; setalarm +10; +10ms; +2s`,
		"; ; | alarm +0 first none; | alarm -2000 retry 1 true none, printed ok"},
	{"F91 deletes the one that runs",
		`put onalarm "deletealarm, getalarm, print on"; setalarm +10; +10ms; +1h; getalarm`,
		"; ; | alarm +0 first none, printed none, on; ; none"},
	{"F91 deletes the one that runs and throws",
		`put onalarm "deletealarm, throw no|print ok"; setalarm +10; +10ms; +2s; getalarm`,
		"; ; | alarm +0 first none; | alarm -2000 retry 1 true none, printed ok; none"},
	{"F91 deletes one that it set",
		`put onalarm "setalarm +50, deletealarm, getalarm"; setalarm +10; +10ms; +1h`,
		"; ; | alarm +0 first none, printed none; "},
	{"F91 deletes one that it set and throws",
		`put onalarm "setalarm +50, deletealarm, throw no|print ok"; setalarm +10; +10ms; +2s`,
		"; ; | alarm +0 first none; | alarm -2000 retry 1 true none, printed ok"},
	{"F93 takes a set back",
		`put onalarm "tx(setalarm +50, rollback), getalarm"; setalarm +10; +10ms; +1h; getalarm`,
		"; ; | alarm +0 first none, printed rolled back, none; ; none"},
	{"F93 takes a delete back", `put onalarm "setalarm +50, tx(deletealarm, getalarm, rollback),` +
		` getalarm, delete onalarm"; setalarm +10; +10ms; +50ms; getalarm`,
		"; ; | alarm +0 first none, printed rolled back, +50, true; | alarm +0 first none; none"},
	{"F94 moved just before", "setalarm +10; setalarm +20; +10ms; getalarm; +10ms",
		"; ; ; +10; | alarm +0 first none"},
	{"F96 deleteAll takes it", "put x 1, setalarm +10; deleteall, getalarm; +1h; getalarm, list",
		"; none; ; none, empty"},
	{"F96 deleteAll in the handler",
		`put onalarm "deleteall, getalarm, list"; setalarm +10; +10ms; +1h; getalarm, list`,
		"; ; | alarm +0 first none, printed none, empty; ; none, empty"},
	{"F96 deleteAll in the handler and throws",
		`put onalarm "deleteall, throw no"; setalarm +10; +10ms; +1h; list`,
		"; ; | alarm +0 first none; ; empty"},
	{"F96 deleteAll and deleteAlarm in the handler and throws", `put onalarm "setalarm +50,` +
		` deleteall, deletealarm, throw no"; setalarm +10; +10ms; +1h; list, getalarm`,
		"; ; | alarm +0 first none; ; empty, none"},
	{"F96 deleteAll and one for now in the handler",
		`put onalarm "deleteall, setalarm +0, getalarm"; setalarm +10; +10ms; getalarm, list`,
		"; ; | alarm +0 first none, printed +0, alarm +0 first none; none, empty"},
	{"F96 deleteAll and a new one in the handler", `put onalarm "deleteall, setalarm +50,` +
		` getalarm"; setalarm +10; +10ms; getalarm; +50ms; list`,
		"; ; | alarm +0 first none, printed +50; +50; | alarm +0 first none; empty"},
	{"F96 deleteAll and one for its own time in the handler and throws",
		`put onalarm "deleteall, setalarm +0, throw no"; setalarm +10; +10ms; getalarm`,
		"; ; | alarm +0 first none, alarm +0 first none; none"},
	{"F96 deleteAll of one set in the handler",
		`put onalarm "setalarm +50, deleteall, getalarm"; setalarm +10; +10ms; +1h; getalarm`,
		"; ; | alarm +0 first none, printed none; ; none"},
	{"F96 deleteAll and set", "setalarm +10, deleteall, setalarm +20, getalarm; +10ms; +10ms",
		"+20; ; | alarm +0 first none"},
	{"F97 calls others", `put onalarm "call .b(count), call .b(call .(getalarm))"; setalarm +10; ` +
		`+10ms`, "; ; | alarm +0 first none, printed 1, none"},
	{"F97 calls itself to set another", `put onalarm "delete onalarm, call .(setalarm +50),` +
		` getalarm"; setalarm +10; +10ms; getalarm; +50ms`,
		"; ; | alarm +0 first none, printed true, +50; +50; | alarm +0 first none"},
	{"F97 calls itself to set another and throws", `put onalarm "delete onalarm,` +
		` call .(setalarm +50), throw no"; setalarm +10; +10ms; getalarm; +50ms; +1h`,
		"; ; | alarm +0 first none; +50; | alarm +0 first none; "},
	{"F97 an entry within an entry deletes",
		`put onalarm "call .(deletealarm, getalarm), throw no|print ok"; setalarm +10; +10ms; +2s`,
		"; ; | alarm +0 first none; | alarm -2000 retry 1 true none, printed ok"},
	{"F97 later work sets and deletes", `put onalarm "waituntil(getalarm, setalarm +50, getalarm,` +
		` deletealarm, getalarm)"; setalarm +10; +10ms; +1h; getalarm`,
		"; ; | alarm +0 first none, background printed none, +50, none; ; none"},
	{"F97 later work sets another", `put onalarm "waituntil(delete onalarm,` +
		` setalarm +50)"; setalarm +10; +10ms; +50ms; getalarm`,
		"; ; | alarm +0 first none, background printed true; | alarm +0 first none; none"},
	{"F97 to the constructor it is set",
		`put oninit "getalarm, log init, try(call .b(count))"; setalarm +10; idle; +10ms; getalarm`,
		"; ; ; | init, alarm +0 first none; none"},
	{"F97 leaves work for later",
		`put onalarm "waituntil(print later)"; setalarm +10; +10ms; getalarm`,
		"; ; | alarm +0 first none, background printed later; none"},
}

// Delays are 2, 4, 8, ... seconds: a run each, as counted from the first.
var retryCases = []durableCase{
	{"F95 one failure", `put onalarm "throw no|print ok"; count,` +
		` setalarm +10; +10ms; getalarm; +1999ms; +1ms; getalarm, count`,
		"; 1; | alarm +0 first none; +0; ; | alarm -2000 retry 1 true none, printed ok; none, 2"},
	{"F95 given up", `put onalarm "throw no"; setalarm +10; +10ms; +2s; +4s; +8s; +16s; +32s; ` +
		`+63s; +1s; getalarm; +1h; setalarm +5; +5ms; deletealarm`,
		"; ; | alarm +0 first none; | alarm -2000 retry 1 true none; | alarm -6000 retry 2 true " +
			"none; | alarm -14000 retry 3 true none; | alarm -30000 retry 4 true none; | alarm " +
			"-62000 retry 5 true none; ; | alarm -126000 retry 6 true none; none; ; ; | alarm " +
			"+0 first none; "},
	{"F95 writes stay", `put onalarm "add n 1, throw no|add n 1"; setalarm +10; +10ms; +2s; get n`,
		"; ; | alarm +0 first none; | alarm -2000 retry 1 true none, printed 2; 2"},
	{"F95 set again while it waits", `put onalarm "throw no|print retry"; setalarm +10; +10ms; ` +
		`setalarm +500, getalarm; +500ms; +2s; +1h`,
		"; ; | alarm +0 first none; +500; | alarm +0 first none; | alarm -2000 retry 1 true " +
			"none, printed retry; "},
	{"F95 set again to its own time while it waits",
		`put onalarm "throw no|print ok"; setalarm +10; +10ms; setalarm +0; +2s`,
		"; ; | alarm +0 first none; | alarm +0 first none; | alarm -2000 retry 1 true " +
			"none, printed ok"},
	{"F95 deleted while it waits", `put onalarm "throw no"; setalarm +10; +10ms; deletealarm,` +
		` getalarm; +1h`, "; ; | alarm +0 first none; none; "},
	{"F95 deleteAll while it waits", `put onalarm "throw no"; setalarm +10; +10ms; deleteall; ` +
		`+1h; getalarm`, "; ; | alarm +0 first none; ; ; none"},
	{"F95 a restart starts over",
		`put onalarm "throw no|throw no|print ok"; setalarm +10; +10ms; +2s; restart; +2s; +4s`,
		"; ; | alarm +0 first none; | alarm -2000 retry 1 true none; | alarm -2000 first none; " +
			"| alarm -4000 retry 1 true none; | alarm -8000 retry 2 true none, printed ok"},
	{"F98 a panic counts", `put onalarm "panic no|print ok"; setalarm +10; +10ms; +2s`,
		"; ; | alarm +0 first none, panic: no; | alarm -2000 retry 1 true none, printed ok"},
	{"F98 an abort counts",
		`put onalarm "put x 1, abort no|get x, count"; setalarm +10; +10ms; +2s`,
		"; ; | alarm +0 first none; | alarm -2000 retry 1 true none, printed none, 1"},
	{"1.3 an abort that gives it up", `put onalarm "put x 1,` +
		` giveup no"; setalarm +10; +10ms; getalarm, get x, count; +1h; getalarm`,
		"; ; | alarm +0 first none; none, none, 1; ; none"},
	{"1.3 in a retry", `put onalarm "throw no|giveup no"; setalarm +10; +10ms; +2s; getalarm; +1h`,
		"; ; | alarm +0 first none; | alarm -2000 retry 1 true none; none; "},
	{"1.3 by an entry within",
		`put onalarm "call .b(call .(giveup no))"; setalarm +10; +10ms; getalarm; +1h`,
		"; ; | alarm +0 first none; none; "},
	{"1.3 one that it has set is unflushed",
		`put onalarm "setalarm +50, giveup no"; setalarm +10; +10ms; getalarm; +1h`,
		"; ; | alarm +0 first none; none; "},
	{"1.3 one that it has set stays", `put onalarm "delete onalarm, setalarm +50, sync,` +
		` giveup no"; setalarm +10; +10ms; getalarm; +50ms; getalarm`,
		"; ; | alarm +0 first none; +50; | alarm +0 first none; none"},
	{"1.3 one for its own time stays",
		`put onalarm "delete onalarm, setalarm +0, sync, giveup no"; setalarm +10; +10ms; getalarm`,
		"; ; | alarm +0 first none, alarm +0 first none; none"},
	{"1.3 one that it has set and deleted goes", `put onalarm "setalarm +50, sync, deletealarm,` +
		` sync, giveup no"; setalarm +10; +10ms; getalarm; +1h`,
		"; ; | alarm +0 first none; none; "},
	{"1.3 it is no handler that gives up", `setalarm +10; giveup no; getalarm; +10ms`,
		"; [remote reset] no; +10; | alarm +0 first none"},
	{"1.3 later work gives up",
		`put onalarm "waituntil(giveup no), throw no|print ok"; setalarm +10; +10ms; +2s`,
		"; ; | alarm +0 first none; | alarm -2000 retry 1 true none, printed ok"},
	{"F98 a trap counts", `put onalarm "put x 1, trap|get x, count"; setalarm +10; +10ms; +2s`,
		"; ; | alarm +0 first none; | alarm -2000 retry 1 true none, printed none, 1"},
	{"F98 a failed section counts", `put onalarm "block(throw no)|count"; setalarm +10; +10ms; +2s`,
		"; ; | alarm +0 first none; | alarm -2000 retry 1 true none, printed 1"},
	{"F98 the constructor counts", `put oninit "log born,` +
		` throw no"; setalarm +10; idle; +10ms; +2s; +4s; +8s; +16s; +32s; +63s; +1s; +1h; restart`,
		"; ; ; | born; | born; | born; | born; | born; | born; ; | born; ; "},
	{"F97 the constructor deletes it",
		`put oninit "deletealarm"; setalarm +10; idle; +10ms; getalarm; +1h`, "; ; ; ; none; "},
	{"F97 the constructor moves it",
		`put oninit "delete oninit, setalarm +30"; setalarm +10; idle; +10ms; getalarm; +30ms`,
		"; ; ; ; +30; | alarm +0 first none"},
	{"F97 the constructor sets one that is missing",
		`put oninit "noalarm(setalarm +30)"; setalarm +10; idle; +10ms; getalarm`,
		"; ; ; | alarm +0 first none; none"},
}

var alarmWriteCases = []durableCase{
	{"1.5 taken back by an abort", "setalarm +10, abort no; getalarm; +1h",
		"[remote reset] no; none; "},
	{"1.5 an abort does not touch what was", "setalarm +10; deletealarm, abort no; getalarm; +10ms",
		"; [remote reset] no; +10; | alarm +0 first none"},
	{"1.5 kept by an error", "setalarm +10, throw no; getalarm; +10ms",
		"[remote] no; +10; | alarm +0 first none"},
	{"1.5 kept when the call goes out", "setalarm +10, call .b(count), abort no; getalarm; +10ms",
		"[remote reset] no; +10; | alarm +0 first none"},
	{"1.5 with keys in one batch", "put x 1, setalarm +10; restart; get x, getalarm; +10ms",
		"; ; 1, +10; | alarm +0 first none"},
}

// TestDurableAlarmTurn lets an alarm wait while a call runs: it is a call like any.
func TestDurableAlarmTurn(t *testing.T) {
	buildProbe(t)
	synctest.Test(t, func(t *testing.T) {
		p := startTimed(t, hosttest.Options{})
		running := p.gate("running")
		p.run("A", "setalarm +10")
		call := p.start("A", "log running, getalarm, log end")
		<-running.reached
		p.clock.Advance(10 * time.Millisecond)
		synctest.Wait()
		second := p.start("A", "log second, getalarm")
		synctest.Wait()
		if got := p.logged("A"); got != "running" {
			t.Errorf("while a call runs: %s", got)
		}
		close(running.open)
		if got := <-call + "; " + <-second; got != "+0; none" {
			t.Errorf("got %s", got)
		}
		if got, want := p.logged("A"), "end, alarm +0 first none, second"; got != want {
			t.Errorf("logged %s, want %s", got, want)
		}
	})
}

// TestDurableAlarmCommit is F92: the handler succeeds and its commit fails, so the
// alarm is still there.
func TestDurableAlarmCommit(t *testing.T) {
	buildProbe(t)
	synctest.Test(t, func(t *testing.T) {
		fs, log := vfs.NewMem(), storagetest.NewLog()
		p := startTimed(t, hosttest.Options{
			Options: host.Options{FS: fs, WrapLog: func(l storage.Log) storage.Log {
				return log.Wrap(l)
			}}})
		log.AdvanceAll()
		set := p.start("A", `put onalarm "add n 1", setalarm +10`)
		synctest.Wait()
		log.AdvanceAll()
		if got := <-set; got != "" {
			t.Fatal(got)
		}
		log.Fail(errors.New("no space left on device"))
		p.clock.Advance(10 * time.Millisecond)
		synctest.Wait()
		if got := p.logged("A"); got != "alarm +0 first none, printed 1" {
			t.Errorf("logged %s", got)
		}
		if got := p.run("A", "get n, getalarm"); got != "none, +0" {
			t.Errorf("the object shows %s", got)
		}
		// Such failures do not count, so it goes on for longer than seven runs.
		for range 10 {
			p.clock.Advance(20 * time.Minute)
			synctest.Wait()
		}
		if got := strings.Count(p.logged("A"), "printed 1"); got != 10 {
			t.Errorf("%d runs in ten intervals", got)
		}
		p.Restart(func(o *hosttest.Options) { o.WrapLog = nil })
		synctest.Wait()
		if got := p.logged("A"); got != "alarm -12000000 first none, printed 1" {
			t.Errorf("after a restart: %s", got)
		}
		if got := p.run("A", "get n, getalarm"); got != "1, none" {
			t.Errorf("in the end: %s", got)
		}
	})
}

// TestDurableAlarmCPU is F98: a run that computes for too long counts. It is not
// in a bubble, in which no time passes while a guest computes.
func TestDurableAlarmCPU(t *testing.T) {
	failed := make(chan string, 8)
	clock := clocktest.NewClock(time.UnixMilli(1_000_000))
	p := &probe{t: t, Host: hosttest.Start(t, hosttest.Options{
		Guest: "probe", Bindings: probeBindings, NoListener: true,
		Options: host.Options{Clock: clock, CPULimit: 50 * time.Millisecond},
		OnLog: func(r hosttest.Record) {
			if r.Message == "alarm failed" {
				failed <- r.Attr("outcome") + " " + r.Attr("retry")
			}
		},
	})}
	p.run("A", `put onalarm "spin", setalarm +10`)
	clock.Advance(10 * time.Millisecond)
	if got := <-failed; got != "failed 0" {
		t.Errorf("the first run: %s", got)
	}
	if got := p.run("A", "getalarm, count, deletealarm"); got != "+0, 1" {
		t.Errorf("the object shows %s", got)
	}
}

// TestDurableAlarmIDs sets alarms of objects that have no name, or had none.
func TestDurableAlarmIDs(t *testing.T) {
	buildProbe(t)
	synctest.Test(t, func(t *testing.T) {
		p := startTimed(t, hosttest.Options{})
		bare := p.run("maker", "newid PROBE")[:64]
		named := p.run("maker", "idfromname PROBE later")[:64]
		const set = `(put onalarm "name", setalarm +10)`
		p.run("maker", "call #"+bare+set+", call #"+named+set)
		p.clock.Advance(10 * time.Millisecond)
		synctest.Wait()
		lines := p.logged("")
		if want := `alarm +0 first none, alarm +0 first none, printed "",` +
			` printed ""`; sortedLines(lines) != want {
			t.Errorf("logged %s, want %s", lines, want)
		}
		time.Sleep(30 * time.Second) // the bubble's: they are evicted
		p.run("later", "setalarm +10")
		time.Sleep(30 * time.Second)
		p.run("maker", "call #"+named+"(setalarm +20)")
		time.Sleep(30 * time.Second)
		p.clock.Advance(20 * time.Millisecond)
		synctest.Wait()
		if got, want := p.logged("later"), `alarm +0 first none, printed "later"`; got != want {
			t.Errorf("logged %s, want %s", got, want)
		}
	})
}

// TestDurableAlarmNames is F88 at the limit of what an object is told: also after a
// restart the handler knows a name of 1,024 bytes, and not one that is longer.
func TestDurableAlarmNames(t *testing.T) {
	buildProbe(t)
	synctest.Test(t, func(t *testing.T) {
		p := startTimed(t, hosttest.Options{})
		told, longer := strings.Repeat("n", abi.MaxNameBytes),
			strings.Repeat("m", abi.MaxNameBytes+1)
		for _, name := range []string{told, longer} {
			p.run("maker", "call "+name+`(put onalarm "name", setalarm +10)`)
		}
		p.Restart()
		p.clock.Advance(10 * time.Millisecond)
		synctest.Wait()
		if got, want := p.logged(told), `alarm +0 first none, printed "`+told+`"`; got != want {
			t.Errorf("at the limit: %s", short(got))
		}
		if got, want := p.logged(""), `alarm +0 first none, printed ""`; got != want {
			t.Errorf("above it: %s", short(got))
		}
	})
}

func sortedLines(lines string) string {
	list := strings.Split(lines, ", ")
	slices.Sort(list)
	return strings.Join(list, ", ")
}
