package loadgen

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

// stalling is a server that takes a while for each answer and gives none
// between two moments. In a bubble its while is exact.
func stalling(each, from, until time.Duration) *server {
	start := time.Now()
	return newServer(func(r *http.Request, w io.Writer) bool {
		time.Sleep(each)
		if at := time.Since(start); at >= from && at < until {
			time.Sleep(until - at)
		}
		return answerOK(r, w)
	})
}

// bubble runs f with a time of its own, of which there is plenty: the handlers
// that f's load left alone sleep to their end.
func bubble(t *testing.T, f func(t *testing.T)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		f(t)
		time.Sleep(2 * time.Hour)
	})
}

// near allows for the histogram's three digits.
func near(got, want time.Duration) bool {
	return (got - want).Abs() <= want/500
}

// TestNoCoordinatedOmission stalls a server once, from 1s to 2s of a load of
// 100 requests per second for 3s. The 100 requests that were due meanwhile show
// what was left of the stall, 1000ms, 990ms, … 10ms, whether one connection was
// there to be held up or many.
func TestNoCoordinatedOmission(t *testing.T) {
	for _, connections := range []int{1, 4, 500} {
		bubble(t, func(t *testing.T) {
			s := stalling(0, time.Second, 2*time.Second)
			r := run(t, bench(t, Options{
				URL: "http://a", Rate: 100, Duration: 3 * time.Second, Connections: connections,
			}, s))
			if r.OK != 300 || r.Elapsed != 3*time.Second || r.PerSecond != 100 ||
				r.LatencyFrom != FromDue {
				t.Errorf("%d connections: %+v", connections, r)
			}
			q := r.Latency
			mean := 50500 * time.Millisecond / 300
			if !near(q.Mean, mean) || q.P50 != 0 || !near(q.P90, 700*time.Millisecond) ||
				!near(q.P99, 970*time.Millisecond) || !near(q.Max, time.Second) {
				t.Errorf("%d connections: %+v, want a mean of %v, 0, 700ms, 970ms, and at most 1s",
					connections, q, mean)
			}
			if r.Lateness.Max != 0 {
				t.Errorf("%d connections: the stall counts as our own lateness: %+v",
					connections, r.Lateness)
			}
		})
	}
}

// TestServiceTime is the same stall without a rate: one request of 200 shows it,
// which is why the report says what its latency is.
func TestServiceTime(t *testing.T) {
	bubble(t, func(t *testing.T) {
		s := stalling(10*time.Millisecond, time.Second, 2*time.Second)
		r := run(t,
			bench(t, Options{URL: "http://a", Duration: 3 * time.Second, Connections: 1}, s))
		if r.OK != 200 || r.LatencyFrom != FromSent {
			t.Errorf("%+v, want 200 OK", r)
		}
		if q := r.Latency; !near(q.P99, 10*time.Millisecond) ||
			!near(q.Max, 1010*time.Millisecond) {
			t.Errorf("%+v, want 10ms and at most 1.01s", q)
		}
		var table strings.Builder
		if err := r.WriteTable(&table); err != nil ||
			!strings.Contains(table.String(), "service time under a full queue") {
			t.Errorf("%v, %s", err, &table)
		}
	})
}

// TestStallAtTheEnd accounts for every request that was due, and ends.
func TestStallAtTheEnd(t *testing.T) {
	bubble(t, func(t *testing.T) {
		s := stalling(0, time.Second, time.Hour)
		r := run(t, bench(t, Options{
			URL: "http://a", Rate: 100, Duration: 2 * time.Second,
			Timeout: 800 * time.Millisecond, Connections: 1,
		}, s))
		// Request 100 times out at 1.8s, or up to an eighth of a timeout later; the
		// next one after 2.6s; at 2.8s the load ends, and request 102 is the oldest.
		if r.OK != 100 || r.Errors.Timeout != 2 || r.Errors.Total != 2 || r.Unfinished != 98 {
			t.Errorf("%d OK, errors %v, %d unfinished, want 100, timeout 2, and 98",
				r.OK, r.Errors, r.Unfinished)
		}
		if r.Elapsed != 2800*time.Millisecond || !near(r.Latency.Max, 1780*time.Millisecond) {
			t.Errorf("%v, %+v", r.Elapsed, r.Latency)
		}
		if r.PerSecond != 100/2.8 {
			t.Errorf("%v requests/s, want %v", r.PerSecond, 100/2.8)
		}
	})
}

