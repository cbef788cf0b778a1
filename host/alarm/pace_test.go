package alarm_test

import (
	"context"
	"testing"
	"time"

	"github.com/cairn-dev/cairn/host/alarm"
)

// TestPace has alarms that set themselves to now whenever they run, and two that
// set each other. Each object has its ten runs in a tenth of a second, and a
// neighbour runs beside them at once.
func TestPace(t *testing.T) {
	runs := map[string]int{}
	var n *node
	next := map[string]string{"self": "self", "ping": "pong", "pong": "ping"}
	n = newNode(t, alarm.Options{
		Concurrency: 1, // so that runs needs no lock
		Deliver: func(_ context.Context, due alarm.Due) alarm.Outcome {
			runs[due.Owner.Name]++
			change(t, n.store, due.Owner.Name, 0)
			if to := next[due.Owner.Name]; to != "" {
				change(t, n.store, to, n.clock.Now().UnixMilli())
			}
			return alarm.Done
		},
	})
	for _, name := range []string{"self", "ping", "neighbour"} {
		change(t, n.store, name, epoch.UnixMilli())
	}
	for window := 1; window <= 3; window++ {
		if _, err := n.scheduler.RunDue(context.Background()); err != nil {
			t.Fatal(err)
		}
		for name, want := range map[string]int{"self": 10 * window, "ping": 10 * window,
			"pong": 10 * window} {
			if runs[name] != want {
				t.Errorf("window %d: %s has run %d times, want %d", window, name, runs[name], want)
			}
		}
		if runs["neighbour"] != window {
			t.Errorf("window %d: the neighbour has run %d times", window, runs["neighbour"])
		}
		n.clock.Advance(100 * time.Millisecond)
		change(t, n.store, "neighbour", n.clock.Now().UnixMilli())
	}
}
