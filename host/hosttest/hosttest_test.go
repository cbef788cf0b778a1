package hosttest

import (
	"testing"
)

// TestStart goes through what a Host offers once.
func TestStart(t *testing.T) {
	h := Start(t, Options{Guest: "counter"})
	if status, body := h.Get("/increment?name=A"); status != 200 ||
		body != "Durable Object 'A' count: 1" {
		t.Errorf("got %d %q", status, body)
	}
	h.Restart()
	var n int
	if h.Must(&n, "COUNTERS", "A", "increment", 41); n != 42 {
		t.Errorf("after a restart: %d, want 42", n)
	}
	if _, err := h.Call("NOWHERE", "A", "increment"); err == nil {
		t.Error("a call to a binding that is not there succeeded")
	}
	if _, err := New(t, Options{Guest: "counter",
		Bindings: map[string]string{"X": "Nobody"}}); err == nil {
		t.Error("a binding to a class that is not there was accepted")
	}
}

// TestOnLog waits in one line of the log while another is written.
func TestOnLog(t *testing.T) {
	reached, release := make(chan string), make(chan struct{})
	l := &log{on: func(r Record) {
		if r.Message == "wait" {
			reached <- r.Attr("who")
			<-release
		}
	}}
	logger := l.logger().With("who", "first")
	done := make(chan struct{})
	go func() {
		logger.Info("wait")
		close(done)
	}()
	if who := <-reached; who != "first" {
		t.Errorf("the record says %q", who)
	}
	l.logger().WithGroup("g").Warn("other", "k", 1)
	close(release)
	<-done
	all := l.all()
	if len(all) != 2 || all[1].Message != "other" || all[1].Attr("g") != "map[k:1]" {
		t.Errorf("records: %+v", all)
	}
}
