// Package admin is the listener for those who run the host: what runs, new
// versions, health. The public listener serves guests only.
//
// There are three types. A [Server] answers JSON under /v1/, and /healthz,
// /readyz and /metrics; a [Host] is what it may ask of the runtime; [Rooms] make
// a Host, and the metrics that are read when somebody asks for them.
//
// # Who may ask
//
// It listens on loopback, or wants a bearer token for everything but health,
// which a load balancer asks for. Without a token it takes requests for this
// machine by its own names only: a page in a browser on this machine must not
// drive the host, neither by a form nor by a name that it lets point to 127.0.0.1.
package admin

import (
	"context"
	"crypto/subtle"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"github.com/cairn-dev/cairn/host/listen"
)

// maxModuleBytes bounds a module that is deployed.
const maxModuleBytes = 64 << 20

// Version is a version of a script: a module and its config.
type Version struct {
	Number  int       `json:"number"`
	Hash    string    `json:"hash"`
	Size    int       `json:"size"`
	Created time.Time `json:"created"`
	Tag     string    `json:"tag,omitempty"`
	Config  string    `json:"config"` // the fingerprint of what it runs with
	Percent int       `json:"percent"`
}

// Object is what is known of an object.
type Object struct {
	ID      string `json:"id"`
	Name    string `json:"name,omitempty"`
	Named   bool   `json:"named"`
	Class   string `json:"class"`
	Active  bool   `json:"active"`            // the object has an activation
	Version int    `json:"version,omitempty"` // the one that it runs, or would
}

// Deploy is a new version of a script. Config is the text of a wrangler file
// and its name, or empty; Env is the environment of it that counts.
type Deploy struct {
	Script     string
	Wasm       []byte
	ConfigName string
	Config     []byte
	Env        string
	Percent    int
}

// Host is the runtime, as the admin listener sees it. Errors are told to the
// caller as they are.
type Host interface {
	Healthy() error
	Deploy(context.Context, Deploy) (Version, error)
	// Plan says what Deploy would do to the script's classes, and does nothing.
	Plan(context.Context, Deploy) ([]string, error)
	Rollback(ctx context.Context, script string, number int) (Version, error)
	Versions(script string) ([]Version, error)
	// Objects and Object look for a class of a script; "" is the first that has it.
	Objects(script, class, after string, limit int) ([]Object, error)
	Object(script, class, nameOrID string) (Object, error)
}

// Error is an error of a Host that is the caller's, with the HTTP status that
// says so.
type Error struct {
	Status int
	Err    error
}

func (e *Error) Error() string { return e.Err.Error() }

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.Err }

// Options configures a Server.
type Options struct {
	Host Host // Required.
	// Token is what a caller must show as a bearer token; "" is none, which New
	// takes for loopback only.
	Token string
	// Metrics is what /metrics shows. Default nothing.
	Metrics *prometheus.Registry
	Logger  *slog.Logger // Default discards.
}

// Server is the admin listener.
type Server struct {
	options Options
	http    http.Server

	draining atomic.Bool
}

// New makes a Server for a listener.
func New(o Options) *Server {
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	s := &Server{options: o}
	mux, open := http.NewServeMux(), http.NewServeMux()
	open.HandleFunc("GET /healthz", s.health)
	open.HandleFunc("GET /readyz", s.ready)
	open.Handle("/", s.authorize(mux))
	mux.HandleFunc("GET /v1/versions", s.versions)
	mux.HandleFunc("POST /v1/deploy", s.deploy)
	mux.HandleFunc("POST /v1/rollback", s.rollback)
	mux.HandleFunc("GET /v1/objects/{class}", s.objects)
	mux.HandleFunc("GET /v1/objects/{class}/{object}", s.object)
	if o.Metrics != nil {
		mux.Handle("GET /metrics", promhttp.HandlerFor(o.Metrics, promhttp.HandlerOpts{}))
	}
	s.http = http.Server{
		Handler: open, MaxHeaderBytes: maxHeaderBytes, ReadHeaderTimeout: headTimeout,
		ReadTimeout: readTimeout, WriteTimeout: writeTimeout, IdleTimeout: idleTimeout,
	}
	return s
}

