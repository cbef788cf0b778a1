package object

import (
	"github.com/cairn-dev/cairn/host/hostfunc"
	"github.com/cairn-dev/cairn/host/program"
)

var _ hostfunc.Background = (*turn)(nil)

// BackgroundRequest implements hostfunc.Background.
func (t *turn) BackgroundRequest() error {
	if !t.act.instance.Program().HasBackground() {
		return hostfunc.ErrForbidden
	}
	t.background = true
	return nil
}

// runBackground runs what the guest left for after its answer, as long as it
// asks for more and event.Background lets it. Each round's writes are a batch of their
// own. A Worker's loop is another (worker's finish): a Worker writes nothing, and its
// failure is told here alone, while the log has an object's from its reset.
func (t *turn) runBackground() {
	for round := 0; t.background; round++ {
		t.background = false
		if err := t.act.objects.background.Spend(t.Budget, round); err != nil {
			t.logger().Warn("background work given up", "error", err)
			return
		}
		if _, err := t.enter(program.Background, nil, nil); err != nil {
			t.logger().Warn("background work failed", "error", err)
			return
		}
	}
}
