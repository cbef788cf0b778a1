//go:build !race

package loadgen

import (
	"net"
	"testing"
	"time"
)

// replay is a connection whose every read is one answer.
type replay struct {
	net.Conn
	answer string
}

func (r *replay) Read(b []byte) (int, error)  { return copy(b, r.answer), nil }
func (r *replay) Write(b []byte) (int, error) { return len(b), nil }
func (r *replay) SetDeadline(time.Time) error { return nil }
func (r *replay) Close() error                { return nil }

// TestRequestAllocations: a request costs the generator no memory, for its
// collector would show up in the latency.
func TestRequestAllocations(t *testing.T) {
	for _, answer := range []string{
		okAnswer,
		"HTTP/1.1 200 OK\r\nServer: x\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n",
	} {
		b := bench(t, Options{URL: "http://h", Reads: 0.5}, nil)
		w, err := newWorker(b, newTallies(1)[0], 1)
		if err != nil {
			t.Fatal(err)
		}
		w.conn = &replay{answer: answer}
		w.in.reset(w.conn)
		const runs = 1000
		n := testing.AllocsPerRun(10, func() {
			s := newSchedule(time.Now(), time.Hour, 0, runs)
			w.run(t.Context(), s)
		})
		if n > 2 { // the schedule
			t.Errorf("%v allocations in %d requests, want none", n, runs)
		}
		if c := sum([]*tally{w.tally}); c.ok != 11*runs || c.failed() != 0 {
			t.Errorf("%d OK, %d failed", c.ok, c.failed())
		}
	}
}
