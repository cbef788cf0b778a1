package outbound

import (
	"bytes"
	"context"
	"errors"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/cairn-dev/cairn/abi"
	"github.com/cairn-dev/cairn/abi/wire"
	"github.com/cairn-dev/cairn/host/event"
	"github.com/cairn-dev/cairn/host/gate"
	"github.com/cairn-dev/cairn/host/hostfunc"
)

// Options configures a Client.
type Options struct {
	// Gate is what a request passes before it is sent. Required.
	Gate *gate.Gate
	// Allow lists where requests may go, see the package comment. Default
	// nowhere.
	Allow []string
	// Timeout bounds a request, its redirects and the response's body. Default
	// 60 s: an object answers nobody else meanwhile.
	Timeout time.Duration
	// MaxBody bounds a response's body in bytes. Default abi.MaxMessageBytes,
	// which also bounds the response as a whole.
	MaxBody int
	// Resolver looks up names. Default that of package net.
	Resolver Resolver
	// Dial connects to an address that was checked, "192.0.2.7:80". Default that
	// of package net.
	Dial func(ctx context.Context, network, address string) (net.Conn, error)
	// Logger gets what guests need not know. Default discards.
	Logger *slog.Logger
}

func (o *Options) setDefaults() {
	if o.Timeout == 0 {
		o.Timeout = 60 * time.Second
	}
	if o.MaxBody == 0 {
		o.MaxBody = abi.MaxMessageBytes
	}
	if o.Resolver == nil {
		o.Resolver = net.DefaultResolver
	}
	if o.Dial == nil {
		o.Dial = new(net.Dialer).DialContext
	}
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
}

// Limits of the connections that are kept for the next request.
const (
	maxIdle        = 256
	maxIdlePerHost = 16
	idleTimeout    = 90 * time.Second
	tlsTimeout     = 10 * time.Second
	maxHeaderBytes = 256 << 10 // of a response, with all informational ones before it
)

// Client sends requests out. Its methods may be called by many goroutines.
type Client struct {
	options   Options
	allow     *allowList
	transport *http.Transport
	base      context.Context // of every request
	cancel    context.CancelFunc
}

// Check returns the error that New would return for a list of allowed hosts.
func Check(allow []string) error {
	_, err := parseAllow(allow)
	return err
}

// New makes a Client. The error names the entry of Allow that is none.
func New(o Options) (*Client, error) {
	o.setDefaults()
	allow, err := parseAllow(o.Allow)
	if err != nil {
		return nil, err
	}
	c := &Client{options: o, allow: allow}
	c.base, c.cancel = context.WithCancel(context.Background())
	// Proxy stays nil: behind a proxy of the environment no address could be
	// checked.
	c.transport = &http.Transport{
		DialContext: c.dial, ForceAttemptHTTP2: true,
		MaxIdleConns: maxIdle, MaxIdleConnsPerHost: maxIdlePerHost, IdleConnTimeout: idleTimeout,
		TLSHandshakeTimeout: tlsTimeout, MaxResponseHeaderBytes: maxHeaderBytes,
	}
	return c, nil
}

// Close ends the requests under way and the connections.
func (c *Client) Close() {
	c.cancel()
	c.transport.CloseIdleConnections()
}

// Fetch waits at the gate with what the request could tell of, sends it, which ends with
// the event that it is part of, and
// appends the wire.Response to dst. Its errors are *event.Error, or
// hostfunc.ErrInvalid for bytes that are no request.
func (c *Client) Fetch(of context.Context, seen gate.Mark, request, dst []byte) ([]byte, error) {
	var r wire.Request
	if wire.DecodeRequest(request, &r) != nil {
		return dst, hostfunc.ErrInvalid
	}
	// Before the gate, so that a request that may not be sent does not wait.
	h, err := c.decode(&r)
	if err != nil {
		return dst, err
	}
	to := h.url
	if err := c.options.Gate.Pass(c.base, seen); err != nil {
		c.log(of).Error("request not sent", "host", to.Host, "error", err)
		return dst, errGate
	}
	ctx, cancel := context.WithTimeout(c.base, c.options.Timeout)
	defer cancel()
	defer context.AfterFunc(of, cancel)()
	resp, err := c.follow(ctx, h)
	if err != nil {
		return dst, c.explain(ctx, of, to, err)
	}
	defer resp.Body.Close()
	out, err := c.encode(resp, dst)
	if err != nil {
		return dst, c.explain(ctx, of, to, err)
	}
	return out, nil
}

// decode makes the first request of a guest's, which may be sent.
func (c *Client) decode(r *wire.Request) (*hop, error) {
	u, err := wire.ParseURL(string(r.URL))
	if err != nil || u.Scheme == "" {
		return nil, typeError("Invalid URL: %s", clip(string(r.URL)))
	}
	t, err := targetOf(u)
	if err != nil {
		return nil, err
	}
	if err := c.allow.check(t); err != nil {
		return nil, err
	}
	method := string(r.Method)
	switch upper := strings.ToUpper(method); upper {
	case "CONNECT", "TRACE", "TRACK":
		return nil, typeError("'%s' HTTP method is unsupported.", clip(method))
	case "DELETE", "GET", "HEAD", "OPTIONS", "POST", "PUT": // as the Fetch standard
		method = upper
	case "":
		method = http.MethodGet
	}
	for _, b := range []byte(method) {
		if !wire.IsToken(b) {
			return nil, typeError("Invalid HTTP method string: %q", clip(method))
		}
	}
	// The bytes are the guest's until Fetch returns, but net/http may read from a
	// body after that: it gets a copy.
	h := &hop{method: method, url: u, body: bytes.Clone(r.Body)}
	h.header, err = decodeHeader(r.Header)
	return h, err
}

// encode appends a response to dst.
func (c *Client) encode(resp *http.Response, dst []byte) ([]byte, error) {
	if resp.StatusCode < 200 {
		return nil, noAnswer(resp)
	}
	hasBody := resp.Request.Method != http.MethodHead && resp.StatusCode != http.StatusResetContent
	if hasBody && resp.ContentLength > int64(c.options.MaxBody) {
		return nil, tooLarge(c.options.MaxBody)
	}
	var body []byte
	if hasBody {
		var err error
		body, err = io.ReadAll(io.LimitReader(resp.Body, int64(c.options.MaxBody)+1))
		if err != nil {
			return nil, err
		}
	}
	if len(body) > c.options.MaxBody {
		return nil, tooLarge(c.options.MaxBody)
	}
	r := wire.Response{
		Status: uint32(resp.StatusCode), Header: encodeHeader(resp.Header), Body: body,
	}
	const overheadBytes = 13 // see wire.Response
	if len(r.Header)+len(body)+overheadBytes > abi.MaxMessageBytes {
		return nil, tooLarge(abi.MaxMessageBytes)
	}
	return wire.AppendResponse(dst, &r), nil
}

// log returns the host's log, for what a request of the context has set off.
func (c *Client) log(of context.Context) *slog.Logger {
	return event.BudgetOf(of).Request().Tag(c.options.Logger)
}

// explain turns what net/http says into what a guest is told. ctx is the sent request's,
// of that of the event which it is part of.
func (c *Client) explain(ctx, of context.Context, u *url.URL, err error) error {
	var told *event.Error
	if errors.As(err, &told) {
		return told
	}
	c.log(of).Debug("request failed", "host", u.Host, "error", err)
	if errors.Is(ctx.Err(), context.DeadlineExceeded) {
		return timedOut(u.Host, c.options.Timeout)
	}
	return errLost
}
