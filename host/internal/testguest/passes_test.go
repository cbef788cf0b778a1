package testguest

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/cairn-dev/cairn/host/module/rewrite"
)

// TestPassSets wants make passes to run each set of rewrite.PassSets, and these to
// have all passes.
func TestPassSets(t *testing.T) {
	root, err := moduleRoot()
	if err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(filepath.Join(root, "Makefile"))
	if err != nil {
		t.Fatal(err)
	}
	_, line, _ := strings.Cut(string(text), "\nPASSES ?= ")
	line, _, _ = strings.Cut(line, "\n")
	seen := rewrite.NoPasses
	for _, set := range rewrite.PassSets() {
		seen |= set
		if !slices.Contains(strings.Fields(line), set.String()) {
			t.Errorf("make passes does not run %v; it runs %q", set, line)
		}
	}
	if seen != rewrite.AllPasses || rewrite.PassSets()[0] != rewrite.NoPasses {
		t.Errorf("the sets are %v", rewrite.PassSets())
	}
}
