package guesttest

import (
	"strings"
	"testing"
)

// TestIDVectors has the vectors of SEMANTICS 2.1.
func TestIDVectors(t *testing.T) {
	for _, tt := range []struct{ uniqueKey, name, id string }{
		{"mykey", "http://foo/",
			"59002eb8cf872e541722977a258a12d6a93bbe8192b502e1c0cb250aa91af234"},
		{"mykey", "http://foo/bar",
			"02b496f65dd35cbac90e3e72dc5a398ee93926ea4a3821e26677082d2e6f9b79"},
		{"mykey", "name", "3652ef6221834806dc8df802d1d216e27b7d07e0a6b7adf6cfdaeec90f06459a"},
		{"my-counter-Counter", "A",
			"dd0ad57b24bdf9cd367bb3c0512b58bb1587e3e8cc2ae6bdb809d4938fbcc20c"},
		{"my-counter-Counter", "",
			"3a093f2f91f35cb42e549f707593570ee2afa7461b0a7f594b59dd4bfc967b26"},
	} {
		key := namespaceKey(tt.uniqueKey)
		if id := newID(key, firstHalf(key, tt.name)); id.String() != tt.id {
			t.Errorf("%s %q: %v, want %s", tt.uniqueKey, tt.name, id, tt.id)
		}
		script, class, ok := strings.Cut(tt.uniqueKey, "-C")
		if !ok {
			continue
		}
		h := &Host{options: Options{Script: script, Bindings: map[string]string{"B": "C" + class}}}
		if id, _ := h.IDFromName("B", tt.name); id.String() != tt.id {
			t.Errorf("id_from_name of %s %q: %v, want %s", tt.uniqueKey, tt.name, id, tt.id)
		}
	}
}