// Limits of a connection. A request may take as long as a large module on a slow line,
// and its answer as long as compiling that behind others.
const (
	maxConnections = 256
	maxHeaderBytes = 32 << 10
	headTimeout    = 10 * time.Second
	readTimeout    = 2 * time.Minute
	writeTimeout   = 10 * time.Minute
	idleTimeout    = time.Minute
)

// Allow refuses an address that others than this machine can reach, unless there is
// a token.
func Allow(addr net.Addr, token string) error {
	if token == "" && !loopback(addr) {
		return fmt.Errorf("admin: %s is not loopback and there is no token (set CAIRN_ADMIN_TOKEN)",
			addr)
	}
	return nil
}

// Serve answers requests of the listener until Shutdown. It refuses a listener
// that Allow refuses.
func (s *Server) Serve(l net.Listener) error {
	if err := Allow(l.Addr(), s.options.Token); err != nil {
		return errors.Join(err, l.Close())
	}
	l = listen.New(l, listen.Options{Max: maxConnections, Logger: s.options.Logger,
		Full: []byte("HTTP/1.1 503 Service Unavailable\r\nRetry-After: 1\r\n" +
			"Content-Length: 0\r\nConnection: close\r\n\r\n")})
	if err := s.http.Serve(l); !errors.Is(err, http.ErrServerClosed) {
		return fmt.Errorf("admin: serve: %w", err)
	}
	return nil
}

// Drain makes readiness fail from now on, and nothing else: whoever balances load sends
// new requests elsewhere.
func (s *Server) Drain() { s.draining.Store(true) }

// Shutdown stops the listener and lets running requests finish.
func (s *Server) Shutdown(ctx context.Context) error {
	if err := s.http.Shutdown(ctx); err != nil {
		return fmt.Errorf("admin: shut down: %w", err)
	}
	return nil
}

func loopback(a net.Addr) bool {
	tcp, ok := a.(*net.TCPAddr)
	return ok && tcp.IP.IsLoopback()
}

// authorize wants the token, or the name of this machine where there is none,
// and refuses what a browser sends for another site.
func (s *Server) authorize(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch {
		case !s.hasToken(r):
			problem(w, http.StatusUnauthorized,
				errors.New("a bearer token is needed (set CAIRN_ADMIN_TOKEN)"))
		case s.options.Token == "" && !local(r.Host):
			problem(w, http.StatusForbidden, fmt.Errorf("host %q is not a name of this machine "+
				"(ask for 127.0.0.1 or localhost)", r.Host))
		case r.Header.Get("Origin") != "" && r.Method != http.MethodGet:
			problem(w, http.StatusForbidden, errors.New("requests of browsers are refused"))
		default:
			next.ServeHTTP(w, r)
		}
	})
}

// hasToken reports whether a request shows the token, if there is one.
func (s *Server) hasToken(r *http.Request) bool {
	want := []byte("Bearer " + s.options.Token)
	return s.options.Token == "" ||
		subtle.ConstantTimeCompare([]byte(r.Header.Get("Authorization")), want) == 1
}

// local reports whether a Host header is an address or localhost: names can be
// anybody's.
func local(host string) bool {
	name, _, err := net.SplitHostPort(host)
	if err != nil {
		name = strings.Trim(host, "[]")
	}
	return strings.EqualFold(name, "localhost") || net.ParseIP(name) != nil
}

// health answers anybody; what is wrong is told to those who may ask for more.
func (s *Server) health(w http.ResponseWriter, r *http.Request) {
	if err := s.options.Host.Healthy(); err != nil {
		if !s.hasToken(r) {
			err = errors.New("not healthy")
		}
		problem(w, http.StatusServiceUnavailable, err)
		return
	}
	answer(w, map[string]string{"status": "ok"})
}

// ready is health that ends when the host begins to drain.
func (s *Server) ready(w http.ResponseWriter, r *http.Request) {
	if s.draining.Load() {
		problem(w, http.StatusServiceUnavailable, errors.New("draining"))
		return
	}
	s.health(w, r)
}

