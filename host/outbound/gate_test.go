package outbound

import (
	"context"
	"net/http"
	"testing"

	"github.com/cairn-dev/cairn/abi/wire"
	"github.com/cairn-dev/cairn/host/gate"
	"github.com/cairn-dev/cairn/host/placement"
	"github.com/cairn-dev/cairn/host/storage"
)

// held is a log that becomes durable when a test says so.
type held struct{ open chan error }

func (g held) wait(ctx context.Context, seq uint64) error {
	if seq == 0 {
		return nil
	}
	select {
	case err := <-g.open:
		return err
	case <-ctx.Done():
		return ctx.Err()
	}
}

// TestEventEnds ends the event that a request is part of: the request ends with it.
func TestEventEnds(t *testing.T) {
	arrived, left := make(chan bool), make(chan bool)
	n := newInternet(t, func(_ http.ResponseWriter, r *http.Request) {
		arrived <- true
		<-r.Context().Done()
		left <- true
	})
	n.names["a.example.com"] = [][]string{{"8.8.8.8"}}
	c := newClient(t, n, Options{Allow: []string{"*"}})
	of, end := context.WithCancel(t.Context())
	done := make(chan error)
	go func() {
		_, err := c.Fetch(of, gate.Mark{},
			wire.AppendRequest(nil, &wire.Request{URL: []byte("http://a.example.com/")}), nil)
		done <- err
	}()
	<-arrived
	end()
	if err := <-done; err == nil {
		t.Error("an answer that nobody gave")
	}
	<-left
}

// Nothing leaves before the log is durable, and nothing at all if it fails.
func TestGate(t *testing.T) {
	n := newInternet(t, func(w http.ResponseWriter, r *http.Request) {})
	n.names["a.example.com"] = [][]string{{"8.8.8.8"}}
	g := held{open: make(chan error)}
	c := newClient(t, n, Options{Allow: []string{"*"}, Gate: gate.New(g.wait, placement.Local{})})
	request := wire.AppendRequest(nil, &wire.Request{URL: []byte("http://a.example.com/")})
	done := make(chan error)
	send := func() {
		go func() {
			_, err := c.Fetch(t.Context(), gate.At(uint64(7)), request, nil)
			done <- err
		}()
	}

	send()
	g.open <- storage.ErrLogFailed
	wantError(t, <-done, 0, "not sent")
	if n.looked != nil || n.dialed != nil {
		t.Errorf("looked up %q, dialed %q", n.looked, n.dialed)
	}
	send()
	g.open <- nil
	if err := <-done; err != nil || len(n.dialed) != 1 {
		t.Errorf("%v, dialed %q", err, n.dialed)
	}
}
