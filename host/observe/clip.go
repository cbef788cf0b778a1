package observe

import (
	"fmt"
	"log/slog"
	"strings"
	"unicode/utf8"
)

// MaxText is how many bytes of one text the log takes, and a client is told of an
// error. A deep stack of a Go guest has about as many; what is longer is data.
const MaxText = 8 << 10

// Clip cuts a text to at most max bytes, between two characters, and says behind
// that how much is missing.
func Clip(s string, max int) string {
	end := boundary(s, max)
	return s[:end] + missing(len(s)-end)
}

// boundary returns how much of a text are at most max bytes, of whole characters.
func boundary[T string | []byte](s T, max int) int {
	if len(s) <= max {
		return len(s)
	}
	for end := max; end > max-utf8.UTFMax && end > 0; end-- {
		if utf8.RuneStart(s[end]) {
			return end
		}
	}
	return max // s is no UTF-8
}

func missing(n int) string {
	if n == 0 {
		return ""
	}
	return fmt.Sprintf("… (%d bytes more)", n)
}

// clipAttr cuts the texts of an attribute.
func clipAttr(a slog.Attr) slog.Attr {
	switch v := a.Value.Resolve(); v.Kind() {
	case slog.KindString:
		a.Value = slog.StringValue(Clip(v.String(), MaxText))
	case slog.KindGroup:
		group := v.Group()
		cut := make([]slog.Attr, len(group))
		for i := range group {
			cut[i] = clipAttr(group[i])
		}
		a.Value = slog.GroupValue(cut...)
	case slog.KindAny:
		switch x := v.Any().(type) {
		case error:
			a.Value = slog.StringValue(Clip(x.Error(), MaxText))
		case []byte:
			a.Value = slog.StringValue(Clip(string(x[:min(len(x), MaxText+1)]), MaxText))
		}
	}
	return a
}

// Failure is the attributes of an error of a guest: of a trap, the stack stands by
// itself, so that the error is one line. output is what the guest wrote to standard
// error before it failed, "" for none.
func Failure(err error, output string) []any {
	text, stack, _ := strings.Cut(err.Error(), "\n")
	attrs := []any{slog.String("error", text)}
	if stack != "" {
		attrs = append(attrs, slog.String(stackKey, stack))
	}
	if output != "" {
		attrs = append(attrs, slog.String(outputKey, output))
	}
	return attrs
}

// FirstLine is what Failure has under "error": an error's text without the stack.
func FirstLine(err error) string {
	text, _, _ := strings.Cut(err.Error(), "\n")
	return text
}

// The attributes that have lines of their own, see Terminal.
const (
	stackKey  = "stack"
	outputKey = "output"
)
