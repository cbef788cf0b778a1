package object

import (
	"log/slog"
	"strings"

	"github.com/cairn-dev/cairn/abi/wire"
	"github.com/cairn-dev/cairn/host/hostfunc"
	"github.com/cairn-dev/cairn/host/observe"
	"github.com/cairn-dev/cairn/host/program"
)

// maxNameText bounds what a record repeats of a name that a guest or a client
// chose: a method, a path.
const maxNameText = 256

var _ hostfunc.Log = (*turn)(nil)

// Log implements hostfunc.Log.
func (t *turn) Log(level int32, text, attrs []byte) {
	t.Version.Counts.Log(t.logger(), level, text, attrs)
}

// logger returns the host's log with request, script, class and object attached.
func (t *turn) logger() *slog.Logger {
	if t.log == nil {
		to := &t.act.address
		t.log = t.Budget.Request().Tag(t.act.objects.options.Logger).With(
			"script", t.class.Script.Name, "class", t.class.Name,
			"version", t.Version.Number, "object", to.ID)
		if to.Named {
			t.log = t.log.With("name", to.Name)
		}
	}
	return t.log
}

// describe says what ran in a guest, as attributes: the export, and what it was
// called for.
func describe(e program.Entry, input []byte) []any {
	attrs := []any{"export", e.String()}
	add := func(key string, value []byte) {
		attrs = append(attrs, key,
			observe.Clip(strings.ToValidUTF8(string(value), "\uFFFD"), maxNameText))
	}
	switch e {
	case program.Call:
		var c wire.Call
		if wire.DecodeCall(input, &c) == nil {
			add("method", c.Method)
		}
	case program.Fetch, program.WorkerFetch:
		var r wire.Request
		if wire.DecodeRequest(input, &r) == nil {
			add("method", r.Method)
			add("url", r.URL)
		}
	}
	return attrs
}
