package ingress

import (
	"bytes"
	"encoding/json"
	"errors"
	"net/url"
	"strings"
	"unicode/utf8"

	"github.com/valyala/fasthttp"

	"github.com/cairn-dev/cairn/abi"
	"github.com/cairn-dev/cairn/abi/wire"
	"github.com/cairn-dev/cairn/host/hostfunc"
	"github.com/cairn-dev/cairn/host/module"
	"github.com/cairn-dev/cairn/host/object"
)

// route answers /{BINDING}/{name}/{method}, the route of an app that has no
// Worker: a JSON array of arguments in, a JSON value out.
func (s *Server) route(ctx *fasthttp.RequestCtx, x *exchange, script *object.Script) {
	to, method, ok := parse(script, ctx.Request.Header.RequestURI())
	if !ok {
		problem(ctx, fasthttp.StatusNotFound, &hostfunc.Error{
			Message: "no such route: this app has no Worker and answers /{BINDING}/{name}/{method}"})
		return
	}
	args, err := arguments(ctx.Request.Body())
	if err != nil {
		problem(ctx, fasthttp.StatusBadRequest, &hostfunc.Error{Name: "TypeError", Message: err.Error()})
		return
	}
	x.request = wire.AppendCall(x.request[:0], method, args)
	reply, err := s.options.Sender.Send(&object.Request{
		To: to, Export: module.ObjectCall, Input: x.request,
	}, x.response[:0])
	x.response = reply.Output
	if gateErr := s.gate(reply.Seq); gateErr != nil {
		s.options.Logger.Error("answer dropped", "error", gateErr)
		problem(ctx, fasthttp.StatusServiceUnavailable, &hostfunc.Error{
			Flags: wire.ErrorReset, Message: "internal error"})
		return
	}
	if err != nil {
		problem(ctx, 0, err)
		return
	}
	ctx.SetContentType("application/json")
	ctx.SetBody(reply.Output)
}

// parse takes a path apart. Each part is percent-decoded, so that a name can
// hold a slash.
func parse(script *object.Script, uri []byte) (to object.Address, method string, ok bool) {
	path, _, _ := bytes.Cut(uri, []byte("?"))
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
	n, known := script.Stable.Bindings[binding]
	if err1 != nil || err2 != nil || err3 != nil || !known || !utf8.ValidString(name) || !utf8.ValidString(method) {
		return to, "", false
	}
	to = object.Address{Namespace: n, ID: n.IDFromName([]byte(name))}
	if len(name) <= abi.MaxNameBytes { // as Reach.Address
		to.Name, to.Named = name, true
	}
	return to, method, true
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

// problem answers an error as JSON; status 0 is what the error's properties say.
func problem(ctx *fasthttp.RequestCtx, status int, err error) {
	var e *hostfunc.Error
	if !errors.As(err, &e) {
		e = &hostfunc.Error{Message: "internal error"}
	}
	overloaded := e.Flags&wire.ErrorOverloaded != 0
	switch {
	case status != 0:
	case overloaded:
		status = fasthttp.StatusServiceUnavailable
		ctx.Response.Header.Set("Retry-After", "1")
	default:
		status = fasthttp.StatusInternalServerError
	}
	name := e.Name
	if name == "" {
		name = "Error"
	}
	body, _ := json.Marshal(map[string]any{"error": map[string]any{ // strings and bools: cannot fail
		"name": name, "message": e.Message,
		"remote":     e.Flags&wire.ErrorRemote != 0,
		"retryable":  e.Flags&wire.ErrorRetryable != 0,
		"overloaded": overloaded,
		"reset":      e.Flags&wire.ErrorReset != 0,
	}})
	ctx.SetStatusCode(status)
	ctx.SetContentType("application/json")
	ctx.SetBody(append(body, '\n'))
}
