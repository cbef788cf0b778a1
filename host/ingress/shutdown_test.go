package ingress_test

import (
	"context"
	"net"
	"testing"
	"time"

	"github.com/cairn-dev/cairn/host/ingress"
)

// TestShutdownBeforeServe wants a Serve that comes late, or at the same time,
// to end as well.
func TestShutdownBeforeServe(t *testing.T) {
	for range 200 {
		s := ingress.New(ingress.Options{})
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		served := make(chan error, 1)
		go func() { served <- s.Serve(l) }()
		if err := s.Shutdown(context.Background()); err != nil {
			t.Fatal(err)
		}
		select {
		case err := <-served:
			if err != nil {
				t.Fatal(err)
			}
		case <-time.After(10 * time.Second):
			t.Fatal("Serve goes on after Shutdown")
		}
	}
}