func (s *Server) versions(w http.ResponseWriter, r *http.Request) {
	list, err := s.options.Host.Versions(r.URL.Query().Get("script"))
	reply(w, map[string]any{"versions": list}, err)
}

// deploy takes a module as the body, or a config and a module: config names the
// config's file and config_bytes says how much of the body it is. With dry_run it
// only says what it would change.
func (s *Server) deploy(w http.ResponseWriter, r *http.Request) {
	query := r.URL.Query()
	d := Deploy{Script: query.Get("script"), ConfigName: query.Get("config"), Env: query.Get("env")}
	if p := query.Get("percent"); p != "" {
		var err error
		if d.Percent, err = strconv.Atoi(p); err != nil {
			problem(w, http.StatusBadRequest, fmt.Errorf("percent %q is not a number", p))
			return
		}
	}
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxModuleBytes))
	var large *http.MaxBytesError
	if errors.As(err, &large) {
		problem(w, http.StatusRequestEntityTooLarge, fmt.Errorf(
			"the module is larger than %d bytes (strip it: wasm-opt -Oz, or go build "+
				"-ldflags='-s -w')", maxModuleBytes))
		return
	}
	if err != nil {
		problem(w, http.StatusBadRequest, fmt.Errorf("read module: %w", err))
		return
	}
	if d.ConfigName != "" {
		n, err := strconv.Atoi(query.Get("config_bytes"))
		if err != nil || n < 0 || n > len(body) {
			problem(w, http.StatusBadRequest,
				errors.New("config_bytes does not say how much of the body is the config"))
			return
		}
		d.Config, body = body[:n], body[n:]
	}
	d.Wasm = body
	if query.Get("dry_run") == "true" {
		changes, err := s.options.Host.Plan(r.Context(), d)
		reply(w, map[string]any{"changes": append([]string{}, changes...)}, err)
		return
	}
	v, err := s.options.Host.Deploy(r.Context(), d)
	reply(w, v, err)
}

func (s *Server) rollback(w http.ResponseWriter, r *http.Request) {
	number := 0
	if to := r.URL.Query().Get("to"); to != "" {
		var err error
		if number, err = strconv.Atoi(to); err != nil || number < 1 {
			problem(w, http.StatusBadRequest, fmt.Errorf("version %q is not a number", to))
			return
		}
	}
	v, err := s.options.Host.Rollback(r.Context(), r.URL.Query().Get("script"), number)
	reply(w, v, err)
}

func (s *Server) objects(w http.ResponseWriter, r *http.Request) {
	limit := 1000
	if l := r.URL.Query().Get("limit"); l != "" {
		n, err := strconv.Atoi(l)
		if err != nil || n < 1 || n > 10_000 {
			problem(w, http.StatusBadRequest, fmt.Errorf("limit %q is not between 1 and 10000", l))
			return
		}
		limit = n
	}
	query := r.URL.Query()
	list, err := s.options.Host.Objects(query.Get("script"), r.PathValue("class"),
		query.Get("after"), limit)
	reply(w, map[string]any{"objects": list}, err)
}

func (s *Server) object(w http.ResponseWriter, r *http.Request) {
	o, err := s.options.Host.Object(r.URL.Query().Get("script"), r.PathValue("class"),
		r.PathValue("object"))
	reply(w, o, err)
}

func reply(w http.ResponseWriter, v any, err error) {
	var told *Error
	switch {
	case err == nil:
		answer(w, v)
	case errors.As(err, &told):
		problem(w, told.Status, err)
	default:
		problem(w, http.StatusInternalServerError, err)
	}
}

func answer(w http.ResponseWriter, v any) {
	w.Header().Set("Content-Type", "application/json")
	json.NewEncoder(w).Encode(v) // a client that is gone is no problem of ours
}

func problem(w http.ResponseWriter, status int, err error) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	json.NewEncoder(w).Encode(map[string]string{"error": err.Error()})
}
