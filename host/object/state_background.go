package object

import (
	"github.com/cairn-dev/cairn/host/hostfunc"
	"github.com/cairn-dev/cairn/host/program"
)

var _ hostfunc.Background = (*State)(nil)

// BackgroundRequest implements hostfunc.Background.
func (s *State) BackgroundRequest() error {
	if !s.act.instance.Program().HasBackground() {
		return hostfunc.ErrForbidden
	}
	s.background = true
	return nil
}

// runBackground runs what the guest left for after its answer, as long as it
// asks for more and event.Background lets it. Each round's writes are a batch of their
// own. A Worker's loop is another (worker's finish): a Worker writes nothing, and its
// failure is told here alone, while the log has an object's from its reset.
func (s *State) runBackground() {
	for round := 0; s.background; round++ {
		s.background = false
		if err := s.act.objects.background.Spend(s.Budget, round); err != nil {
			s.logger().Warn("background work given up", "error", err)
			return
		}
		if _, err := s.enter(program.Background, nil, nil); err != nil {
			s.logger().Warn("background work failed", "error", err)
			return
		}
	}
}
