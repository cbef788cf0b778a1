package rewrite

import "testing"

// TestPassesByName reads each set by its name, and refuses others.
func TestPassesByName(t *testing.T) {
	for _, set := range append(PassSets(), AllPasses&^passes[0].pass) {
		if got, err := ParsePasses(set.String()); err != nil || got != set {
			t.Errorf("%v (%d) reads as %v, %v", set, set, got, err)
		}
	}
	for _, text := range []string{"", "frost", "all+all", "none+all"} {
		if set, err := ParsePasses(text); err == nil {
			t.Errorf("%q is %v", text, set)
		}
	}
}
