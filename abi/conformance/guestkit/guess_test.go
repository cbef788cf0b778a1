package guestkit

import "testing"

// TestGuess wants the class whose name a binding has, the longest that fits, or the
// only one.
func TestGuess(t *testing.T) {
	classes := []class{{name: "Counter"}, {name: "Room"}, {name: "ChatRoom"}}
	for binding, want := range map[string]string{
		"COUNTERS": "Counter", "MY_COUNTER": "Counter", "counter": "Counter",
		"ROOMS": "Room", "CHAT_ROOMS": "ChatRoom",
		"chatRoom": "ChatRoom", "OTHER": "", "": "",
	} {
		if got, ok := guess(binding, classes); got != want || ok != (want != "") {
			t.Errorf("%s: %q, want %q", binding, got, want)
		}
	}
	if got, ok := guess("OTHER", classes[:1]); got != "Counter" || !ok {
		t.Errorf("the only class: %q", got)
	}
}
