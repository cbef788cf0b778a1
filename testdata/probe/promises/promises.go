// Package promises is what durable objects promise of storage (SEMANTICS 1.4,
// 2.8 and 6): scripts for the guest in testdata/probe, and what they print.
//
// Two hosts run them: the real one, in host/durable_*_test.go, and guesttest,
// natively, in testdata/probe/probe_test.go. A promise that one of them breaks
// fails there, so that the two cannot drift apart.
//
// There are two types. A [Case] is one promise. A [Host] runs scripts. A case
// has the number that it has in SEMANTICS 6; one that is not there has the
// section that says it.
package promises

import (
	"slices"
	"strings"
	"testing"
)

// Case is one promise. Its script is run by an object of its own; each part
// behind a semicolon is a call of its own, and "restart" stops the host and
// starts it on the same store. What the calls print is joined in the same way.
type Case struct{ Name, Script, Want string }

// Host runs scripts.
type Host interface {
	// Run runs a script in an object of the class Probe and returns what it
	// printed, or the error as the guest's try prints it.
	Run(object, script string) string
	// Restart forgets all that is not stored.
	Restart()
}

// check runs cases, each in an object with the name of the case. There are no
// subtests: one of the hosts runs in a bubble of synctest, which has none.
func check(t *testing.T, h Host, cases []Case) {
	t.Helper()
	seen := map[string]bool{}
	for _, c := range cases {
		if seen[c.Name] {
			t.Fatalf("%q: a case needs a name of its own", c.Name)
		}
		seen[c.Name] = true
		name := strings.ReplaceAll(c.Name, ".", "_") // the guest knows dots
		var got []string
		for part := range strings.SplitSeq(c.Script, ";") {
			if part = strings.TrimSpace(part); part == "restart" {
				h.Restart()
				continue
			}
			got = append(got, h.Run(name, part))
		}
		if got := strings.Join(got, "; "); got != c.Want {
			t.Errorf("%s: %s\n got %s\nwant %s", c.Name, short(c.Script), short(got), short(c.Want))
		}
	}
}

// short cuts what is long only because a limit is.
func short(s string) string {
	if len(s) > 600 {
		return s[:300] + " ... " + s[len(s)-300:]
	}
	return s
}

// Storage checks all of storage but what takes a host's limits of memory and
// time. The clock has to stand still meanwhile.
func Storage(t *testing.T, h Host) {
	t.Helper()
	check(t, h, slices.Concat(Keys, Values, Many, Limits(), Lists(), Scans, Transactions, Refused))
}
