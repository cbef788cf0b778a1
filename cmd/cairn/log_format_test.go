package main

import (
	"bytes"
	"encoding/json"
	"log/slog"
	"strings"
	"testing"
)

// TestTerminal shows a stack line by line below its record. Nothing that a guest
// could have named can pass for a record or reach the terminal as a command.
func TestTerminal(t *testing.T) {
	var b bytes.Buffer
	l := slog.New(newTerminal(&b, nil)).With("script", "s").WithGroup("g")
	l.Error("object\x1b[2J reset\nlevel=INFO msg=forged",
		"stack", "one\n\ttwo\x1b[31m\nlevel=INFO\xff\n\u009b31m\u202e",
		"other", "a\nb")
	got := strings.Split(strings.TrimSuffix(b.String(), "\n"), "\n")
	want := []string{`msg="object\x1b[2J reset\nlevel=INFO msg=forged" script=s g.other="a\nb"`,
		"    one", `        two\x1b[31m`, `    level=INFO\xff`, `    \u009b31m\u202e`}
	if len(got) != len(want) || !strings.HasSuffix(got[0], want[0]) {
		t.Fatalf("%q, want %q", got, want)
	}
	for i := 1; i < len(want); i++ {
		if got[i] != want[i] {
			t.Errorf("line %d is %q, want %q", i, got[i], want[i])
		}
	}
	if b.Reset(); true {
		l.Info("plain")
	}
	if strings.Count(b.String(), "\n") != 1 {
		t.Errorf("a plain record is %q", b.String())
	}
}

// TestEscaper writes JSON that means the same and that no terminal takes for
// commands, stacks as one escaped field.
func TestEscaper(t *testing.T) {
	var b bytes.Buffer
	log, err := newLogger(serveFlags{logFormat: "json", logLevel: "info"}, &b)
	if err != nil {
		t.Fatal(err)
	}
	const text = "ü 漢 😀 \x1b[31m \u009b31m \u202e\u2066 \x7f \U000e0001 \n"
	log.Info(text, "stack", "a\n\tb")
	if i := strings.IndexFunc(strings.TrimSuffix(b.String(), "\n"), func(r rune) bool {
		return r < ' ' || r == 0x7f || r >= 0x80 && r < 0xa0 || r == '\u202e' || r == 0xe0001
	}); i >= 0 {
		t.Errorf("a control character at %d of %q", i, b.String())
	}
	var record struct{ Msg, Stack string }
	if err := json.Unmarshal(b.Bytes(), &record); err != nil || record.Msg != text ||
		record.Stack != "a\n\tb" {
		t.Errorf("%v, %+q", err, record)
	}
}
