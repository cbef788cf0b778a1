package host_test

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// TestFeaturesPage holds FEATURES.md to the tree: who says yes names tests, and
// they exist; who says no says why.
func TestFeaturesPage(t *testing.T) {
	page, err := os.ReadFile("FEATURES.md")
	if err != nil {
		t.Fatal(err)
	}
	tests := testsOfTree(t)
	name := regexp.MustCompile("`(Test[A-Za-z]+)`")
	rows := 0
	for line := range strings.SplitSeq(string(page), "\n") {
		cells := strings.Split(line, " | ")
		if len(cells) < 4 || strings.HasPrefix(line, "| Durable Objects |") {
			continue
		}
		rows++
		named := name.FindAllStringSubmatch(cells[3], -1)
		switch cells[1] {
		case "yes":
			if len(named) == 0 {
				t.Errorf("names no test: %s", cells[0])
			}
		case "no":
			if cells[2] == "" {
				t.Errorf("says no and not why: %s", cells[0])
			}
		case "later":
		default:
			t.Errorf("says neither yes, later nor no: %s", line)
		}
		for _, n := range named {
			if !tests[n[1]] {
				t.Errorf("there is no %s: %s", n[1], cells[0])
			}
		}
	}
	if rows < 40 {
		t.Errorf("%d rows were read", rows)
	}
}

// testsOfTree returns the names of all tests.
func testsOfTree(t *testing.T) map[string]bool {
	t.Helper()
	found := map[string]bool{}
	begin := regexp.MustCompile(`(?m)^func (Test[A-Za-z]+)\(`)
	err := filepath.WalkDir("..", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || !strings.HasSuffix(path, "_test.go") {
			return err
		}
		text, err := os.ReadFile(path)
		for _, match := range begin.FindAllSubmatch(text, -1) {
			found[string(match[1])] = true
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return found
}
