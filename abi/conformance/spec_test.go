package conformance

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/cairn-dev/cairn/abi"
)

// spec reads SPEC.md.
func spec(t *testing.T) string {
	t.Helper()
	b, err := os.ReadFile("../SPEC.md")
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// TestEveryMustHasACase compares SPEC.md with the kit, both ways.
func TestEveryMustHasACase(t *testing.T) {
	said := map[string]bool{}
	for _, m := range regexp.MustCompile(`(?m)^- \[(M\d+)\]`).FindAllStringSubmatch(spec(t), -1) {
		if said[m[1]] {
			t.Errorf("%s stands twice in SPEC.md", m[1])
		}
		said[m[1]] = true
	}
	covered, names := map[string]bool{}, map[string]bool{}
	for _, c := range Cases() {
		if names[c.Name] {
			t.Errorf("two cases are named %s", c.Name)
		}
		names[c.Name] = true
		if len(c.Musts) == 0 {
			t.Errorf("%s is about no sentence of SPEC.md", c.Name)
		}
		for _, m := range c.Musts {
			covered[m] = true
			if !said[m] {
				t.Errorf("%s is about %s, which is not in SPEC.md", c.Name, m)
			}
		}
	}
	for n := range len(said) {
		m := "M" + strconv.Itoa(n+1)
		if !said[m] {
			t.Errorf("SPEC.md leaves out %s", m)
		}
		if !covered[m] {
			t.Errorf("no case is about %s", m)
		}
	}
	if len(said) < 50 {
		t.Errorf("found %d sentences in SPEC.md, want all", len(said))
	}
	t.Logf("%d sentences, %d cases", len(said), len(names))
}

// TestEveryImportIsCalled wants a line for each import in the scripts of the cases.
func TestEveryImportIsCalled(t *testing.T) {
	files, err := filepath.Glob("testdata/*.txt")
	if err != nil {
		t.Fatal(err)
	}
	called := map[string]bool{}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for line := range strings.Lines(string(text)) {
			if name := strings.Fields(line); len(name) > 0 && line[0] == ' ' {
				called[name[0]] = true
			}
		}
	}
	for _, row := range abi.Imports {
		if !called[row.Name] {
			t.Errorf("no case calls %s", row.Name)
		}
	}
}

// TestEveryMustHasANumber wants a number before each MUST of SPEC.md, and each
// number that is mentioned to exist.
func TestEveryMustHasANumber(t *testing.T) {
	text := spec(t)
	for _, part := range regexp.MustCompile(`\n(?:\n|- |\|)`).Split(text, -1) {
		if strings.Contains(part, "MUST") &&
			!regexp.MustCompile(`^(- )?\[[MG]\d+\]`).MatchString(part) &&
			!strings.HasPrefix(part, "MUST, MUST NOT,") {
			t.Errorf("a MUST without a number: %.100q", part)
		}
	}
	defined := regexp.MustCompile(`(?m)^- \[([MG]\d+)\]`).FindAllString(text, -1)
	for _, mention := range regexp.MustCompile(`\[[MG]\d+\]`).FindAllString(text, -1) {
		if !slices.Contains(defined, "- "+mention) {
			t.Errorf("%s is mentioned and not defined", mention)
		}
	}
}
