package config

import (
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

func FuzzParseJSONC(f *testing.F) { fuzzParse(f, "w.jsonc", fullJSONC) }

func FuzzParseTOML(f *testing.F) { fuzzParse(f, "w.toml", fullTOML) }

func fuzzParse(f *testing.F, name, full string) {
	f.Add([]byte(full))
	for _, input := range transcriptInputs(f, filepath.Ext(name)) {
		f.Add([]byte(input))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		cfg, warns, err := Parse(name, data)
		if (cfg == nil) == (err == nil) {
			t.Fatalf("config %v with error %v", cfg, err)
		}
		var at []Pos
		for _, w := range warns {
			at = append(at, w.Pos)
		}
		checkPlaces(t, data, at)
		at = nil
		for _, e := range problems(err) {
			at = append(at, e.Pos)
		}
		checkPlaces(t, data, at)
		if cfg == nil {
			return
		}
		if cfg.Name == "" || cfg.Main == "" {
			t.Fatalf("incomplete: %+v", cfg)
		}
		for key, value := range cfg.Vars {
			if !json.Valid(value) {
				t.Fatalf("%q: %q is not JSON", key, value)
			}
		}
	})
}

// checkPlaces fails for places outside the file or out of order.
func checkPlaces(t *testing.T, data []byte, at []Pos) {
	lines := strings.Split(string(data), "\n")
	for i, pos := range at {
		if pos.Line < 1 || pos.Line > len(lines) || pos.Col < 1 ||
			pos.Col > len(lines[pos.Line-1])+1 {
			t.Fatalf("%s is outside the file", pos)
		}
		if i > 0 && pos.compare(at[i-1]) < 0 {
			t.Fatalf("%s comes after %s", pos, at[i-1])
		}
	}
}

// transcriptInputs returns the files in the transcripts with that extension.
func transcriptInputs(f *testing.F, ext string) []string {
	files, err := filepath.Glob("testdata/*.txt")
	if err != nil {
		f.Fatal(err)
	}
	command := regexp.MustCompile(`(?ms)^parse \S+` + regexp.QuoteMeta(ext) + `$\n(.*?)^----$`)
	var inputs []string
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			f.Fatal(err)
		}
		for _, match := range command.FindAllStringSubmatch(string(text), -1) {
			inputs = append(inputs, match[1])
		}
	}
	return inputs
}
