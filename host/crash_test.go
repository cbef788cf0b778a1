package host_test

import (
	"log/slog"
	"strings"
	"testing"

	"github.com/cairn-dev/cairn/host"
	"github.com/cairn-dev/cairn/host/hosttest"
)

// TestOneRecord wants one record of one crash, with what ran and all that is known
// of its end: what a Go guest without memory writes of itself are 70 lines. Others
// that the crash takes along add nothing. The metrics say the same.
func TestOneRecord(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		kind, how, cause string
		output, stack    string // part of them
		limits           limits
	}{
		{"leak", "at once", "memory", "out of memory", "Misbehave", littleMemory},
		{"trap", "outside", "trap", "", "Misbehave", limits{}},
		{"spin", "loop", "cpu", "", "Misbehave", shortCPU},
		{"badmemory", "abort", "abort", "", "", limits{}},
	} {
		t.Run(c.kind, func(t *testing.T) {
			h := hosttest.Start(t, hosttest.Options{Guest: "bad", Bindings: badBindings,
				NoListener: true,
				Options:    host.Options{CPULimit: c.limits.cpu, MemoryLimit: c.limits.memory}})
			if _, err := h.Call("BAD", "A", "misbehave", c.how); err == nil {
				t.Fatal("no error")
			}
			var records []hosttest.Record
			for _, r := range h.Logs() {
				if r.Level >= slog.LevelInfo && r.Attr("object") != "" ||
					r.Level >= slog.LevelWarn {
					records = append(records, r)
				}
			}
			if len(records) != 1 {
				t.Fatalf("%d records, want 1: %v", len(records), records)
			}
			r := records[0]
			for name, want := range map[string]string{"class": "Bad", "name": "A",
				"export": "object_call",
				"method": "misbehave", "output": c.output, "stack": c.stack} {
				if !strings.Contains(r.Attr(name), want) {
					t.Errorf("%s is %q, want %q in it", name, r.Attr(name), want)
				}
			}
			if r.Attr("script") == "" || strings.Contains(r.Attr("error"), "\n") {
				t.Errorf("script %q, error %q", r.Attr("script"), r.Attr("error"))
			}
			if got := metricOf(t, h, "cairn_resets_total", "class=Bad",
				"cause="+c.cause); got != 1 {
				t.Errorf("%v resets by %s, want 1", got, c.cause)
			}
			if got := metricOf(t, h, "cairn_resets_total"); got != 1 {
				t.Errorf("%v resets in all", got)
			}
			if got := metricOf(t, h, "cairn_calls_total", "class=Bad", "outcome=reset"); got != 1 {
				t.Errorf("%v calls ended with a reset, want 1", got)
			}
		})
	}
}
