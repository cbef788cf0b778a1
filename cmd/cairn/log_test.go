package main

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
)

// TestLog reads what cairn logs, in both formats: a warning about the config with
// its position, and what a guest logs with its name.
func TestLog(t *testing.T) {
	dir := t.TempDir()
	config := writeFile(t, dir, "wrangler.jsonc", fmt.Sprintf(`{
  "name": "chain",
  "main": %q,
  "colour": "blue",
  "durable_objects": {"bindings": [{"name": "LINKS", "class_name": "Link"}]},
  "migrations": [{"tag": "v1", "new_sqlite_classes": ["Link"]}]
}`, chain))
	const request = `[["log", "the Worker speaks"], ["call", "A", ["log", "the object speaks"]]]`

	t.Run("text", func(t *testing.T) {
		p := startServe(t, nil, "--data", t.TempDir(), config)
		c := dial(t, p)
		post(c, request)
		answer(t, c)
		p.stop()
		for _, want := range [][]string{
			{"level=WARN", "at=" + config + ":4:3", "colour"},
			{"level=INFO", `msg="the Worker speaks"`, "script=chain"},
			{"level=INFO", `msg="the object speaks"`, "class=Link", "name=A"},
		} {
			if !hasLine(p.log(), want) {
				t.Errorf("no line has all of %q:\n%s", want, p.log())
			}
		}
	})
	t.Run("json", func(t *testing.T) {
		p := startServe(t, nil, "--data", t.TempDir(), "--log-format", "json",
			"--log-level", "warn", config)
		c := dial(t, p)
		post(c, request)
		answer(t, c)
		p.stop()
		lines := strings.Split(strings.TrimSpace(p.log()), "\n")
		if len(lines) != 1 {
			t.Fatalf("%d lines, want the warning alone:\n%s", len(lines), p.log())
		}
		var record struct{ Level, Msg, At, Warning string }
		if err := json.Unmarshal([]byte(lines[0]), &record); err != nil {
			t.Fatalf("%v: %s", err, lines[0])
		}
		if record.Level != "WARN" || record.At != config+":4:3" ||
			!strings.Contains(record.Warning, "colour") {
			t.Errorf("%+v", record)
		}
	})
}

func hasLine(text string, parts []string) bool {
	for line := range strings.Lines(text) {
		found := true
		for _, part := range parts {
			found = found && strings.Contains(line, part)
		}
		if found {
			return true
		}
	}
	return false
}
