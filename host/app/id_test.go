package app

import (
	"errors"
	"strings"
	"testing"

	"github.com/cairn-dev/cairn/abi"
	"github.com/cairn-dev/cairn/host/event"
)

func testNamespace(uniqueKey string) *Namespace { return &Namespace{key: newIDKey(uniqueKey)} }

// TestIDFromName holds IDs to upstream's known answers (SEMANTICS 2.1, case A1).
func TestIDFromName(t *testing.T) {
	for _, c := range []struct{ key, name, id string }{
		{"mykey", "http://foo/",
			"59002eb8cf872e541722977a258a12d6a93bbe8192b502e1c0cb250aa91af234"},
		{"mykey", "http://foo/bar",
			"02b496f65dd35cbac90e3e72dc5a398ee93926ea4a3821e26677082d2e6f9b79"},
		{"mykey", "name", "3652ef6221834806dc8df802d1d216e27b7d07e0a6b7adf6cfdaeec90f06459a"},
		{"my-counter-Counter", "A",
			"dd0ad57b24bdf9cd367bb3c0512b58bb1587e3e8cc2ae6bdb809d4938fbcc20c"},
		{"my-counter-Counter", "",
			"3a093f2f91f35cb42e549f707593570ee2afa7461b0a7f594b59dd4bfc967b26"},
		// Longer than a block of SHA-256; recomputed with Python's hmac.
		{"mykey", strings.Repeat("n", 1000),
			"552f48f60f2e022912f84bfe97f68c2a79ae8208ecfdc88501560ccee21b0f5c"},
	} {
		n := testNamespace(c.key)
		if got := n.IDFromName([]byte(c.name)).String(); got != c.id {
			t.Errorf("%s %q: %s, want %s", c.key, c.name, got, c.id)
		}
		for _, hex := range []string{c.id, strings.ToUpper(c.id)} {
			if got, err := n.ParseID([]byte(hex)); err != nil || got.String() != c.id {
				t.Errorf("parse %s: %s, %v", hex, got, err)
			}
		}
	}
}

// TestParseID refuses what is no ID, and what is another namespace's (cases A4,
// A5, A6).
func TestParseID(t *testing.T) {
	const (
		notHex   = "Invalid Durable Object ID: must be 64 hex digits"
		notValid = "Durable Object ID is not valid for this namespace."
	)
	mine, other := testNamespace("mykey"), testNamespace("otherkey")
	id := mine.IDFromName([]byte("name")).String()
	for _, c := range []struct{ hex, message string }{
		{"goodbye", notHex},
		{"", notHex},
		{id[:63], notHex},
		{id + "0", notHex},
		{id[:63] + "g", notHex},
		{" " + id[1:], notHex},
		{strings.Repeat("deadbeef", 8), notValid},
		{other.IDFromName([]byte("name")).String(), notValid},
		{other.IDNew([16]byte{1}).String(), notValid},
		{id[:63] + flip(id[63]), notValid},
		{flip(id[0]) + id[1:], notValid},
	} {
		_, err := mine.ParseID([]byte(c.hex))
		var e *event.Error
		if !errors.As(err, &e) || e.Name != "TypeError" || e.Message != c.message || e.Flags != 0 {
			t.Errorf("%q: %#v, want TypeError: %s", c.hex, err, c.message)
		}
	}
}

func flip(digit byte) string {
	if digit == '0' {
		return "1"
	}
	return "0"
}

// TestIDNew makes IDs that are the namespace's, out of the bytes it is given.
func TestIDNew(t *testing.T) {
	n := testNamespace("mykey")
	a, b := n.IDNew([16]byte{1}), n.IDNew([16]byte{2})
	if a == b || a[0] != 1 || b[0] != 2 {
		t.Errorf("%s and %s", a, b)
	}
	if got, err := n.ParseID([]byte(a.String())); err != nil || got != a {
		t.Errorf("parse: %s, %v", got, err)
	}
}

// TestAddress finds the same object by its name and by its ID, which carries no
// name (case A8), and refuses other namespaces' IDs where it is used (A6).
func TestAddress(t *testing.T) {
	n, other := testNamespace("mykey"), testNamespace("otherkey")
	e := &Reach{Bindings: map[string]Capability{"MINE": n, "OTHER": kv{}}}
	address := func(kind uint32, object string) (event.Address, error) {
		return e.Address([]byte("MINE"), kind, []byte(object))
	}
	id := n.IDFromName([]byte("name"))
	byName, err1 := address(abi.TargetName, "name")
	byID, err2 := address(abi.TargetID, string(id[:]))
	if err1 != nil || err2 != nil || byName.ID != byID.ID || byName.ID != id {
		t.Errorf("%v, %v, %s, %s", err1, err2, byName.ID, byID.ID)
	}
	if !byName.Named || byName.Name != "name" || byID.Named || byID.Name != "" {
		t.Errorf("by name %+v, by ID %+v", byName, byID)
	}
	for length, named := range map[int]bool{abi.MaxNameBytes: true, abi.MaxNameBytes + 1: false} {
		to, err := address(abi.TargetName, strings.Repeat("n", length))
		if err != nil || to.Named != named || (to.Name != "") != named {
			t.Errorf("a name of %d bytes: named %v, %v", length, to.Named, err)
		}
	}
	foreign := other.IDFromName([]byte("name"))
	var e2 *event.Error
	if _, err := address(abi.TargetID, string(foreign[:])); !errors.As(err, &e2) ||
		e2.Name != "TypeError" {
		t.Errorf("an ID of another namespace: %v", err)
	}
	for _, binding := range []string{"NONE", "OTHER"} {
		if _, err := e.Address([]byte(binding), abi.TargetName, nil); err != ErrNoBinding {
			t.Errorf("%s is no binding of a namespace: %v", binding, err)
		}
	}
}

// kv is a capability of another kind.
type kv struct{}

func (kv) Kind() string { return "key-value store" }

// TestIDAllocates nothing: every call to an object by name makes one.
func TestIDAllocates(t *testing.T) {
	n, name := testNamespace("mykey"), []byte("a name as people give it")
	if got := testing.AllocsPerRun(100, func() { n.IDFromName(name) }); got != 0 {
		t.Errorf("%v allocations", got)
	}
}
