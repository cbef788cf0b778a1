package ingress

import (
	"context"
	"errors"
	"net/http"
	"slices"

	"github.com/cairn-dev/cairn/abi/wire"
	"github.com/cairn-dev/cairn/host/account"
	"github.com/cairn-dev/cairn/host/app"
	"github.com/cairn-dev/cairn/host/event"
	"github.com/cairn-dev/cairn/host/gate"
	"github.com/cairn-dev/cairn/host/observe"
	"github.com/cairn-dev/cairn/host/program"
	"github.com/cairn-dev/cairn/host/worker"
)

// handle fills in the exchange's answer.
func (s *Server) handle(x *exchange) {
	began := observe.Now()
	x.id = event.NewRequestID()
	for { // again when a deploy has ended what it began with
		script := s.options.App.Serving().For(x.head.authority, x.head.path)
		if s.options.Workers == nil || !script.HasWorker() {
			s.route(x, script)
			script.Counts.Answered(x.answer.status, began.Since())
			return
		}
		if s.fetch(x, script) {
			script.Counts.Answered(x.answer.status, began.Since())
			return
		}
	}
}

// fetch answers a request with the script's Worker. It reports false, and has done
// nothing, when the script has been replaced meanwhile.
func (s *Server) fetch(x *exchange, script *app.Script) (answered bool) {
	response, seen, err := s.options.Workers.Fetch(script, worker.Request{
		ID: x.id, Input: x.request, Hold: &x.out, Gone: x.session.gone,
	}, x.output[:0])
	x.output = response
	if errors.Is(err, program.ErrRetired) &&
		!slices.Contains(s.options.App.Serving().Scripts, script) {
		return false
	}
	s.finish(x, script, seen, err)
	return true
}

// finish answers what the Worker gave, in x.output, once it may leave.
func (s *Server) finish(x *exchange, script *app.Script, seen gate.Mark, err error) {
	if gateErr := s.options.Gate.Pass(context.Background(), seen); gateErr != nil {
		x.log(script).Error("answer dropped", "error", gateErr)
		x.answer = plain(http.StatusServiceUnavailable)
		return
	}
	if err == nil {
		err = x.session.take(&x.out, cap(x.output))
	}
	if err != nil {
		x.output = nil
		s.failed(x, script, err)
		return
	}
	var r wire.Response
	if err := wire.DecodeResponse(x.output, &r); err != nil {
		x.about(script).Error("worker's response does not decode",
			"error", err)
		x.answer = plain(http.StatusInternalServerError)
		return
	}
	if err := badResponse(&r); err != nil {
		x.about(script).Error("worker's response cannot be sent",
			"error", err)
		x.answer = plain(http.StatusInternalServerError)
		return
	}
	x.answer = answer{status: int(r.Status), header: r.Header, body: r.Body}
}

// failed answers an error of the Worker as upstream does: 503 for overload, 500 for
// the rest, and the text in the log only (SEMANTICS 1.2).
func (s *Server) failed(x *exchange, script *app.Script, err error) {
	if isOverload(err) {
		x.log(script).Warn("overloaded", "error", err)
		x.answer = overloaded()
		return
	}
	uncaught(x.about(script), err)
	x.answer = plain(http.StatusInternalServerError)
}

// isOverload reports whether the host has too much to do, and nobody is at fault.
func isOverload(err error) bool {
	var told *event.Error
	var short *account.Error
	return errors.As(err, &told) && told.Flags&wire.ErrorOverloaded != 0 || errors.As(err, &short)
}
