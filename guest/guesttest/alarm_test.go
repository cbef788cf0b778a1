package guesttest_test

import (
	"errors"
	"fmt"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/cairn-dev/cairn/guest"
)

// TestAlarm has the cases 84 to 96 that a test can see, in a bubble, where the
// clock stands still.
func TestAlarm(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t)
		start := b.Now()
		var runs []guest.AlarmInfo
		onAlarm = func(l *lab, info guest.AlarmInfo) error {
			runs = append(runs, info)
			if at, err := l.st.GetAlarm(); !at.IsZero() || err != nil {
				t.Errorf("in the handler: %v, %v", at, err)
			}
			if l.state.ID.Name() != "A" {
				t.Errorf("the handler's name is %q", l.state.ID.Name())
			}
			return l.st.Put("ran", guest.Now().Sub(start).String())
		}
		b.do("A", func(l *lab) error {
			if err := l.st.SetAlarm(start.Add(50*time.Millisecond + 1)); err != nil {
				return err
			}
			at, err := l.st.GetAlarm()
			if want := start.Add(51 * time.Millisecond); !at.Equal(want) || err != nil {
				return fmt.Errorf("the alarm is at %v, want %v, %v", at, want, err)
			}
			return nil
		})
		b.Evict("LABS", "A")
		if n := b.Advance(50 * time.Millisecond); n != 0 {
			t.Error("an alarm is early")
		}
		if n := b.Advance(time.Hour); n != 1 || len(runs) != 1 {
			t.Fatalf("%d alarms ran, want 1", n)
		}
		if r := runs[0]; r.IsRetry || r.RetryCount != 0 ||
			!r.ScheduledTime.Equal(start.Add(51*time.Millisecond)) {
			t.Errorf("info %+v", r)
		}
		b.stored("A", "ran", `"51ms"`)
		if !b.Alarm("LABS", "A").IsZero() || b.RunAlarm("LABS", "A") || b.Advance(time.Hour) != 0 {
			t.Error("the alarm is still there")
		}
		if got, want := b.Now(), start.Add(2*time.Hour+50*time.Millisecond); !got.Equal(want) {
			t.Errorf("the clock says %v, want %v", got, want)
		}
	})
}

// TestAlarmSet sets alarms over and over. A time that has passed is now; one alarm
// replaces another; one can be deleted, run before its time, and goes with everything
// else.
func TestAlarmSet(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t)
		start, runs := b.Now(), 0
		onAlarm = func(*lab, guest.AlarmInfo) error { runs++; return nil }
		b.Advance(time.Hour)
		b.do("A", func(l *lab) error { return l.st.SetAlarm(start) })
		if got := b.Alarm("LABS", "A"); !got.Equal(b.Now()) {
			t.Errorf("a time that has passed: %v", got)
		}
		b.do("A", func(l *lab) error { return l.st.SetAlarm(guest.Now().Add(time.Hour)) })
		if b.RunDueAlarms() != 0 {
			t.Error("an alarm that was replaced runs")
		}
		b.do("A", func(l *lab) error { return l.st.DeleteAlarm() })
		if !b.Alarm("LABS", "A").IsZero() {
			t.Error("an alarm is left after DeleteAlarm")
		}
		b.do("A", func(l *lab) error { return l.st.SetAlarm(guest.Now().Add(time.Hour)) })
		if !b.RunAlarm("LABS", "A") || runs != 1 {
			t.Error("RunAlarm does not run it")
		}
		b.do("A", func(l *lab) error {
			return errors.Join(l.st.SetAlarm(guest.Now()), l.st.DeleteAll())
		})
		if b.RunDueAlarms() != 0 {
			t.Error("an alarm runs after DeleteAll")
		}
		b.do("A", func(l *lab) error { return l.st.SetAlarm(guest.Now().Add(time.Second)) })
		time.Sleep(time.Second)
		if b.RunDueAlarms() != 1 {
			t.Error("an alarm does not see the bubble's clock")
		}
	})
}

func TestAlarmRetries(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t)
		start := b.Now()
		var runs []string
		onAlarm = func(l *lab, info guest.AlarmInfo) error {
			runs = append(runs, fmt.Sprintf("%v:%d:%v:%v",
				guest.Now().Sub(start), info.RetryCount, info.IsRetry,
				info.ScheduledTime.Sub(start)))
			l.st.Put("tries", len(runs))
			if len(runs) == 2 {
				l.state.Abort("enough")
			}
			panic("not today")
		}
		b.do("A", func(l *lab) error { return l.st.SetAlarm(start.Add(time.Second)) })
		if n := b.Advance(time.Hour); n != 7 {
			t.Errorf("ran %d times, want 7", n)
		}
		want := []string{"1s:0:false:1s", "3s:1:true:1s", "7s:2:true:1s", "15s:3:true:1s",
			"31s:4:true:1s",
			"1m3s:5:true:1s", "2m7s:6:true:1s"}
		if fmt.Sprint(runs) != fmt.Sprint(want) {
			t.Errorf("runs %v\nwant %v", runs, want)
		}
		if !b.Alarm("LABS", "A").IsZero() {
			t.Error("an alarm that was given up is still set")
		}
		b.stored("A", "tries", "7") // an error takes nothing back

		// A restart forgets how often; a handler that sets another alarm and
		// fails is not retried; one that deletes it is.
		runs = nil
		b.do("A", func(l *lab) error { return l.st.SetAlarm(guest.Now()) })
		b.RunDueAlarms()
		b.Restart()
		onAlarm = func(l *lab, info guest.AlarmInfo) error {
			if info.IsRetry {
				t.Errorf("after a restart: %+v", info)
			}
			return errors.Join(l.st.SetAlarm(guest.Now().Add(time.Hour)), errors.New("no"))
		}
		if b.RunDueAlarms() != 1 {
			t.Error("an alarm is lost in a restart")
		}
		if got := b.Alarm("LABS", "A"); !got.Equal(b.Now().Add(time.Hour)) ||
			b.Advance(time.Minute) != 0 {
			t.Errorf("the alarm that the handler set: %v", got)
		}
		tries := 0
		onAlarm = func(l *lab, info guest.AlarmInfo) error {
			l.st.SetAlarm(guest.Now().Add(time.Hour))
			l.st.DeleteAlarm()
			if tries++; tries < 3 {
				return errors.New("no")
			}
			return nil
		}
		if n := b.Advance(2 * time.Hour); n != 3 || !b.Alarm("LABS", "A").IsZero() {
			t.Errorf("ran %d times, left %v", n, b.Alarm("LABS", "A"))
		}
	})
}

