package ingress

import (
	"errors"
	"net"
	"net/http"
	"time"

	"github.com/valyala/fasthttp"

	"github.com/cairn-dev/cairn/abi/wire"
	"github.com/cairn-dev/cairn/host/account"
	"github.com/cairn-dev/cairn/host/event"
	"github.com/cairn-dev/cairn/host/internal/contain"
)

// exchange is one request and its answer, and their memory.
type exchange struct {
	session *session
	id      event.RequestID // once it is handled
	http    fasthttp.Request
	head    head
	origin  origin

	request []byte // a wire.Request
	body    int    // where its body begins
	in      account.Hold
	// output is what the guest gave: what answer.body is part of.
	output []byte
	out    account.Hold

	scratch []byte // what is sent but the body, before that the URL and header
	answer  answer
	ending  bool // the connection ends with the answer
}

// answer is what goes back to the client.
type answer struct {
	status int
	header wire.Header // a guest's; the host's answers have none
	kind   string      // the Content-Type of one of the host's
	retry  bool        // say that it may be tried again in a second
	body   []byte      // part of the exchange's memory, or a constant
}

// refusal is why a request is not handed to a guest.
type refusal struct {
	status int
	why    string // for the client: it is about what the client sent
}

func (r *refusal) Error() string { return r.why }

func (x *exchange) begin(c *session) {
	x.session = c
	x.in = c.server.options.Account.Hold(account.Requests)
	x.out = c.server.options.Account.Hold(account.Requests)
}

// end gives the exchange and its memory back. Buffers that one large message has
// grown are let go.
func (x *exchange) end() {
	const keepBytes = 64 << 10
	c := x.session
	c.give(&x.in)
	c.give(&x.out)
	if cap(x.request) > keepBytes || cap(x.output) > keepBytes || cap(x.scratch) > keepBytes {
		return
	}
	x.http.Reset()
	x.session, x.answer, x.ending = nil, answer{}, false
	c.server.exchanges.Put(x)
}

// serve answers the request, and reports whether another may follow on the connection.
func (x *exchange) serve() bool {
	c := x.session
	if err := x.read(); err != nil {
		if !x.refuse(err) {
			return false // there is nobody to answer
		}
		c.server.options.App.Serving().Public().Counts.Refused(x.answer.status)
		err := x.send()
		x.tell(time.Now())
		if err == nil {
			c.linger()
		}
		return false
	}
	if !c.enter(working, 0) {
		return false // nothing has been done for it
	}
	began := time.Now()
	if !x.handled() {
		x.answer, x.ending = plain(http.StatusInternalServerError), true
		x.request, x.output = nil, nil // what has panicked may still look at them
	}
	x.dropRequest()
	x.ending = x.ending || x.http.Header.ConnectionClose() || c.server.stopping.Load()
	err := x.send()
	x.tell(began)
	return err == nil && !x.ending
}

// handled fills in the answer. It reports false if that has panicked.
func (x *exchange) handled() (ok bool) {
	s := x.session.server
	defer func() {
		if v := recover(); v != nil {
			contain.Report(x.id.Tag(s.options.Logger), "a request", v)
		}
	}()
	s.handle(x)
	return true
}

// tell says what was answered to whoever wants to know of each request.
func (x *exchange) tell(began time.Time) {
	if tell := x.session.server.options.Answered; tell != nil {
		tell(x.http.Header.Method(), x.http.Header.RequestURI(), x.answer.status, time.Since(began))
	}
}

// dropRequest gives up what the guest has read, before a client takes its time to
// read the answer.
func (x *exchange) dropRequest() {
	if x.in.Bytes() > 0 {
		x.request = nil
		x.session.give(&x.in)
	}
}

// read reads the whole request. An error other than a *refusal is the connection's.
func (x *exchange) read() error {
	c := x.session
	if err := x.http.Header.Read(c.in); err != nil {
		return x.unreadable(err)
	}
	if err := x.inspect(); err != nil {
		return err
	}
	x.encode()
	return x.readBody()
}

// unreadable says why fasthttp could not read a head.
func (x *exchange) unreadable(err error) error {
	var small *fasthttp.ErrSmallBuffer
	switch {
	case errors.As(err, &small):
		return &refusal{http.StatusRequestHeaderFieldsTooLarge,
			"the head of the request is too long"}
	case x.session.lost != nil:
		return x.session.lost
	}
	return &refusal{http.StatusBadRequest, "the head of the request is malformed"}
}

// refuse turns an error into the answer, and reports whether there is anybody who may
// want to read it.
func (x *exchange) refuse(err error) bool {
	x.ending = true
	var told *refusal
	var network net.Error
	var short *account.Error
	switch {
	case errors.As(err, &told):
		x.answer = plain(told.status)
		x.answer.body = []byte(http.StatusText(told.status) + ": " + told.why + "\n")
	case errors.As(err, &short):
		x.session.server.warn("request refused", "error", err)
		x.answer = overloaded()
	case errors.As(err, &network) && network.Timeout() && !x.session.wasCut():
		x.answer = plain(http.StatusRequestTimeout)
	default:
		return false
	}
	return true
}

// plain is an answer of the host's own that says what its status says.
func plain(status int) answer {
	return answer{status: status, kind: "text/plain; charset=utf-8",
		body: []byte(http.StatusText(status))}
}

// overloaded is the answer to what the host has no room for now.
func overloaded() answer {
	a := plain(http.StatusServiceUnavailable)
	a.retry = true
	return a
}
