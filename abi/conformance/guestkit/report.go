package guestkit

import (
	"fmt"
	"strings"
)

// Finding is something about a guest.
type Finding struct {
	// Rule is the sentence of SPEC.md that the guest breaks, such as G1; empty
	// where what a guest does is allowed, or breaks what the script wants.
	Rule string `json:"rule,omitempty"`
	// Note is true for what is allowed, and likely not what its author wants.
	Note bool   `json:"note"`
	Step string `json:"step"` // the line of the script
	Way  string `json:"way"`  // how it was played, see the package comment
	Text string `json:"text"`
}

// String says it in lines.
func (f Finding) String() string {
	var b strings.Builder
	if f.Note {
		b.WriteString("note")
	} else {
		b.WriteString("wrong")
	}
	if f.Rule != "" {
		fmt.Fprintf(&b, " [%s]", f.Rule)
	}
	fmt.Fprintf(&b, ": %s", f.Text)
	if f.Step != "" {
		fmt.Fprintf(&b, "\n  at: %s", f.Step)
	}
	if f.Way != "" {
		fmt.Fprintf(&b, "\n  when: %s", f.Way)
	}
	return b.String()
}

// Report is what Judge found.
type Report struct {
	// Probed says that there was no script, so that the guest was asked what any guest
	// can be. Methods are those that it called itself then; no others of its own ran.
	Probed  bool     `json:"probed,omitempty"`
	Methods []string `json:"methods,omitempty"`
	// Guessed are bindings that the guest asked for and no script had, by the class
	// that each was taken for.
	Guessed  map[string]string `json:"guessed,omitempty"`
	Plays    int               `json:"plays"`   // of the script, each another way
	Entries  int               `json:"entries"` // of the guest
	Faults   int               `json:"faults"`  // imports that were answered otherwise
	Nested   int               `json:"nested"`  // entries that the kit nested
	Findings []Finding         `json:"findings"`
}

// Wrong counts the findings that are no notes.
func (r *Report) Wrong() (n int) {
	for _, f := range r.Findings {
		if !f.Note {
			n++
		}
	}
	return n
}

// add keeps a finding, once: the same thing shows in many plays.
func (r *Report) add(f Finding) {
	for _, old := range r.Findings {
		if old.Text == f.Text && old.Rule == f.Rule {
			return
		}
	}
	r.Findings = append(r.Findings, f)
}

func (w *world) wrong(rule, format string, args ...any) { w.find(false, rule, format, args...) }

func (w *world) note(rule, format string, args ...any) { w.find(true, rule, format, args...) }

func (w *world) find(note bool, rule, format string, args ...any) {
	w.judge.report.add(Finding{Rule: rule, Note: note, Step: w.step, Way: w.way.String(),
		Text: fmt.Sprintf(format, args...)})
}