func TestAlarmRefused(t *testing.T) {
	b := newBench(t)
	b.refused("A", "TypeError", "setAlarm() cannot be called with an alarm time <= 0",
		func(l *lab) error {
			return l.st.SetAlarm(time.Time{})
		})
	b.refused("A", "TypeError", "setAlarm() cannot be called with an alarm time <= 0",
		func(l *lab) error {
			return l.st.SetAlarm(time.UnixMilli(0))
		})
	h := newHost(t)
	e := fail(h, "setAlarm")
	if e == nil || e.Name != "TypeError" ||
		e.Message != "Your Durable Object class must have an alarm() handler in order to "+
			"call setAlarm()" {
		t.Errorf("a class without Alarm: %+v", e)
	}
}

// TestPeriodic sets an alarm in each run.
func TestPeriodic(t *testing.T) {
	b := newBench(t)
	n := 0
	onAlarm = func(l *lab, info guest.AlarmInfo) error {
		n++
		return l.st.SetAlarm(info.ScheduledTime.Add(time.Minute), guest.AllowUnconfirmed)
	}
	b.do("A", func(l *lab) error { return l.st.SetAlarm(guest.Now().Add(time.Minute)) })
	if ran := b.Advance(time.Hour); ran != 60 || n != 60 {
		t.Errorf("ran %d times, want 60", ran)
	}
}

// TestAlarmAbort gives alarms up, and keeps those that were set meanwhile.
func TestAlarmAbort(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		giveUp := guest.AbortOptions{NoRetryAlarm: true}
		for name, c := range map[string]struct {
			handler stepFunc
			runs    int // in the next minute
			left    time.Duration
		}{
			"an abort": {func(l *lab) error { l.state.Abort("no"); return nil }, 5, 0},
			"gives up": {func(l *lab) error { l.state.Abort("no", giveUp); return nil }, 1, -1},
			"with a new one that is lost": {func(l *lab) error {
				l.st.SetAlarm(guest.Now().Add(time.Hour))
				l.state.Abort("no", giveUp)
				return nil
			}, 1, -1},
			"with a new one": {func(l *lab) error {
				l.st.SetAlarm(guest.Now().Add(time.Hour))
				l.st.Sync()
				l.state.Abort("no", giveUp)
				return nil
			}, 1, time.Hour},
			"by a nested entry": {func(l *lab) error {
				return l.call("B", func(m *lab) error {
					return m.call("A", func(n *lab) error {
						n.state.Abort("no", giveUp)
						return nil
					})
				})
			}, 1, -1},
		} {
			b := newBench(t)
			start := b.Now()
			onAlarm = func(l *lab, _ guest.AlarmInfo) error { return c.handler(l) }
			b.do("A", func(l *lab) error { return l.st.SetAlarm(start) })
			if runs := b.Advance(time.Minute); runs != c.runs {
				t.Errorf("%s: %d runs, want %d", name, runs, c.runs)
			}
			at, want := b.Alarm("LABS", "A"), start.Add(c.left)
			if c.left < 0 {
				want = time.Time{}
			}
			if !at.Equal(want) {
				t.Errorf("%s: the alarm is at %v, want %v", name, at, want)
			}
		}
	})
}

// TestAlarmAgain sets an alarm for the very time of the one that failed.
func TestAlarmAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t)
		now := b.Now()
		var runs []int
		onAlarm = func(l *lab, info guest.AlarmInfo) error {
			runs = append(runs, info.RetryCount)
			if len(runs) == 1 {
				l.st.SetAlarm(now)
			}
			if len(runs) < 4 {
				return errors.New("no")
			}
			return nil
		}
		b.do("A", func(l *lab) error { return l.st.SetAlarm(now) })
		if n := b.RunDueAlarms(); n != 2 {
			t.Errorf("%d runs: the handler had set another", n)
		}
		b.do("A", func(l *lab) error { return l.st.SetAlarm(now) })
		if n := b.RunDueAlarms(); n != 1 {
			t.Errorf("%d runs: another was set while one waited", n)
		}
		b.Advance(2 * time.Second)
		if want := []int{0, 0, 0, 1}; !slices.Equal(runs, want) {
			t.Errorf("runs %v, want %v", runs, want)
		}
	})
}
