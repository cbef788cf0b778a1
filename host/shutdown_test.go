package host_test

import (
	"context"
	"errors"
	"testing"

	"github.com/cairn-dev/cairn/host/hosttest"
)

// TestShutdownGivesUp ends the patience of Shutdown while a call is inside a
// guest. The call goes on as if nothing had happened: memory that was freed under
// it would end the process, and the answer with it.
func TestShutdownGivesUp(t *testing.T) {
	inside, release := make(chan struct{}), make(chan struct{})
	h := hosttest.Start(t, hosttest.Options{Guest: "chain",
		Bindings: map[string]string{"LINKS": "Link"},
		OnLog: func(r hosttest.Record) {
			if r.Message == "hold" {
				close(inside)
				<-release
			}
		}})
	answered := make(chan string, 1)
	go func() {
		_, body := h.Do("POST", "/", `[["call", "A", ["put", 1], ["log", "hold"], ["get"]]]`)
		answered <- body
	}()
	<-inside
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := h.Runtime.Shutdown(ctx); !errors.Is(err, context.Canceled) {
		t.Errorf("Shutdown: %v", err)
	}
	close(release)
	if body := <-answered; body != "[1]" {
		t.Errorf("answered %q", body)
	}
}
