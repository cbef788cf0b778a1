package ingress

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/url"
	"strings"
	"unicode/utf8"

	"github.com/cairn-dev/cairn/abi/wire"
	"github.com/cairn-dev/cairn/host/app"
	"github.com/cairn-dev/cairn/host/event"
	"github.com/cairn-dev/cairn/host/observe"
)

// route answers /{BINDING}/{name}/{method}, the route of an app that has no
// Worker: a JSON array of arguments in, a JSON value out.
func (s *Server) route(x *exchange, script *app.Script) {
	to, method, ok := parse(script, x.head.path)
	if !ok {
		x.answer = problem(http.StatusNotFound, &event.Error{
			Message: "no such route: this app has no Worker and answers " +
				"/{BINDING}/{name}/{method}"})
		return
	}
	args, err := arguments(x.request[x.body:])
	if err != nil {
		x.answer = problem(http.StatusBadRequest,
			&event.Error{Name: "TypeError", Message: err.Error()})
		return
	}
	// The message takes the place of the request, whose end the arguments are.
	x.scratch = append(x.scratch[:0], method...)
	x.request = wire.AppendCall(x.request[:0], x.scratch, args)
	reply, err := s.options.Sender.Send(context.Background(), &event.Event{
		To: to, Kind: event.Call, Input: x.request, Request: x.id, Hold: &x.out,
	}, x.output[:0])
	x.output = reply.Output
	if gateErr := s.options.Gate.Pass(context.Background(), reply.Seen); gateErr != nil {
		x.log(script).Error("answer dropped", "error", gateErr)
		x.answer = problem(http.StatusServiceUnavailable, &event.Error{
			Flags: wire.ErrorReset, Message: "internal error"})
		return
	}
	if err == nil {
		err = x.session.take(&x.out, cap(x.output))
	}
	if err != nil {
		uncaught(x.log(script).With("object", to.ID, "name",
			observe.Clip(to.Name, maxPathText), "method", observe.Clip(method, maxPathText)), err)
		x.answer = problem(0, err)
		return
	}
	x.answer = answer{status: http.StatusOK, kind: "application/json", body: reply.Output}
}

// parse takes a path apart. Each part is percent-decoded, so that a name can
// hold a slash.
func parse(script *app.Script, target []byte) (to event.Address, method string, ok bool) {
	path, _, _ := bytes.Cut(target, []byte("?"))
	if len(path) == 0 || path[0] != '/' {
		return to, "", false
	}
	binding, rest, ok1 := strings.Cut(string(path[1:]), "/")
	name, method, ok2 := strings.Cut(rest, "/")
	if !ok1 || !ok2 || method == "" || strings.Contains(method, "/") {
		return to, "", false
	}
	binding, err1 := url.PathUnescape(binding)
	name, err2 := url.PathUnescape(name)
	method, err3 := url.PathUnescape(method)
	n, unknown := script.Stable.Namespace([]byte(binding))
	if err1 != nil || err2 != nil || err3 != nil || unknown != nil || !utf8.ValidString(name) ||
		!utf8.ValidString(method) {
		return to, "", false
	}
	return n.Named([]byte(name)), method, true
}

// arguments checks a body; an empty one is no arguments.
func arguments(body []byte) ([]byte, error) {
	body = bytes.TrimSpace(body)
	if len(body) == 0 {
		return []byte("[]"), nil
	}
	if body[0] != '[' || !json.Valid(body) {
		return nil, errNotJSON
	}
	return body, nil
}

// problem is the answer that says an error as JSON; status 0 is what the error's
// properties say.
func problem(status int, err error) answer {
	var e *event.Error
	overloaded := isOverload(err)
	if !errors.As(err, &e) {
		e = &event.Error{Message: "internal error"}
		if overloaded {
			e.Message = err.Error()
		}
	}
	a := answer{status: status, kind: "application/json"}
	switch {
	case status != 0:
	case overloaded:
		a.status, a.retry = http.StatusServiceUnavailable, true
	default:
		a.status = http.StatusInternalServerError
	}
	name := e.Name
	if name == "" {
		name = "Error"
	}
	// Strings and bools: this cannot fail.
	body, _ := json.Marshal(map[string]any{"error": map[string]any{
		"name": name, "message": observe.Clip(e.Message, observe.MaxText),
		"remote":     e.Flags&wire.ErrorRemote != 0,
		"retryable":  e.Flags&wire.ErrorRetryable != 0,
		"overloaded": overloaded,
		"reset":      e.Flags&wire.ErrorReset != 0,
	}})
	a.body = append(body, '\n')
	return a
}

var errNotJSON = errors.New("the body is not a JSON array")
