// Package ingress is HTTP in and HTTP out: the public listener.
//
// There is one type. A [Server] turns a request into a wire.Request, hands it
// to the app's Worker, or to the object that the built-in route names, waits at
// the output gate, and turns the answer into a response. fasthttp's types stay
// in this room.
//
// # The output gate
//
// Nothing that an answer could tell leaves before the log is durable up to what
// the answer could have seen; that holds for errors as well. If the log fails,
// the client gets an error and never the answer.
package ingress

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"sync"
	"time"

	"github.com/valyala/fasthttp"

	"github.com/cairn-dev/cairn/abi"
	"github.com/cairn-dev/cairn/host/internal/contain"
	"github.com/cairn-dev/cairn/host/object"
	"github.com/cairn-dev/cairn/host/storage"
	"github.com/cairn-dev/cairn/host/worker"
)

// Options configures a Server.
type Options struct {
	// App says what answers: its public script's Worker, or the built-in route
	// while that has none. Required.
	App *object.App
	// Workers run the Worker. Default none: the built-in route always answers.
	Workers *worker.Workers
	// Sender brings requests to objects. Required.
	Sender object.Sender
	// Log is what the output gate waits for. Required.
	Log storage.Log
	// Logger gets what goes wrong. Default discards.
	Logger *slog.Logger
}

// Limits of a connection. A body that is longer than a message can be is
// refused with 413.
const (
	maxHeaderBytes = 16 << 10
	readTimeout    = 60 * time.Second
	idleTimeout    = 120 * time.Second
)

// Server is the public listener.
type Server struct {
	options Options
	http    fasthttp.Server
	buffers sync.Pool // of *exchange

	mu        sync.Mutex
	stopped   bool
	listeners []net.Listener
}

// exchange is the memory of one request and its answer.
type exchange struct {
	request  []byte
	header   []byte
	response []byte
}

// New makes a Server.
func New(o Options) *Server {
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	s := &Server{options: o}
	s.buffers.New = func() any { return &exchange{} }
	s.http = fasthttp.Server{
		Name:                  "cairn",
		Handler:               s.handle,
		ReadBufferSize:        maxHeaderBytes,
		MaxRequestBodySize:    abi.MaxMessageBytes,
		ReadTimeout:           readTimeout,
		IdleTimeout:           idleTimeout,
		CloseOnShutdown:       true,
		NoDefaultServerHeader: true,
		NoDefaultContentType:  true,
		// As it is, the guest sees what the client sent and the client what the
		// guest answered.
		DisableHeaderNamesNormalizing: false,
		DisablePreParseMultipartForm:  true,
		ErrorHandler:                  refuse,
		Logger:                        quiet{o.Logger},
	}
	return s
}

// refuse answers what cannot be read as a request.
func refuse(ctx *fasthttp.RequestCtx, err error) {
	var header *fasthttp.ErrSmallBuffer
	var network net.Error
	switch {
	case errors.Is(err, fasthttp.ErrBodyTooLarge):
		fail(ctx, fasthttp.StatusRequestEntityTooLarge)
	case errors.As(err, &header):
		fail(ctx, fasthttp.StatusRequestHeaderFieldsTooLarge)
	case errors.As(err, &network) && network.Timeout():
		fail(ctx, fasthttp.StatusRequestTimeout)
	default:
		fail(ctx, fasthttp.StatusBadRequest)
	}
}

// Serve answers requests of the listener until Shutdown, which it closes; after
// Shutdown it closes it at once.
func (s *Server) Serve(l net.Listener) error {
	l = &onceListener{Listener: l}
	s.mu.Lock()
	stopped := s.stopped
	s.listeners = append(s.listeners, l)
	s.mu.Unlock()
	if stopped {
		return l.Close()
	}
	if err := s.http.Serve(l); err != nil {
		return fmt.Errorf("serve http: %w", err)
	}
	return nil
}

// Shutdown accepts nothing more and returns when running requests have been
// answered, or when ctx is done.
func (s *Server) Shutdown(ctx context.Context) error {
	// fasthttp does not know a listener yet whose Serve has just been called.
	s.mu.Lock()
	s.stopped = true
	for _, l := range s.listeners {
		l.Close() // Serve returns; an error there is the listener's
	}
	s.mu.Unlock()
	if err := s.http.ShutdownWithContext(ctx); err != nil {
		return fmt.Errorf("shut down http: %w", err)
	}
	return nil
}

// onceListener is a listener that may be closed twice.
type onceListener struct {
	net.Listener
	once sync.Once
	err  error
}

// Close implements net.Listener.
func (l *onceListener) Close() error {
	l.once.Do(func() { l.err = l.Listener.Close() })
	return l.err
}

func (s *Server) handle(ctx *fasthttp.RequestCtx) {
	if !contain.Run(s.options.Logger, "a request", func() { s.handled(ctx) }) {
		ctx.Response.Reset()
		fail(ctx, fasthttp.StatusInternalServerError)
	}
}

func (s *Server) handled(ctx *fasthttp.RequestCtx) {
	x := s.buffers.Get().(*exchange)
	for answered := false; !answered; { // again when a deploy has ended what it began with
		script := s.options.App.Serving().Public()
		if s.options.Workers != nil && script.HasWorker() {
			answered = s.fetch(ctx, x, script)
		} else {
			s.route(ctx, x, script)
			answered = true
		}
	}
	x.release(&s.buffers)
}

// release lets go of buffers that one large message has grown.
func (x *exchange) release(pool *sync.Pool) {
	const keepBytes = 64 << 10
	if cap(x.request) <= keepBytes && cap(x.response) <= keepBytes {
		pool.Put(x)
	}
}

// gate is the output gate: it waits until the log is durable up to seq.
func (s *Server) gate(seq storage.Seq) error {
	if err := s.options.Log.Wait(context.Background(), seq); err != nil {
		return fmt.Errorf("output gate: %w", err)
	}
	return nil
}

// quiet is fasthttp's logger: what clients do wrong is worth a debug line.
type quiet struct{ l *slog.Logger }

// Printf implements fasthttp.Logger.
func (q quiet) Printf(format string, args ...any) {
	q.l.Debug("http", "detail", fmt.Sprintf(format, args...))
}

var errNotJSON = errors.New("the body is not a JSON array")
