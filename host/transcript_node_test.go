package host_test

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/cairn-dev/cairn/host"
	"github.com/cairn-dev/cairn/host/hosttest"
	"github.com/cairn-dev/cairn/host/placement"
	"github.com/cairn-dev/cairn/host/storage"
	"github.com/cairn-dev/cairn/host/storage/storagetest"
)

// node is a running app whose log a transcript moves.
type node struct {
	host     *hosttest.Host
	log      *transcriptLog
	listener pipeListener
	client   http.Client
	requests []*request    // that have no answer, in the order they were sent
	holds    chan struct{} // a value lets one guest go on
	leases   leases
}

// request is one that was sent; done gets its answer.
type request struct {
	id   string
	done chan string
}

// startNode starts a guest of testdata on a disk in memory.
func startNode(t *testing.T, guest, binding, class string) *node {
	n := &node{
		log:      &transcriptLog{Log: storagetest.NewLog()},
		listener: newPipeListener(),
		holds:    make(chan struct{}),
	}
	t.Cleanup(func() {
		time.Sleep(time.Minute) // the bubble's: until fasthttp's cleaner has seen the end
	})
	n.host = hosttest.Start(t, hosttest.Options{
		Guest: guest, Bindings: map[string]string{binding: class},
		NoListener: true,
		Options:    host.Options{WrapLog: n.log.wrap, Placement: &n.leases}, OnLog: n.hold,
	})
	// What the start has written is not part of the transcript.
	n.log.AdvanceAll()
	n.log.first = n.log.Last()
	n.log.take()
	go n.host.Runtime.Serve(n.listener)
	n.client.Transport = &http.Transport{DisableKeepAlives: true, DialContext: n.listener.dial}
	t.Cleanup(func() { n.end(t) })
	return n
}

// end lets everything that is held go on.
func (n *node) end(t *testing.T) {
	n.log.AdvanceAll()
	close(n.holds)
	for _, r := range n.requests {
		t.Errorf("the transcript ends before %s is answered: %s", r.id, <-r.done)
	}
}

// hold keeps a guest that logs "hold" inside its call, until it is released.
func (n *node) hold(r hosttest.Record) {
	if strings.HasPrefix(r.Message, "hold") {
		n.log.say("inside: %s", r.Message)
		<-n.holds
	}
}

// begin sends a request and does not wait.
func (n *node) begin(id, path, body string) {
	r := &request{id, make(chan string, 1)}
	n.requests = append(n.requests, r)
	go func() {
		resp, err := n.client.Post("http://node"+path, "application/json", strings.NewReader(body))
		if err != nil {
			r.done <- err.Error()
			return
		}
		defer resp.Body.Close()
		body, err := io.ReadAll(resp.Body)
		if err != nil {
			r.done <- err.Error()
			return
		}
		r.done <- strings.TrimSpace(fmt.Sprintf("%d %s", resp.StatusCode, body))
	}()
}

// leases is the Placement of a node that owns everything, until it is taken over.
type leases struct {
	placement.Local
	lost atomic.Bool
}

func (l *leases) Valid(lease placement.Lease) bool { return !l.lost.Load() && l.Local.Valid(lease) }

// transcriptLog is a log that the transcript moves and that says what is asked
// of it. Its numbers begin with the transcript.
type transcriptLog struct {
	*storagetest.Log
	first storage.Seq

	mu     sync.Mutex
	events []string
}

func (l *transcriptLog) wrap(under storage.Log) storage.Log {
	l.Log.Wrap(under)
	return l
}

// Append implements storage.Log.
func (l *transcriptLog) Append(b *storage.Batch) (storage.Seq, error) {
	seq, err := l.Log.Append(b)
	if err != nil {
		l.say("the log refuses a batch: %v", err)
	} else {
		l.say("writes batch %d", seq-l.first)
	}
	return seq, err
}

// Wait implements storage.Log: the output gate.
func (l *transcriptLog) Wait(ctx context.Context, seq storage.Seq) error {
	if seq > l.Durable() && l.Err() == nil {
		l.say("held at the gate until %d is durable", seq-l.first)
	}
	return l.Log.Wait(ctx, seq)
}

func (l *transcriptLog) advance(seq int) { l.Advance(l.first + storage.Seq(seq)) }

// String says how far the log is.
func (l *transcriptLog) String() string {
	s := fmt.Sprintf("last %d, durable %d", l.Last()-l.first, l.Durable()-l.first)
	if err := l.Err(); err != nil {
		s += fmt.Sprintf(", %v", err)
	}
	return s
}

func (l *transcriptLog) say(format string, args ...any) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.events = append(l.events, fmt.Sprintf(format, args...))
}

// take returns what was said since the last time.
func (l *transcriptLog) take() []string {
	l.mu.Lock()
	defer l.mu.Unlock()
	events := l.events
	l.events = nil
	return events
}

// pipeListener is a listener in memory: synctest cannot see whether a goroutine
// that waits for a socket will go on.
type pipeListener struct {
	conns  chan net.Conn
	closed chan struct{}
	once   *sync.Once
}

func newPipeListener() pipeListener {
	return pipeListener{make(chan net.Conn), make(chan struct{}), new(sync.Once)}
}

func (l pipeListener) dial(ctx context.Context, _, _ string) (net.Conn, error) {
	client, server := net.Pipe()
	select {
	case l.conns <- server:
		return client, nil
	case <-l.closed:
		return nil, net.ErrClosed
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// Accept implements net.Listener.
func (l pipeListener) Accept() (net.Conn, error) {
	select {
	case c := <-l.conns:
		return c, nil
	case <-l.closed:
		return nil, net.ErrClosed
	}
}

// Close implements net.Listener.
func (l pipeListener) Close() error {
	l.once.Do(func() { close(l.closed) })
	return nil
}

// Addr implements net.Listener.
func (l pipeListener) Addr() net.Addr { return &net.TCPAddr{} }
