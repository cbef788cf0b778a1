package observe

import (
	"bytes"
	"encoding/json"
	"log/slog"
	"slices"
	"strings"
)

const (
	// guestRate and guestBurst are how many bytes the guests of one script may log
	// in a second, and at once: 5 GB a day, and what a burst of errors takes.
	guestRate, guestBurst = 64 << 10, 1 << 20
	// recordBytes is what a record takes besides its text: time, level, who.
	recordBytes = 200
	// maxGuestAttrs bounds the attributes of a guest's record, and their bytes.
	maxGuestAttrs      = 64
	maxGuestAttrsBytes = MaxText
)

// Log writes a record that a guest of the script logged, to a logger that has who
// it is attached. Its attributes, a JSON object or nothing, become the group
// "guest", so that they cannot pass for the host's own. What is beyond the script's
// share is dropped and counted. A nil *Script has no bound.
func (s *Script) Log(l *slog.Logger, level int32, text, attrs []byte) {
	at := slog.Level(max(slog.LevelDebug, min(slog.Level(level), slog.LevelError)))
	if !l.Enabled(fromGuest, at) || !s.mayLog(l, len(text)+len(attrs)) {
		return
	}
	message := guestText(text)
	if len(attrs) == 0 {
		l.LogAttrs(fromGuest, at, message)
		return
	}
	l.LogAttrs(fromGuest, at, message, guestAttrs(attrs))
}

// mayLog takes a record from the script's share.
func (s *Script) mayLog(l *slog.Logger, n int) bool {
	if s == nil {
		return true
	}
	s.lines.Add(1)
	cost := float64(min(n, MaxText+maxGuestAttrsBytes) + recordBytes)
	if s.budget.take(cost, func(missed int) {
		l.LogAttrs(fromGuest, slog.LevelWarn, "guest logs too much", slog.Int("dropped", missed))
	}) {
		return true
	}
	s.dropped.Add(1)
	return false
}

// guestText is a text of a guest as the log takes it: cut, and valid UTF-8.
// Control characters are the handler's to escape.
func guestText(text []byte) string {
	end := boundary(text, MaxText)
	return strings.ToValidUTF8(string(text[:end]), "�") + missing(len(text)-end)
}

// guestAttrs makes a group of a JSON object. What is none, or too large, is text.
func guestAttrs(attrs []byte) slog.Attr {
	var fields map[string]json.RawMessage
	if len(attrs) > maxGuestAttrsBytes || json.Unmarshal(attrs, &fields) != nil ||
		len(fields) > maxGuestAttrs {
		return slog.String("guest", guestText(attrs))
	}
	names := make([]string, 0, len(fields))
	for name := range fields {
		names = append(names, name)
	}
	slices.Sort(names)
	group := make([]any, 0, len(fields))
	for _, name := range names {
		group = append(group, slog.Any(name, guestValue(fields[name])))
	}
	return slog.Group("guest", group...)
}

// guestValue is a JSON value for the log: a text as it is, numbers with all their
// digits.
func guestValue(raw json.RawMessage) any {
	var v any
	d := json.NewDecoder(bytes.NewReader(raw))
	d.UseNumber()
	if d.Decode(&v) != nil { // json.Unmarshal has read it before
		return string(raw)
	}
	if s, ok := v.(string); ok {
		return s
	}
	return raw
}
