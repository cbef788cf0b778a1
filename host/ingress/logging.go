package ingress

import (
	"errors"
	"log/slog"
	"strings"

	"github.com/cairn-dev/cairn/abi/wire"
	"github.com/cairn-dev/cairn/host/event"
	"github.com/cairn-dev/cairn/host/observe"
	"github.com/cairn-dev/cairn/host/worker"
)

// maxPathText bounds what a record repeats of a URL or a method.
const maxPathText = 512

// about says which request of which script a record is about; request is the
// wire.Request that the Worker got.
func about(l *slog.Logger, script string, request []byte) *slog.Logger {
	l = l.With("script", script)
	var r wire.Request
	if wire.DecodeRequest(request, &r) != nil {
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