// TestInterrupt reports what there was.
func TestInterrupt(t *testing.T) {
	for _, rate := range []float64{0, 100} {
		bubble(t, func(t *testing.T) {
			s := stalling(10*time.Millisecond, time.Hour, time.Hour)
			ctx, cancel := context.WithTimeout(t.Context(), 1505*time.Millisecond)
			defer cancel()
			r, err := bench(t, Options{URL: "http://a", Rate: rate, Duration: time.Hour,
				Connections: 1}, s).Run(ctx)
			if err != nil {
				t.Fatal(err)
			}
			if !r.Interrupted || r.OK != 150 || r.Unfinished != 1 || r.Errors.Total != 0 ||
				r.Elapsed != 1505*time.Millisecond {
				t.Errorf("rate %v: %+v, want 150 OK and one under way", rate, r)
			}
		})
	}
	bubble(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		s := stalling(10*time.Millisecond, time.Hour, time.Hour)
		_, err := bench(t, Options{URL: "http://a", Warmup: time.Minute}, s).Run(ctx)
		if err == nil || !strings.Contains(err.Error(), "warm-up") {
			t.Errorf("%v, want an interrupted warm-up", err)
		}
	})
}

// TestIdleConnection sends again what a connection that had long been idle did
// not carry, and counts what a busy one dropped.
func TestIdleConnection(t *testing.T) {
	for _, c := range []struct {
		rate       float64
		ok, failed uint64
	}{
		{0.5, 5, 0},
		{10, 50, 50},
	} {
		bubble(t, func(t *testing.T) {
			var n atomic.Uint64
			s := newServer(nil)
			s.handler = func(r *http.Request, w io.Writer) bool {
				n.Add(1)
				answerOK(r, w)
				return false // without having said so
			}
			r := run(t, bench(t, Options{URL: "http://a", Rate: c.rate, Duration: 10 * time.Second,
				Connections: 1}, s))
			if r.OK != c.ok || r.Errors.Total != c.failed ||
				r.Errors.Write+r.Errors.Read != c.failed || n.Load() != c.ok {
				t.Errorf("rate %v: %d OK, errors %v, the server saw %d, want %d and %d",
					c.rate, r.OK, r.Errors, n.Load(), c.ok, c.failed)
			}
		})
	}
}

// TestReconnect counts a connect that fails and goes on.
func TestReconnect(t *testing.T) {
	bubble(t, func(t *testing.T) {
		s := newServer(func(_ *http.Request, w io.Writer) bool {
			io.WriteString(w, "HTTP/1.0 200 OK\r\n\r\n")
			return false
		})
		b := bench(t, Options{URL: "http://a", Connections: 1, Requests: 9}, s)
		dials := 0
		b.dial = func(ctx context.Context) (net.Conn, error) {
			if dials++; dials%3 == 0 {
				return nil, errors.New("refused")
			}
			return s.dial(ctx)
		}
		r := run(t, b)
		if r.OK != 6 || r.Errors.Connect != 3 || r.Errors.Total != 3 || r.Elapsed != 3*backoff {
			t.Errorf("%d OK, errors %v, after %v, want 6, connect 3, and %v",
				r.OK, r.Errors, r.Elapsed, 3*backoff)
		}
	})
}

// TestProgress wants a line for each second.
func TestProgress(t *testing.T) {
	bubble(t, func(t *testing.T) {
		var lines strings.Builder
		s := stalling(time.Microsecond, 1500*time.Millisecond, 3250*time.Millisecond)
		run(t, bench(t, Options{
			URL: "http://a", Rate: 100, Duration: 3500 * time.Millisecond, Connections: 1,
			Progress: &lines,
		}, s))
		const want = "   1s        100 requests/s  0 errors\n" +
			"   2s         50 requests/s  0 errors  49 due and not sent\n" +
			"   3s          0 requests/s  0 errors  149 due and not sent\n"
		if lines.String() != want {
			t.Errorf("got\n%swant\n%s", &lines, want)
		}
	})
}

// TestSleeper sleeps no shorter than asked, and not at all once woken.
func TestSleeper(t *testing.T) {
	for _, open := range []func() (sleeper, error){newSleeper, newTimerSleeper} {
		s, err := open()
		if err != nil {
			t.Fatal(err)
		}
		for _, d := range []time.Duration{time.Nanosecond, time.Microsecond, time.Millisecond, 0} {
			if d == 0 {
				d = 100 * time.Microsecond
			}
			start := time.Now()
			if s.sleep(d); time.Since(start) < d {
				t.Errorf("%T slept less than %v", s, d)
			}
		}
		slept := make(chan struct{})
		go func() {
			s.sleep(time.Hour)
			s.sleep(time.Hour)
			close(slept)
		}()
		s.wake()
		<-slept
		s.close()
	}
}
