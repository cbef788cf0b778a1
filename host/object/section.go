package object

import (
	"context"
	"time"

	"github.com/cairn-dev/cairn/abi"
	"github.com/cairn-dev/cairn/host/event"
	"github.com/cairn-dev/cairn/host/hostfunc"
)

var _ hostfunc.Sections = (*turn)(nil)

// CriticalBegin implements hostfunc.Sections. One call at a time runs anyway, so
// all that a critical section adds is that no nested entry is let in, and that it
// ends in time: when the outermost has taken abi.MaxCriticalMillis, the entry ends
// wherever it is, and the activation with it. See hostfunc.Deadline for a guest that
// computes or sleeps, and inTime for one that waits for others.
func (t *turn) CriticalBegin() error {
	if len(t.critical) >= abi.MaxCriticalDepth {
		return &event.Error{Message: "blockConcurrencyWhile() calls are nested too deeply."}
	}
	clock := t.act.objects.options.Clock
	if len(t.critical) == 0 {
		t.section = hostfunc.Deadline{Clock: clock, Err: event.ErrCriticalLong,
			Time: clock.Now().Add(abi.MaxCriticalMillis*time.Millisecond + 1)}
		if t.section.Time.Before(t.deadline.Time) {
			t.call.SetDeadline(&t.section)
		}
	}
	t.critical = append(t.critical, clock.Now())
	t.act.addCritical(1)
	return nil
}

// CriticalEnd implements hostfunc.Sections.
func (t *turn) CriticalEnd() error {
	last := len(t.critical) - 1
	if last < 0 {
		return hostfunc.ErrInvalid
	}
	took := t.section.Clock.Now().Sub(t.critical[last])
	t.critical = t.critical[:last]
	t.act.addCritical(-1)
	if last == 0 {
		t.call.SetDeadline(&t.deadline)
	}
	if took > abi.MaxCriticalMillis*time.Millisecond {
		panic(event.ErrCriticalLong)
	}
	return nil
}

// endCritical ends the sections that the guest left open.
func (t *turn) endCritical() {
	t.act.addCritical(-len(t.critical))
	t.critical = t.critical[:0]
}

func (a *Activation) addCritical(n int) {
	if n == 0 {
		return
	}
	a.mu.Lock()
	a.critical += n
	a.mu.Unlock()
}

// sectionOut is callOut from within a critical section. The call runs on a
// goroutine of its own, with a Guest of its own and in the name of a stand-in (see
// waits), so that the section can end without it. Then nobody is left who would see
// its answer.
func (t *turn) sectionOut(dst []byte, send func(*Guest) ([]byte, error)) ([]byte, error) {
	return t.callOut(func() ([]byte, error) {
		g := &Guest{Version: t.Version, Sender: t.Sender, Random: t.Random, Clock: t.Clock,
			Seen: t.Seen, Budget: t.Budget}
		waits := &t.act.objects.waits
		from, e := &Activation{}, new(edge)
		waits.begin(e, t.act, from)
		g.outEdge.from = from
		// Who waits for s may go on before g has its answer.
		g.Caller = event.Caller{ID: t.Caller.ID, Depth: t.Caller.Depth, Waits: &g.outEdge}
		defer waits.resume(e)
		defer waits.end(e)
		var out []byte
		var err error
		if !t.inTime(func() { out, err = send(g) }) {
			panic(event.ErrCriticalLong)
		}
		t.Seen = t.Seen.Join(g.Seen)
		return append(dst, out...), err
	})
}

// syncInSection waits for the log from within a critical section.
func (t *turn) syncInSection() error {
	store := t.act.objects.options.Store
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel() // what is given up ends as well
	last := store.Last()
	var err error
	if !t.inTime(func() { err = store.Wait(ctx, last) }) {
		panic(event.ErrCriticalLong)
	}
	return err
}

// inTime runs f on a goroutine of its own. It reports false if the section's time
// was over before f had returned; then f goes on by itself, and must not touch s.
func (t *turn) inTime(f func()) bool {
	done := make(chan any, 1)
	t.act.objects.background.Go(func() {
		defer func() { done <- recover() }()
		f()
	})
	fired, stop := t.section.Clock.At(t.section.Time)
	defer stop()
	select {
	case v := <-done:
		if v != nil {
			panic(v)
		}
		return true
	case <-fired:
		return false
	}
}
