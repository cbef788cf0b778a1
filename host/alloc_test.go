//go:build !race

package host

import (
	"errors"
	"testing"

	"github.com/cockroachdb/pebble/v2/vfs"
)

// Allocations of a request in the host, from its arrival in a room to its answer, the
// commit and the output gate included. Each is garbage for every request of a node; a
// change that adds one should have a reason.
const (
	callAllocs  = 1 // Sender.Send: the event's event.Budget
	fetchAllocs = 2 // Worker.Fetch, with one call of an object: its event.Event as well
)

// TestAllocations counts what the hot path allocates.
func TestAllocations(t *testing.T) {
	r := startCounter(t, vfs.NewMem())
	call, request, dst := r.increment(), incrementRequest(), []byte(nil)
	for _, c := range []struct {
		name string
		want float64
		run  func() error
	}{
		{"Send", callAllocs, func() error {
			reply, err := r.sender.Send(t.Context(), call, dst[:0])
			dst = reply.Output
			return errors.Join(err, r.gate.Pass(t.Context(), reply.Seen))
		}},
		{"Fetch", fetchAllocs, func() error {
			response, seq, err := r.fetch(request, dst[:0])
			dst = response
			return errors.Join(err, r.gate.Pass(t.Context(), seq))
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			// So many that what pebble allocates by the megabyte rounds to nothing.
			got := testing.AllocsPerRun(20_000, func() {
				if err := c.run(); err != nil {
					t.Fatal(err)
				}
			})
			if got > c.want {
				t.Errorf("%v allocations, want %v", got, c.want)
			}
		})
	}
}
