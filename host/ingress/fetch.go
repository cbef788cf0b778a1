package ingress

import (
	"errors"

	"github.com/valyala/fasthttp"

	"github.com/cairn-dev/cairn/abi/wire"
	"github.com/cairn-dev/cairn/host/hostfunc"
	"github.com/cairn-dev/cairn/host/module"
	"github.com/cairn-dev/cairn/host/object"
	"github.com/cairn-dev/cairn/host/storage"
)

// fetch answers a request with the script's Worker. It reports false, and has done
// nothing, when the script has been replaced meanwhile.
func (s *Server) fetch(ctx *fasthttp.RequestCtx, x *exchange, script *object.Script) (answered bool) {
	x.encode(ctx)
	response, seq, err := s.options.Workers.Fetch(script, x.request, x.response[:0])
	x.response = response
	if errors.Is(err, module.ErrRetired) && s.options.App.Serving().Public() != script {
		return false
	}
	s.answer(ctx, x, seq, err)
	return true
}

// answer sends what the Worker gave, in x.response, once it may leave.
func (s *Server) answer(ctx *fasthttp.RequestCtx, x *exchange, seq storage.Seq, err error) {
	if gateErr := s.gate(seq); gateErr != nil {
		s.options.Logger.Error("answer dropped", "error", gateErr)
		fail(ctx, fasthttp.StatusServiceUnavailable)
		return
	}
	if err != nil {
		s.failWith(ctx, err)
		return
	}
	var r wire.Response
	if err := wire.DecodeResponse(x.response, &r); err != nil {
		s.options.Logger.Error("worker's response does not decode", "error", err)
		fail(ctx, fasthttp.StatusInternalServerError)
		return
	}
	write(ctx, &r)
}

// failWith answers an error of the Worker as upstream does: 503 for overload,
// 500 for the rest, and the text in the log only (SEMANTICS 1.2).
func (s *Server) failWith(ctx *fasthttp.RequestCtx, err error) {
	var told *hostfunc.Error
	if errors.As(err, &told) && told.Flags&wire.ErrorOverloaded != 0 {
		s.options.Logger.Warn("overloaded", "error", err)
		ctx.Response.Header.Set("Retry-After", "1")
		fail(ctx, fasthttp.StatusServiceUnavailable)
		return
	}
	s.options.Logger.Error("uncaught error", "error", err)
	fail(ctx, fasthttp.StatusInternalServerError)
}

func fail(ctx *fasthttp.RequestCtx, status int) {
	ctx.Response.ResetBody()
	ctx.SetStatusCode(status)
	ctx.SetContentType("text/plain; charset=utf-8")
	ctx.SetBodyString(fasthttp.StatusMessage(status))
}

// encode turns the request into a wire.Request in x.request.
func (x *exchange) encode(ctx *fasthttp.RequestCtx) {
	h := &ctx.Request.Header
	x.header = x.header[:0]
	for name, value := range h.All() {
		x.header = wire.AppendHeader(x.header, name, value)
	}
	x.response = appendURL(x.response[:0], ctx)
	x.request = wire.AppendRequest(x.request[:0], &wire.Request{
		Method: h.Method(), URL: x.response, Header: x.header, Body: ctx.Request.Body(),
	})
}

// appendURL writes the request's absolute URL as the client sent it.
func appendURL(b []byte, ctx *fasthttp.RequestCtx) []byte {
	uri := ctx.Request.Header.RequestURI()
	if len(uri) == 0 || uri[0] != '/' { // a proxy's absolute form, or *
		return append(b, ctx.URI().FullURI()...)
	}
	b = append(b, "http://"...)
	host := ctx.Request.Header.Host()
	if len(host) == 0 {
		b = append(b, ctx.LocalAddr().String()...)
	}
	b = append(b, host...)
	return append(b, uri...)
}

// write turns a guest's response into the client's.
func write(ctx *fasthttp.RequestCtx, r *wire.Response) {
	status := int(r.Status)
	if status < 200 || status > 599 {
		status = fasthttp.StatusInternalServerError
	}
	ctx.SetStatusCode(status)
	h := &ctx.Response.Header
	r.Header.Each(func(name, value []byte) bool {
		switch string(name) {
		case "Content-Type":
			h.SetContentTypeBytes(value)
		case "Content-Length", "Connection", "Transfer-Encoding":
			// fasthttp frames the body.
		default:
			h.AddBytesKV(name, value)
		}
		return true
	})
	ctx.Response.SetBody(r.Body)
}
