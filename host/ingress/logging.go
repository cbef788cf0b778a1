package ingress

import (
	"errors"
	"log/slog"
	"strings"

	"github.com/cairn-dev/cairn/abi/wire"
	"github.com/cairn-dev/cairn/host/app"
	"github.com/cairn-dev/cairn/host/event"
	"github.com/cairn-dev/cairn/host/observe"
	"github.com/cairn-dev/cairn/host/worker"
)

// maxPathText bounds what a record repeats of a URL or a method.
const maxPathText = 512

// log returns the host's log for what befalls the request, which is a script's.
func (x *exchange) log(script *app.Script) *slog.Logger {
	return x.id.Tag(x.session.server.options.Logger).With("script", script.Name)
}

// about is log with what the Worker was asked for.
func (x *exchange) about(script *app.Script) *slog.Logger {
	l := x.log(script)
	var r wire.Request
	if wire.DecodeRequest(x.request, &r) != nil {
		return l
	}
	show := func(b []byte) string {
		return observe.Clip(strings.ToValidUTF8(string(b), "\uFFFD"), maxPathText)
	}
	return l.With("method", show(r.Method), "url", show(r.URL))
}

// uncaught logs an error that a request's answer says nothing of. An object that
// was reset has logged that itself, with more than the error says.
func uncaught(l *slog.Logger, err error) {
	var told *event.Error
	var failure *worker.Failure
	switch {
	case errors.As(err, &failure):
		l.Error("uncaught error", observe.Failure(failure.Err, failure.Output)...)
	case isOverload(err):
		l.Warn("overloaded", "error", err)
	case errors.As(err, &told) && told.Flags&wire.ErrorReset != 0:
		l.Debug("request ended with a reset", "error", err)
	default:
		l.Error("uncaught error", "error", err)
	}
}
