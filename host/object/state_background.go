package object

import (
	"github.com/cairn-dev/cairn/host/event"
	"github.com/cairn-dev/cairn/host/hostfunc"
	"github.com/cairn-dev/cairn/host/module"
)

var _ hostfunc.Background = (*State)(nil)

// BackgroundRequest implements hostfunc.Background.
func (s *State) BackgroundRequest() error {
	if !s.act.instance.Version().HasBackground() {
		return hostfunc.ErrForbidden
	}
	s.background = true
	return nil
}

// runBackground runs what the guest left for after its answer, as long as it
// asks for more, within the event's budget; when the node shuts down what was asked
// for runs, and no more. Its writes are batches of their own.
func (s *State) runBackground() {
	for round := 0; s.background; round++ {
		s.background = false
		if err := s.mayGoOn(round); err != nil {
			s.logger().Warn("background work given up", "error", err)
			return
		}
		if _, err := s.enter(module.BackgroundRun, nil, nil); err != nil {
			s.logger().Warn("background work failed", "error", err)
			return
		}
	}
}

// mayGoOn returns why another round of background work may not begin.
func (s *State) mayGoOn(round int) error {
	if round > 0 && s.act.objects.closing.Load() {
		return event.ErrClosing
	}
	return s.Budget.Spend()
}
