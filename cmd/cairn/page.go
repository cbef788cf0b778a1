package main

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"sync"
	"time"
)

// page answers every request of the public listener with why nothing serves yet, until
// something does: 503, as plain text. The listener stays open for what serves then;
// whoever connects between the two waits in its queue.
type page struct {
	listener net.Listener
	server   *http.Server
	ended    chan struct{} // closed when server takes no more connections

	mu   sync.Mutex
	text string
}

// show makes text what the page says.
func (p *page) show(text string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.text = text
	if p.server != nil {
		return
	}
	p.server = &http.Server{Handler: p, ReadHeaderTimeout: time.Minute}
	p.server.SetKeepAlivesEnabled(false) // the next request may be somebody else's
	p.ended = make(chan struct{})
	go func(server *http.Server, ended chan struct{}) {
		defer close(ended)
		server.Serve(&lent{Listener: p.listener, done: make(chan struct{})}) // until Shutdown
	}(p.server, p.ended)
}

// hide ends the page: requests that come from now on wait.
func (p *page) hide() {
	p.mu.Lock()
	server := p.server
	p.server = nil
	p.mu.Unlock()
	if server == nil {
		return
	}
	ctx, cancel := context.WithTimeout(context.Background(), time.Second)
	defer cancel()
	server.Shutdown(ctx) // who is slower to read an error page than that does not get it
	server.Close()
	<-p.ended // or else it could still take one
	if l, ok := p.listener.(interface{ SetDeadline(time.Time) error }); ok {
		l.SetDeadline(time.Time{})
	}
}

// ServeHTTP implements http.Handler.
func (p *page) ServeHTTP(w http.ResponseWriter, _ *http.Request) {
	p.mu.Lock()
	text := p.text
	p.mu.Unlock()
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	w.Header().Set("Cache-Control", "no-store")
	w.Header().Set("X-Content-Type-Options", "nosniff")
	w.WriteHeader(http.StatusServiceUnavailable)
	io.WriteString(w, text)
}

// lent is a listener that is used for a while: closing it ends the wait in Accept and
// leaves the listener open.
type lent struct {
	net.Listener
	once sync.Once
	done chan struct{}
}

// Accept implements net.Listener.
func (l *lent) Accept() (net.Conn, error) {
	select {
	case <-l.done:
		return nil, net.ErrClosed
	default:
	}
	c, err := l.Listener.Accept()
	select {
	case <-l.done:
		if err != nil {
			err = errors.Join(net.ErrClosed, err)
		}
	default:
	}
	return c, err
}

// Close implements net.Listener.
func (l *lent) Close() error {
	l.once.Do(func() {
		close(l.done)
		if d, ok := l.Listener.(interface{ SetDeadline(time.Time) error }); ok {
			d.SetDeadline(time.Unix(1, 0))
		}
	})
	return nil
}
