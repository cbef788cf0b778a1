package main

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"log/slog"
	"os"
	"path/filepath"

	"github.com/cairn-dev/cairn/host/config"
)

// told remembers which warnings about configs were shown, so that a start shows in
// full only those that are new: a hash of them, by the config's absolute path, in a
// file of the data folder. Losing that file costs some lines in a log.
type told struct {
	file string
	was  map[string]string
	is   map[string]string
}

func readTold(data string) told {
	t := told{file: filepath.Join(data, "told.json"), was: map[string]string{},
		is: map[string]string{}}
	if text, err := os.ReadFile(t.file); err == nil {
		_ = json.Unmarshal(text, &t.was) // what is damaged is told again
	}
	return t
}

// tell logs the warnings of a config: all of them, or one line if they are those of
// the last start.
func (t told) tell(c *config.Config, warnings []config.Warning, logger *slog.Logger) {
	if len(warnings) == 0 {
		return
	}
	path := c.Path
	if abs, err := filepath.Abs(path); err == nil {
		path = abs
	}
	hash := sha256.New()
	for _, w := range warnings {
		hash.Write([]byte(w.String() + "\n"))
	}
	sum := hex.EncodeToString(hash.Sum(nil))
	t.is[path] = sum
	if t.was[path] == sum {
		logger.Warn("config has warnings, as at the last start",
			"config", c.Path, "warnings", len(warnings),
			"try", "cairn check "+c.Path)
		return
	}
	for _, w := range warnings {
		logger.Warn("config", "at", w.Pos.String(), "warning", w.Message)
	}
}

// keep is for a start that has succeeded.
func (t told) keep(logger *slog.Logger) {
	if len(t.is) == 0 {
		return
	}
	for path, sum := range t.was { // of other configs, which share the folder
		if _, ok := t.is[path]; !ok {
			t.is[path] = sum
		}
	}
	text, err := json.Marshal(t.is)
	if err == nil {
		err = os.WriteFile(t.file, text, 0o600)
	}
	if err != nil {
		logger.Debug("warnings are told again at the next start", "error", err)
	}
}
