package ingress

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/netip"
	"sync"
	"sync/atomic"
	"time"

	"github.com/cairn-dev/cairn/host/account"
	"github.com/cairn-dev/cairn/host/app"
	"github.com/cairn-dev/cairn/host/event"
	"github.com/cairn-dev/cairn/host/gate"
	"github.com/cairn-dev/cairn/host/listen"
	"github.com/cairn-dev/cairn/host/worker"
)

// Options configures a Server.
type Options struct {
	// App says what answers: its public script's Worker, or the built-in route
	// while that has none. Required.
	App *app.App
	// Workers run the Worker. Default none: the built-in route always answers.
	Workers *worker.Workers
	// Sender brings requests to objects. Required.
	Sender event.Sender
	// Gate is what an answer passes before it is sent. Required.
	Gate *gate.Gate
	// Account is where the memory of requests and answers is taken. Default no bound.
	Account *account.Account
	// TrustProxies are the addresses of proxies that are believed when they say who
	// the client is. Default none.
	TrustProxies []netip.Prefix
	// Limits bound what clients can make the Server hold.
	Limits Limits
	// Answered is called when a request was answered, with its method and target, which
	// are valid until it returns, the answer's status, and how long that took since the
	// request was there. Any goroutine calls it. Default nobody.
	Answered func(method, target []byte, status int, took time.Duration)
	// Logger gets what goes wrong. Default discards.
	Logger *slog.Logger
}

// Limits bound connections and waits for clients. A field that is zero has its
// default.
type Limits struct {
	// Connections bounds those that are open at a time. Default 10,000, which are
	// 300 MB without a request in them; less where there are fewer descriptors
	// or little memory.
	Connections int
	// Head is how long a request's head may take, from its first byte, or on a new
	// connection from the start. Default 20 s.
	Head time.Duration
	// Idle is how long a connection may be without a request. Default 2 minutes.
	Idle time.Duration
	// Body is how long a request's body may take, and a second longer for every Rate
	// bytes of it that have arrived. Default 30 s.
	Body time.Duration
	// Rate is the least that a client that sends a body must keep up, in bytes a
	// second. Default 16 KiB.
	Rate int64
	// Stall is how long an answer may wait for the client to take more of it.
	// Default 30 s.
	Stall time.Duration
	// Linger is how long a connection is read from after a request was refused, so
	// that the client gets to see why. Default 1 s.
	Linger time.Duration
	// Spare is how long a request may wait on its client even where memory or
	// connections are short. Default 1 s.
	Spare time.Duration
}

func (l *Limits) setDefaults(a *account.Account) {
	if l.Connections == 0 {
		l.Connections = min(maxConnections, listen.Descriptors()/2)
		if a != nil {
			l.Connections = min(l.Connections, max(int(a.Budget()/8/sessionBytes), minConnections))
		}
	}
	for _, f := range []struct {
		field    *time.Duration
		fallback time.Duration
	}{
		{&l.Head, 20 * time.Second}, {&l.Idle, 2 * time.Minute}, {&l.Body, 30 * time.Second},
		{&l.Stall, 30 * time.Second}, {&l.Linger, time.Second}, {&l.Spare, time.Second},
	} {
		if *f.field == 0 {
			*f.field = f.fallback
		}
	}
	if l.Rate == 0 {
		l.Rate = 16 << 10
	}
}

// body is how long so many bytes of a body may take.
func (l *Limits) body(arrived int) time.Duration {
	return l.Body + time.Duration(int64(arrived)/l.Rate)*time.Second
}

const (
	// maxHeadBytes bounds a request's line and headers, maxFields how many headers
	// there are: more than browsers and proxies send.
	maxHeadBytes = 16 << 10
	maxFields    = 256
	// sessionBytes is what a connection takes by itself: its buffer and goroutine.
	sessionBytes   = 30 << 10
	maxConnections = 10_000
	minConnections = 64
)

// Server is the public listener.
type Server struct {
	options   Options
	limits    Limits
	exchanges sync.Pool // of *exchange
	stopping  atomic.Bool
	warned    atomic.Int64 // when warn logged last, in Unix seconds

	// mu guards what follows. It comes before a session's mu.
	mu        sync.Mutex
	listeners []net.Listener
	sessions  map[*session]struct{}
	open      int           // of them, those that were not evicted
	empty     chan struct{} // closed when the last session ends; nil unless somebody waits
}

// New makes a Server.
func New(o Options) *Server {
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	s := &Server{options: o, limits: o.Limits, sessions: map[*session]struct{}{}}
	s.limits.setDefaults(o.Account)
	s.exchanges.New = func() any { return &exchange{} }
	return s
}

// Serve answers requests of the listener until Shutdown, which it closes; after
// Shutdown it closes it at once. It returns an error when the listener fails for good.
func (s *Server) Serve(inner net.Listener) error {
	l := listen.New(inner, listen.Options{Logger: s.options.Logger, Short: s.short})
	s.mu.Lock()
	s.listeners = append(s.listeners, l)
	s.mu.Unlock()
	if s.stopping.Load() {
		return l.Close()
	}
	for {
		c, err := l.Accept()
		switch {
		case err == nil:
			s.begin(c)
		case s.stopping.Load() || errors.Is(err, net.ErrClosed):
			return nil
		default:
			return errors.Join(fmt.Errorf("serve http: %w", err), l.Close())
		}
	}
}

// busy is the answer to a connection that there is no room for.
const busy = "HTTP/1.1 503 Service Unavailable\r\nServer: cairn\r\nRetry-After: 1\r\n" +
	"Content-Length: 0\r\nConnection: close\r\n\r\n"

// begin serves a connection on a goroutine of its own, if there is room for it.
func (s *Server) begin(conn net.Conn) {
	c := newSession(s, conn)
	s.mu.Lock()
	full := s.open >= s.limits.Connections && s.evictLocked() == 0
	if !full {
		s.sessions[c] = struct{}{}
		s.open++
	}
	s.mu.Unlock()
	if full {
		listen.Refuse(conn, []byte(busy))
		return
	}
	s.options.Account.Count(account.Requests, sessionBytes)
	go c.serve()
}

// end is the end of a session.
func (s *Server) end(c *session) {
	s.options.Account.Release(account.Requests, sessionBytes)
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.sessions, c)
	if !c.evicted {
		s.open--
	}
	if len(s.sessions) == 0 && s.empty != nil {
		close(s.empty)
		s.empty = nil
	}
}

// Shutdown accepts nothing more and returns when the requests that have arrived, also
// in part, are answered, or when ctx is done. Connections end with their next answer,
// idle ones at once.
func (s *Server) Shutdown(ctx context.Context) error {
	s.stopping.Store(true) // from here on Serve closes its listener itself
	s.mu.Lock()
	for _, l := range s.listeners {
		l.Close() // Serve returns; an error there is the listener's
	}
	var empty chan struct{}
	if len(s.sessions) > 0 {
		if s.empty == nil {
			s.empty = make(chan struct{})
		}
		empty = s.empty
	}
	for c := range s.sessions {
		c.hurry()
	}
	s.mu.Unlock()
	if empty == nil {
		return nil
	}
	select {
	case <-empty:
		return nil
	case <-ctx.Done():
		return fmt.Errorf("shut down http: %w", ctx.Err())
	}
}
