package hosttest

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"sync"
)

// Record is one line of the log.
type Record struct {
	Level   slog.Level
	Message string
	// Attrs are the attributes by name, as JSON decodes them; a group is a map.
	Attrs map[string]any
}

// Attr returns an attribute as text, "" where it is missing.
func (r Record) Attr(name string) string {
	if v, ok := r.Attrs[name]; ok {
		return fmt.Sprint(v)
	}
	return ""
}

// log is what was logged so far.
type log struct {
	on func(Record)

	mu      sync.Mutex
	records []Record
	lines   strings.Builder
}

func (l *log) all() []Record {
	l.mu.Lock()
	defer l.mu.Unlock()
	return slices.Clone(l.records)
}

func (l *log) text() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.lines.String()
}

// keep takes one record as slog writes it in JSON.
func (l *log) keep(line []byte) error {
	r := Record{Attrs: map[string]any{}}
	if err := json.Unmarshal(line, &r.Attrs); err != nil {
		return err
	}
	if err := r.Level.UnmarshalText([]byte(r.Attr(slog.LevelKey))); err != nil {
		return err
	}
	r.Message = r.Attr(slog.MessageKey)
	for _, key := range []string{slog.TimeKey, slog.LevelKey, slog.MessageKey} {
		delete(r.Attrs, key)
	}
	l.mu.Lock()
	l.records = append(l.records, r)
	l.lines.Write(line)
	l.mu.Unlock()
	if l.on != nil {
		l.on(r) // without the lock: it may wait while others log
	}
	return nil
}

// handler gives records to a log. slog's own JSON handler does the formatting,
// a new one each time, because it holds a lock while it writes.
type handler struct {
	log   *log
	extra func(slog.Handler) slog.Handler // what With has added so far
}

// Enabled implements slog.Handler.
func (h *handler) Enabled(context.Context, slog.Level) bool { return true }

// Handle implements slog.Handler.
func (h *handler) Handle(ctx context.Context, r slog.Record) error {
	var line bytes.Buffer
	var out slog.Handler = slog.NewJSONHandler(&line,
		&slog.HandlerOptions{Level: slog.LevelDebug - 100})
	if err := h.extra(out).Handle(ctx, r); err != nil {
		return err
	}
	return h.log.keep(line.Bytes())
}

// WithAttrs implements slog.Handler.
func (h *handler) WithAttrs(attrs []slog.Attr) slog.Handler {
	return &handler{h.log, func(out slog.Handler) slog.Handler {
		return h.extra(out).WithAttrs(attrs)
	}}
}

// WithGroup implements slog.Handler.
func (h *handler) WithGroup(name string) slog.Handler {
	return &handler{h.log, func(out slog.Handler) slog.Handler {
		return h.extra(out).WithGroup(name)
	}}
}

func (l *log) logger() *slog.Logger {
	return slog.New(&handler{l, func(out slog.Handler) slog.Handler { return out }})
}
