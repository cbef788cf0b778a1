package object

import (
	"context"
	"encoding/json"
	"log/slog"
	"slices"
	"strings"
)

// LogGuest writes a record that a guest logged: its attributes, a JSON object,
// become the group "guest", so that they cannot pass for the host's own.
func LogGuest(l *slog.Logger, level int32, text, attrs []byte) {
	ctx, lv := context.Background(), slog.Level(max(slog.LevelDebug, min(slog.Level(level), slog.LevelError)))
	if !l.Enabled(ctx, lv) {
		return
	}
	if len(attrs) == 0 {
		l.LogAttrs(ctx, lv, string(text))
		return
	}
	var fields map[string]any
	if json.Unmarshal(attrs, &fields) != nil {
		l.LogAttrs(ctx, lv, string(text), slog.String("guest", string(attrs)))
		return
	}
	names := make([]string, 0, len(fields))
	for name := range fields {
		names = append(names, name)
	}
	slices.Sort(names)
	group := make([]any, 0, len(fields))
	for _, name := range names {
		group = append(group, slog.Any(name, fields[name]))
	}
	l.LogAttrs(ctx, lv, string(text), slog.Group("guest", group...))
}

// Log implements hostfunc.Host.
func (s *State) Log(level int32, text, attrs []byte) { LogGuest(s.logger(), level, text, attrs) }

// logger returns the host's log with class and object attached.
func (s *State) logger() *slog.Logger {
	if s.Logger == nil {
		to := &s.act.address
		s.Logger = s.act.objects.options.Logger.With("class", s.class.Name, "version", s.Version.Number,
			"object", to.ID.String())
		if to.Named {
			s.Logger = s.Logger.With("name", to.Name)
		}
	}
	return s.Logger
}

// firstLine cuts the stack trace off an error's text.
func firstLine(err error) string {
	text, _, _ := strings.Cut(err.Error(), "\n")
	return text
}
