package object

import (
	"time"

	"github.com/cairn-dev/cairn/abi"
	"github.com/cairn-dev/cairn/abi/wire"
	"github.com/cairn-dev/cairn/host/hostfunc"
	"github.com/cairn-dev/cairn/host/module"
)

// CriticalBegin implements hostfunc.Host. One call at a time runs anyway, so
// all that a critical section adds is that no nested entry is let in.
func (s *State) CriticalBegin() error {
	if len(s.critical) >= abi.MaxCriticalDepth {
		return &hostfunc.Error{Message: "blockConcurrencyWhile() calls are nested too deeply."}
	}
	s.critical = append(s.critical, time.Now())
	s.act.addCritical(1)
	return nil
}

// CriticalEnd implements hostfunc.Host.
func (s *State) CriticalEnd() error {
	last := len(s.critical) - 1
	if last < 0 {
		return hostfunc.ErrInvalid
	}
	began := s.critical[last]
	s.critical = s.critical[:last]
	s.act.addCritical(-1)
	if time.Since(began) > abi.MaxCriticalMillis*time.Millisecond {
		panic(errCriticalLong)
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

// BackgroundRequest implements hostfunc.Host.
func (s *State) BackgroundRequest() error {
	if !s.act.instance.Version().HasBackground() {
		return hostfunc.ErrForbidden
	}
	s.background = true
	return nil
}

// runBackground runs what the guest left for after its answer, as long as it
// asks for more. Its writes are batches of their own.
func (s *State) runBackground() {
	for s.background {
		s.background = false
		if _, err := s.enter(module.BackgroundRun, nil, nil); err != nil {
			s.logger().Warn("background work failed", "error", err)
			return
		}
	}
}

// ObjectAbort implements hostfunc.Host.
func (s *State) ObjectAbort(reason []byte) error {
	text := string(reason)
	if text == "" {
		text = "Application called abort() to reset Durable Object."
	}
	return &hostfunc.Error{Flags: wire.ErrorRemote | wire.ErrorReset, Message: text}
}
