package object

import (
	"context"
	"time"

	"github.com/cairn-dev/cairn/abi"
	"github.com/cairn-dev/cairn/host/event"
	"github.com/cairn-dev/cairn/host/hostfunc"
)

var _ hostfunc.Sections = (*State)(nil)

// CriticalBegin implements hostfunc.Sections. One call at a time runs anyway, so
// all that a critical section adds is that no nested entry is let in, and that it
// ends in time: when the outermost has taken abi.MaxCriticalMillis, the entry ends
// wherever it is, and the activation with it. See hostfunc.Deadline for a guest that
// computes or sleeps, and inTime for one that waits for others.
func (s *State) CriticalBegin() error {
	if len(s.critical) >= abi.MaxCriticalDepth {
		return &event.Error{Message: "blockConcurrencyWhile() calls are nested too deeply."}
	}
	clock := s.act.objects.options.Clock
	if len(s.critical) == 0 {
		s.deadline = hostfunc.Deadline{Clock: clock, Err: event.ErrCriticalLong,
			Time: clock.Now().Add(abi.MaxCriticalMillis*time.Millisecond + 1)}
		if s.deadline.Time.Before(s.event.Time) {
			s.call.SetDeadline(&s.deadline)
		}
	}
	s.critical = append(s.critical, clock.Now())
	s.act.addCritical(1)
	return nil
}

// CriticalEnd implements hostfunc.Sections.
func (s *State) CriticalEnd() error {
	last := len(s.critical) - 1
	if last < 0 {
		return hostfunc.ErrInvalid
	}
	took := s.deadline.Clock.Now().Sub(s.critical[last])
	s.critical = s.critical[:last]
	s.act.addCritical(-1)
	if last == 0 {
		s.call.SetDeadline(&s.event)
	}
	if took > abi.MaxCriticalMillis*time.Millisecond {
		panic(event.ErrCriticalLong)
	}
	return nil
}

// endCritical ends the sections that the guest left open.
func (s *State) endCritical() {
	s.act.addCritical(-len(s.critical))
	s.critical = s.critical[:0]
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
func (s *State) sectionOut(dst []byte, send func(*Guest) ([]byte, error)) ([]byte, error) {
	return s.callOut(func() ([]byte, error) {
		g := &Guest{Version: s.Version, Sender: s.Sender, Random: s.Random, Clock: s.Clock, Logger: s.Logger,
			Seen: s.Seen, Budget: s.Budget}
		waits := &s.act.objects.waits
		from, e := &Activation{}, new(edge)
		waits.enter(e, s.act, from)
		g.outEdge.from = from
		// Who waits for s may go on before g has its answer.
		g.Caller = event.Caller{ID: s.Caller.ID, Depth: s.Caller.Depth, Waits: &g.outEdge}
		defer waits.resume(e)
		defer waits.end(e)
		var out []byte
		var err error
		if !s.inTime(func() { out, err = send(g) }) {
			panic(event.ErrCriticalLong)
		}
		s.Seen = s.Seen.Join(g.Seen)
		return append(dst, out...), err
	})
}

// syncInSection waits for the log from within a critical section.
func (s *State) syncInSection() error {
	store := s.act.objects.options.Store
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel() // what is given up ends as well
	last := store.Last()
	var err error
	if !s.inTime(func() { err = store.Wait(ctx, last) }) {
		panic(event.ErrCriticalLong)
	}
	return err
}

// inTime runs f on a goroutine of its own. It reports false if the section's time
// was over before f had returned; then f goes on by itself, and must not touch s.
func (s *State) inTime(f func()) bool {
	done := make(chan any, 1)
	s.act.objects.background.Go(func() {
		defer func() { done <- recover() }()
		f()
	})
	fired, stop := s.deadline.Clock.At(s.deadline.Time)
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
