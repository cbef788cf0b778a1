package object

import (
	"slices"
	"strings"
	"testing"

	"github.com/cairn-dev/cairn/host/event"
	"github.com/cairn-dev/cairn/host/program"
)

// inPhase returns an activation that has what it must have in a phase.
func inPhase(p phase) *Activation {
	a := &Activation{phase: p}
	switch p {
	case open, broken:
		a.top = &turn{}
	case idle:
		a.instance, a.built = struct{ program.Instance }{}, true
	case asleep:
		a.suspended, a.built = struct{ program.State }{}, true
	}
	if p == broken {
		a.brokenBy = event.ErrCPU
	}
	return a
}

func panics(f func()) (said string) {
	defer func() {
		if v := recover(); v != nil {
			said = v.(string)
		}
	}()
	f()
	return ""
}

// TestPhases goes from each phase to each, and wants exactly the arrows of the picture.
func TestPhases(t *testing.T) {
	for from := fresh; from <= gone; from++ {
		for to := fresh; to <= gone; to++ {
			a := inPhase(to)
			a.phase = from
			said := panics(func() { a.becomeLocked(to) })
			if legal := slices.Contains(follows[from], to); legal != (said == "") {
				t.Errorf("%v to %v: legal is %v, and it panics with %q", from, to, legal, said)
			}
		}
	}
}

// TestIllegal gives an activation what it cannot have in its phase, or takes what it
// must have.
func TestIllegal(t *testing.T) {
	for _, c := range []struct {
		phase phase
		spoil func(*Activation)
		want  string
	}{
		{fresh, func(a *Activation) { a.top = &turn{} }, "an entry"},
		{open, func(a *Activation) { a.top = nil }, "an entry"},
		{idle, func(a *Activation) { a.brokenBy = event.ErrCPU }, "broken by"},
		{broken, func(a *Activation) { a.brokenBy = nil }, "broken by"},
		{idle, func(a *Activation) { a.mailbox.push(&waiter{}) }, "waiting"},
		{asleep, func(a *Activation) { a.critical = 1 }, "critical"},
		{idle, func(a *Activation) { a.instance = nil }, "an instance"},
		{gone, func(a *Activation) { a.instance = struct{ program.Instance }{} }, "an instance"},
		{asleep, func(a *Activation) { a.suspended = nil }, "set memory aside"},
		{idle, func(a *Activation) { a.suspended = struct{ program.State }{} }, "set memory aside"},
		{fresh, func(a *Activation) { a.built = true }, "constructor"},
		{asleep, func(a *Activation) { a.built = false }, "constructor"},
	} {
		a := inPhase(c.phase)
		if what := a.illegalLocked(); what != "" {
			t.Errorf("%v as it should be %s", c.phase, what)
		}
		c.spoil(a)
		if what := a.illegalLocked(); !strings.Contains(what, c.want) {
			t.Errorf("%v: %q, want something about %q", c.phase, what, c.want)
		}
	}
}
