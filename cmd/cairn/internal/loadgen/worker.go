package loadgen

import (
	"context"
	"errors"
	"net"
	"os"
	"sync"
	"time"
)

// staleAfter is how long a connection may lie idle before its server may have
// closed it for that. A request that finds it closed is then sent again; after
// a shorter pause the server has dropped a request, which is an error.
const staleAfter = time.Second

// worker is one connection: it takes a request, sends it, reads the answer.
type worker struct {
	bench *Bench
	tally *tally
	seed  uint64
	sleep sleeper // nil without a rate
	in    reader

	used     time.Time // when the connection last carried an answer's end
	deadline time.Time // of the connection, as it is set
	sent     uint64    // bytes

	mu      sync.Mutex
	conn    net.Conn // nil: to be opened
	stopped bool     // the deadline is past and stays there
}

func newWorker(b *Bench, t *tally, seed uint64) (*worker, error) {
	w := &worker{bench: b, tally: t, seed: seed, in: reader{buf: make([]byte, bufferBytes)}}
	var err error
	if b.options.Rate > 0 {
		w.sleep, err = b.newSleeper()
	}
	return w, err
}

// run takes requests until there are no more.
func (w *worker) run(ctx context.Context, s *schedule) {
	for now := time.Now(); ctx.Err() == nil; {
		k, due, ok := s.claim(now)
		if !ok {
			return
		}
		if now.Before(due) {
			if now = w.await(ctx, now, due); now.Before(due) {
				return // stopped before the request was due
			}
			w.tally.late(now.Sub(due))
		}
		request, read := w.bench.plan.pick(w.seed, k)
		in, out := w.in.total, w.sent
		outcome, status := w.exchange(ctx, now, request)
		now = time.Now()
		w.used = now
		w.tally.record(result{
			outcome: outcome, status: status, read: read, latency: now.Sub(due),
			in: w.in.total - in, out: w.sent - out,
		})
		if outcome == connectFailed {
			select {
			case <-ctx.Done():
			case <-time.After(backoff):
			}
			now = time.Now()
		}
	}
}

// await returns when a request is due, or earlier when the worker is stopped.
func (w *worker) await(ctx context.Context, now, due time.Time) time.Time {
	for now.Before(due) && ctx.Err() == nil {
		w.sleep.sleep(due.Sub(now))
		now = time.Now()
	}
	return now
}

// exchange sends a request and reads its answer.
func (w *worker) exchange(ctx context.Context, now time.Time, request []byte) (outcome, int) {
	stale := w.conn != nil && now.Sub(w.used) >= staleAfter
	for {
		if w.conn == nil {
			if err := w.open(ctx); err != nil {
				return failure(ctx, err, connectFailed), 0
			}
		}
		w.arm(now)
		before := w.in.total
		n, err := w.conn.Write(request)
		w.sent += uint64(n)
		kind := writeFailed
		if err == nil {
			var status int
			var reusable bool
			status, reusable, err = w.in.response()
			if !reusable {
				w.drop()
			}
			if err == nil {
				return answered, status
			}
			kind = readFailed
			var sending *writeError
			if errors.As(err, &sending) {
				kind = writeFailed
				w.sent -= uint64(sending.unsent)
			}
		}
		w.drop()
		if !stale || w.in.total > before || errors.Is(err, os.ErrDeadlineExceeded) {
			return failure(ctx, err, kind), 0
		}
		stale = false
	}
}

// writeError is an error of sending that shows while the answer is read.
type writeError struct {
	error
	unsent int // bytes
}

func (e *writeError) Unwrap() error { return e.error }

// failure sorts an error.
func failure(ctx context.Context, err error, kind outcome) outcome {
	switch {
	case ctx.Err() != nil: // and therefore it failed
		return unfinished
	case errors.Is(err, errMalformed):
		return malformed
	case kind != connectFailed && errors.Is(err, os.ErrDeadlineExceeded):
		return timedOut
	}
	return kind
}

// arm sees that the connection's deadline is at least a timeout away. It is set
// an eighth further and so only now and then: it costs as much as a request's
// other work.
func (w *worker) arm(now time.Time) {
	timeout := w.bench.options.Timeout
	if w.deadline.Sub(now) >= timeout {
		return
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	if !w.stopped {
		w.deadline = now.Add(timeout + timeout/8)
		w.conn.SetDeadline(w.deadline) // an error shows at the next write
	}
}

// open connects.
func (w *worker) open(ctx context.Context) error {
	conn, err := w.bench.dial(ctx)
	if err != nil {
		return err
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.stopped {
		conn.Close()
		return net.ErrClosed
	}
	conn = newTurnConn(conn)
	w.conn, w.deadline, w.used = conn, time.Time{}, time.Now()
	w.in.reset(conn)
	return nil
}

// drop closes the connection if there is one.
func (w *worker) drop() {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.conn != nil {
		w.conn.Close() // nothing is left to lose
		w.conn = nil
	}
}

// stop makes run return soon, from any goroutine.
func (w *worker) stop() {
	w.mu.Lock()
	w.stopped = true
	if w.conn != nil {
		w.conn.SetDeadline(time.Unix(1, 0)) // the past; an error means that it is closed
	}
	w.mu.Unlock()
	if w.sleep != nil {
		w.sleep.wake()
	}
}

func (w *worker) close() {
	w.drop()
	if w.sleep != nil {
		w.sleep.close()
	}
}
