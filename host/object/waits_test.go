package object

import (
	"strings"
	"testing"
)

// TestWaits sends calls by a script. "AB" is a call from A to B, "-B" one to B
// from nobody; "<AB" is its end. A "+" behind a call says that it must be let
// in: whoever it calls waits, in the end, for the caller. "<AB!CA" is an end that
// lets in the call from C to A, which has waited for its turn.
func TestWaits(t *testing.T) {
	for _, c := range []struct{ name, script string }{
		{"a line", "AB BC CD <CD <BC <AB"},
		{"A B A", "AB BA+ <BA <AB AB <AB"},
		{"A B C A", "AB BC CA+ <CA <BC <AB"},
		{"itself", "AA+ AA+ <AA <AA AB BA+ <BA <AB"},
		{"A B A B", "AB BA+ AB+ BA+ <BA <AB <BA <AB"},
		{"crossing", "AB BA+ <BA <AB"},
		{"three in a ring", "AB BC CA+ <CA <BC <AB"},
		{"nested entry is busy with another", "AB BA+ DB AD+ <AD <DB <BA <AB"},
		{"nested entry calls a stranger", "AB BA+ AC <AC <BA <AB"},
		{"from nobody", "-A AB -B -A <-A <-B BA+ <BA <AB <-A"},
		{"the old edge is back", "AB BA+ AC <AC <BA BC CA+ <CA <BC <AB"},
		{"a wait that ended early closes a ring", "AB BC CA+ <BC BA <CA!BA <BA <AB"},
		{"and a longer one", "AB BC CA+ <BC BD DA <CA!DA <DA <BD <AB"},
		{"and a call that does not", "AB BC CA+ <BC DA <CA <DA <AB"},
		{"beside a ring", "AB BA+ CA AC+ CD DC+ <DC <CD <AC <CA <BA <AB"},
	} {
		t.Run(c.name, func(t *testing.T) {
			var w waits
			activations := map[byte]*Activation{'-': nil}
			for _, r := range "ABCD" {
				activations[byte(r)] = &Activation{}
			}
			open := map[string][]*edge{}
			for step := range strings.FieldsSeq(c.script) {
				if end, ok := strings.CutPrefix(step, "<"); ok {
					end, closes, _ := strings.Cut(end, "!")
					last := len(open[end]) - 1
					closing := w.end(open[end][last])
					open[end] = open[end][:last]
					if want := innermost(open[closes]); closing != want {
						t.Errorf("%s: lets %+v in, want %+v", step, closing, want)
					}
					continue
				}
				calls := step[:2]
				var e *edge
				nested := false
				if from := activations[calls[0]]; from != nil {
					e = new(edge)
					nested = w.begin(e, from, activations[calls[1]])
				}
				if want := strings.HasSuffix(step, "+"); nested != want {
					t.Errorf("%s: let in is %v, want %v", step, nested, want)
				}
				open[calls] = append(open[calls], e)
			}
			for name, a := range activations {
				if a != nil && a.waitsFor != nil {
					t.Errorf("%c waits for somebody at the end", name)
				}
			}
		})
	}
}

// innermost returns the last edge, nil if there is none.
func innermost(list []*edge) *edge {
	if len(list) == 0 {
		return nil
	}
	return list[len(list)-1]
}
