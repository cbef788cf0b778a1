package contain_test

import (
	"bytes"
	"log/slog"
	"strings"
	"testing"

	"github.com/cairn-dev/cairn/host/internal/contain"
)

// TestRun wants a panic to end here, and the log to say where it came from.
func TestRun(t *testing.T) {
	var b bytes.Buffer
	l := slog.New(slog.NewTextHandler(&b, nil))
	if !contain.Run(l, "nothing", func() {}) || b.Len() > 0 {
		t.Errorf("what does not panic: %s", b.String())
	}
	if contain.Run(l, "a test", broken) {
		t.Error("a panic is taken for none")
	}
	for _, want := range []string{"level=ERROR", `during="a test"`, "out of step",
		"contain_test.broken"} {
		if !strings.Contains(b.String(), want) {
			t.Errorf("the log lacks %s: %s", want, b.String())
		}
	}
}

func broken() { panic("out of step") }
