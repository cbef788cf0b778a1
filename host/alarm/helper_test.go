package alarm_test

import (
	"bytes"
	"context"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"

	"github.com/cairn-dev/cairn/host/alarm"
	"github.com/cairn-dev/cairn/host/internal/clock"
	"github.com/cairn-dev/cairn/host/internal/clock/clocktest"
	"github.com/cairn-dev/cairn/host/storage"
)

// epoch is when every test begins.
var epoch = time.Unix(1_000_000_000, 0)

func owner(name string) storage.Owner {
	o := storage.Owner{Namespace: 7, Name: name, Named: true}
	copy(o.ID[:], name)
	return o
}

func openStore(t testing.TB, fs vfs.FS) *storage.Store {
	t.Helper()
	s, err := storage.Open("store", storage.Options{FS: fs})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return s
}

// change commits a change to an object's alarm: to a time, or none if it is 0.
func change(t testing.TB, s *storage.Store, name string, unixMS int64) {
	t.Helper()
	txn := s.Object(owner(name)).Begin()
	defer txn.Close()
	err := txn.DeleteAlarm()
	if unixMS != 0 {
		err = txn.SetAlarm(unixMS)
	}
	if err != nil {
		t.Fatal(err)
	}
	if _, err := txn.Commit(); err != nil {
		t.Fatal(err)
	}
}

func stored(t testing.TB, s *storage.Store, name string) (unixMS int64, set bool) {
	t.Helper()
	txn := s.Object(owner(name)).Begin()
	defer txn.Close()
	unixMS, set, err := txn.Alarm()
	if err != nil {
		t.Fatal(err)
	}
	return unixMS, set
}

// objects stand for the rooms above: they do to an object's alarm what a call
// of its handler does.
type objects struct {
	t     testing.TB
	clock clock.Clock

	mu      sync.Mutex
	store   *storage.Store
	scripts map[string][]string // what the next runs of an object do
	lines   bytes.Buffer
}

// deliver runs the next step of the object's script: the words of a step are
// done in order. "ok", the default, deletes the alarm as a handler's success
// does.
func (o *objects) deliver(_ context.Context, due alarm.Due) alarm.Outcome {
	o.mu.Lock()
	defer o.mu.Unlock()
	name := due.Owner.Name
	if at, set := stored(o.t, o.store, name); !set || at > due.ScheduledMS {
		o.printf("%s %s: moved", o.now(), name)
		return alarm.Moved
	}
	if due.Owner != owner(name) {
		o.t.Errorf("%s was woken as %v", name, due.Owner)
	}
	if due.Abandon {
		o.printf("%s %s: abandoned", o.now(), name)
		if o.step(name) == "infra" {
			return alarm.FailedUncounted
		}
		change(o.t, o.store, name, 0)
		return alarm.Done
	}
	step := o.step(name)
	o.printf("%s %s: scheduled %s, retry %d: %s", o.now(), name,
		time.UnixMilli(due.ScheduledMS).Sub(epoch), due.RetryCount, step)
	changed := false
	for word := range strings.FieldsSeq(step) {
		switch delay, isSet := strings.CutPrefix(word, "set+"); {
		case isSet:
			d, err := time.ParseDuration(delay)
			if err != nil {
				o.t.Error(err)
			}
			changed = true
			change(o.t, o.store, name, o.clock.Now().Add(d).UnixMilli())
		case word == "delete":
			change(o.t, o.store, name, 0)
		case word == "fail":
			return alarm.Failed
		case word == "infra":
			return alarm.FailedUncounted
		case word == "moved":
			return alarm.Moved
		}
	}
	if !changed {
		change(o.t, o.store, name, 0)
	}
	return alarm.Done
}

// step takes the next step of an object's script.
func (o *objects) step(name string) string {
	steps := o.scripts[name]
	if len(steps) == 0 {
		return "ok"
	}
	o.scripts[name] = steps[1:]
	return strings.TrimSpace(steps[0])
}

func (o *objects) now() time.Duration { return o.clock.Now().Sub(epoch) }

func (o *objects) printf(format string, args ...any) { fmt.Fprintf(&o.lines, format+"\n", args...) }

// text returns what has run since it was called last.
func (o *objects) text() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	defer o.lines.Reset()
	return o.lines.String()
}

// node is a scheduler with all that it stands on.
type node struct {
	t         testing.TB
	fs        vfs.FS
	clock     *clocktest.Clock
	objects   *objects
	store     *storage.Store
	options   alarm.Options
	scheduler *alarm.Scheduler
}

// newNode starts a node whose runs are one at a time, so that their order is the
// order in which they were begun.
func newNode(t testing.TB, o alarm.Options) *node {
	t.Helper()
	clock := clocktest.NewClock(epoch)
	n := &node{t: t, fs: vfs.NewMem(), clock: clock,
		objects: &objects{t: t, clock: clock, scripts: map[string][]string{}}}
	if o.Concurrency == 0 {
		o.Concurrency = 1
	}
	if o.Deliver == nil {
		o.Deliver = n.objects.deliver
	}
	if o.Random == nil {
		o.Random = func(b []byte) { clear(b) }
	}
	o.Clock = clock
	n.options = o
	n.start()
	return n
}

func (n *node) start() {
	n.t.Helper()
	n.store = openStore(n.t, n.fs)
	n.objects.store, n.options.Store = n.store, n.store
	n.scheduler = alarm.New(n.options)
}

func (n *node) restart() {
	n.t.Helper()
	if err := n.scheduler.Stop(context.Background()); err != nil {
		n.t.Error(err)
	}
	if err := n.store.Close(); err != nil {
		n.t.Error(err)
	}
	n.start()
}

// run advances the clock and returns what has run then.
func (n *node) run(d time.Duration) string {
	n.t.Helper()
	n.clock.Advance(d)
	if _, err := n.scheduler.RunDue(context.Background()); err != nil {
		n.t.Error(err)
	}
	return n.objects.text()
}
