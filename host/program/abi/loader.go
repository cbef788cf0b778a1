package abi

import (
	"context"
	"log/slog"

	"github.com/cairn-dev/cairn/abi"
	"github.com/cairn-dev/cairn/host/hostfunc"
	"github.com/cairn-dev/cairn/host/program"
)

// loader is the Host of a guest that starts.
type loader struct {
	started bool
	classes map[string]program.Class
	worker  bool
	logger  *slog.Logger
}

var _ hostfunc.Registration = (*loader)(nil)

// ClassRegister implements hostfunc.Registration.
func (l *loader) ClassRegister(name []byte, flags uint32) abi.Status {
	switch _, again := l.classes[string(name)]; {
	case l.started:
		return abi.StatusForbidden
	case again, flags&^(abi.ClassHasFetch|abi.ClassHasAlarm) != 0:
		return abi.StatusInvalid
	case len(l.classes) >= abi.MaxClasses:
		return abi.StatusTooLarge
	}
	l.classes[string(name)] = program.Class{
		Fetch: flags&abi.ClassHasFetch != 0, Alarm: flags&abi.ClassHasAlarm != 0}
	return abi.StatusOK
}

// WorkerRegister implements hostfunc.Registration.
func (l *loader) WorkerRegister() abi.Status {
	if l.started {
		return abi.StatusForbidden
	}
	l.worker = true
	return abi.StatusOK
}

var _ hostfunc.Log = (*loader)(nil)

// Log implements hostfunc.Log.
func (l *loader) Log(level int32, text, attrs []byte) {
	l.logger.Log(context.Background(), slog.Level(level), string(text),
		"attrs", string(attrs), "during", "start")
}
