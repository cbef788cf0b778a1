package main

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"log/slog"
	"strconv"
	"strings"
	"sync"
	"unicode/utf16"
	"unicode/utf8"
)

// newLogger makes the log that the flags ask for.
func newLogger(f serveFlags, w io.Writer) (*slog.Logger, error) {
	var level slog.Level
	if err := level.UnmarshalText([]byte(f.logLevel)); err != nil {
		return nil,
			usageError{fmt.Errorf("--log-level %q is not debug, info, warn or error", f.logLevel)}
	}
	options := &slog.HandlerOptions{Level: level}
	switch f.logFormat {
	case "text":
		if isTerminal(w) {
			return slog.New(newTerminal(w, options)), nil
		}
		return slog.New(slog.NewTextHandler(w, options)), nil
	case "json":
		return slog.New(slog.NewJSONHandler(escaper{w}, options)), nil
	}
	return nil, usageError{fmt.Errorf("--log-format %q is not text or json", f.logFormat)}
}

// terminal is the text format for people: what has many lines, a stack or what a
// guest wrote before it failed, stands below its record line by line. Each of
// those lines is indented and has its control characters escaped, so that none
// can pass for a record or change what the terminal shows.
type terminal struct {
	slog.Handler // formats into out.line
	out          *terminalOut
}

// terminalOut is what the handlers of one log share.
type terminalOut struct {
	mu   sync.Mutex
	line bytes.Buffer
	w    io.Writer
}

func newTerminal(w io.Writer, o *slog.HandlerOptions) slog.Handler {
	out := &terminalOut{w: w}
	return &terminal{slog.NewTextHandler(&out.line, o), out}
}

// WithAttrs implements slog.Handler.
func (t *terminal) WithAttrs(attrs []slog.Attr) slog.Handler {
	return &terminal{t.Handler.WithAttrs(attrs), t.out}
}

// WithGroup implements slog.Handler.
func (t *terminal) WithGroup(name string) slog.Handler {
	return &terminal{t.Handler.WithGroup(name), t.out}
}

// Handle implements slog.Handler.
func (t *terminal) Handle(ctx context.Context, r slog.Record) error {
	short := slog.NewRecord(r.Time, r.Level, r.Message, r.PC)
	var below []string
	r.Attrs(func(a slog.Attr) bool {
		if (a.Key == "stack" || a.Key == "output") && a.Value.Kind() == slog.KindString {
			below = append(below, a.Value.String())
		} else {
			short.AddAttrs(a)
		}
		return true
	})
	t.out.mu.Lock()
	defer t.out.mu.Unlock()
	t.out.line.Reset()
	if err := t.Handler.Handle(ctx, short); err != nil {
		return err
	}
	for _, text := range below {
		for line := range strings.Lines(text) {
			t.out.line.WriteString("    " + showable(strings.TrimRight(line, "\n")) + "\n")
		}
	}
	_, err := t.out.w.Write(t.out.line.Bytes())
	return err
}

// showable escapes what a terminal would not show as a character, but for tabs.
func showable(line string) string {
	var b strings.Builder
	for i, r := range line {
		switch {
		case r == '\t':
			b.WriteString("    ")
		case r == utf8.RuneError && !strings.HasPrefix(line[i:], "\uFFFD"):
			fmt.Fprintf(&b, `\x%02x`, line[i])
		case strconv.IsPrint(r):
			b.WriteRune(r)
		default:
			b.WriteString(strings.Trim(strconv.QuoteRune(r), "'"))
		}
	}
	return b.String()
}

// escaper writes JSON in a way that no terminal takes for commands. JSON itself
// escapes the first 32 characters; others as well move the cursor, hide text or
// turn it round. They can only be in strings, where an escape means the same.
type escaper struct{ w io.Writer }

// Write implements io.Writer, for one record at a time.
func (e escaper) Write(p []byte) (int, error) {
	clean := true
	for _, c := range p {
		clean = clean && c < 0x7f
	}
	if clean {
		return e.w.Write(p)
	}
	b := make([]byte, 0, len(p)+64)
	for _, r := range string(p) { // slog has made valid UTF-8 of it
		if r < 0x7f || strconv.IsPrint(r) {
			b = utf8.AppendRune(b, r)
		} else {
			b = appendEscape(b, r)
		}
	}
	if _, err := e.w.Write(b); err != nil {
		return 0, err
	}
	return len(p), nil
}

// appendEscape appends a character as JSON escapes it, beyond 16 bits as two.
func appendEscape(b []byte, r rune) []byte {
	for _, u := range utf16.AppendRune(nil, r) {
		b = fmt.Appendf(b, `\u%04x`, u)
	}
	return b
}
