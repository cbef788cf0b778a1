package guesttest_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/cairn-dev/cairn/guest"
	"github.com/cairn-dev/cairn/guest/guesttest"
)

func init() {
	guest.RegisterObject("Box", func(state *guest.State, env *guest.Env) (*box, error) {
		if state.ID.Name() == "stillborn" {
			return nil, errors.New("not today")
		}
		return &box{state, env, 0}, nil
	})
}

// box shows its storage, and how long it has been in memory.
type box struct {
	state *guest.State
	env   *guest.Env
	calls int
}

func (b *box) Calls() int { b.calls++; return b.calls }
func (b *box) Identity() []string {
	return []string{b.state.ID.String(), b.state.ID.Name()}
}
func (b *box) Put(key string, v string) error { return b.state.Storage.Put(key, v) }
func (b *box) PutBytes(key string, n int) error {
	return b.state.Storage.PutBytes(key, make([]byte, n))
}
func (b *box) Delete(key string) (bool, error) { return b.state.Storage.Delete(key) }

func (b *box) Size(key string) (int, error) {
	v, err := b.state.Storage.GetBytes(key)
	if v == nil {
		return -1, err
	}
	return len(v), err
}

func (b *box) Repeat(n int) string { return strings.Repeat("x", n) }
func (b *box) Length(s string) int { return len(s) }

func (b *box) PutAndFail(key string) error {
	b.state.Storage.Put(key, 1)
	return errors.New("failed")
}

func (b *box) PutAndAbort(key, reason string) {
	b.state.Storage.Put(key, 1)
	b.state.Storage.Delete("kept")
	b.state.Abort(reason)
}

func (b *box) AbortQuietly() {
	defer func() { recover() }()
	b.state.Storage.Put("quiet", 1)
	b.state.Abort("")
}

// PutAround writes before and after a call that comes back here and aborts.
func (b *box) PutAround() error {
	b.state.Storage.Put("before", 1)
	err := b.env.Namespace("BOXES").GetByName("B").Call("comeBack", nil, b.state.ID.Name())
	b.state.Storage.Put("after", 1)
	return err
}

func (b *box) ComeBack(name string) error {
	b.env.Namespace("BOXES").GetByName(name).Call("putAndAbort", nil, "inner", "round")
	return b.state.Storage.Put("back", 1)
}

func (b *box) NoBinding() error { return b.env.Namespace("NONE").GetByName("A").Call("x", nil) }
func (b *box) NoBindingID()     { b.env.Namespace("NONE").IDFromName("A") }

func (b *box) SetAlarm() error { return b.state.Storage.SetAlarm(guest.Now()) }
func (b *box) Send() error {
	req, err := guest.NewRequest("", "http://h/", nil)
	if err == nil {
		_, err = guest.Fetch(req)
	}
	return err
}

func newHost(t *testing.T) *guesttest.Host {
	return guesttest.New(t, guesttest.Options{
		Script:   "my",
		Bindings: map[string]string{"BOXES": "Box", "AGAIN": "Box"},
	})
}

// call calls a method of object A.
func call[R any](t *testing.T, h *guesttest.Host, method string, args ...any) (result R) {
	t.Helper()
	if err := h.Namespace("BOXES").GetByName("A").Call(method, &result, args...); err != nil {
		t.Fatalf("%s: %v", method, err)
	}
	return result
}

func fail(h *guesttest.Host, method string, args ...any) *guest.Error {
	err := h.Namespace("BOXES").GetByName("A").Call(method, nil, args...)
	e, _ := errors.AsType[*guest.Error](err)
	return e
}

func keys(h *guesttest.Host) (list string) {
	for _, key := range []string{"after", "back", "before", "inner", "k", "kept", "quiet"} {
		if _, ok := h.Storage("BOXES", "A")[key]; ok {
			list += key + " "
		}
	}
	return strings.TrimSpace(list)
}

func TestStorage(t *testing.T) {
	h := newHost(t)
	if n := call[int](t, h, "size", "k"); n != -1 {
		t.Errorf("no key: %d", n)
	}
	call[any](t, h, "putBytes", "k", 0)
	if n := call[int](t, h, "size", "k"); n != 0 {
		t.Errorf("empty value: %d", n)
	}
	for _, n := range []int{1, 1024, 1025, 70_000, 2 << 20} {
		call[any](t, h, "putBytes", "k", n)
		if got := call[int](t, h, "size", "k"); got != n {
			t.Errorf("a value of %d bytes is read as %d", n, got)
		}
	}
	for range 2 {
		deleted := call[bool](t, h, "delete", "k")
		if want := keys(h) != "" || deleted; deleted != want {
			t.Errorf("delete = %v", deleted)
		}
	}
	if call[bool](t, h, "delete", "k") {
		t.Error("a key that is gone is deleted")
	}
	for _, tt := range []struct {
		key   string
		bytes int
		want  string
	}{
		{strings.Repeat("k", 2049), 1,
			"Keys cannot be larger than 2048 bytes. A key of size 2049 was provided."},
		{"k", 2<<20 + 1,
			"Values cannot be larger than 2097152 bytes. A value of size 2097153 was provided."},
	} {
		if e := fail(h, "putBytes", tt.key, tt.bytes); e == nil || e.Name != "RangeError" ||
			e.Message != tt.want {
			t.Errorf("got %+v, want %s", e, tt.want)
		}
	}
	call[any](t, h, "put", strings.Repeat("k", 2048), "v")
}

func TestMemory(t *testing.T) {
	h := newHost(t)
	call[any](t, h, "put", "k", "v")
	for _, forget := range []func(){h.Restart, func() { h.Evict("AGAIN", "A") }} {
		call[int](t, h, "calls")
		if n := call[int](t, h, "calls"); n != 2 {
			t.Errorf("calls = %d, want 2", n)
		}
		forget()
	}
	if n := call[int](t, h, "calls"); n != 1 || keys(h) != "k" {
		t.Errorf("calls = %d, keys %q after an eviction", n, keys(h))
	}
	if got := string(h.Storage("AGAIN", "A")["k"]); got != `"v"` {
		t.Errorf("stored %s", got)
	}
	if n := len(newHost(t).Storage("BOXES", "A")); n != 0 {
		t.Errorf("another host has %d keys", n)
	}
}

func TestFailureKeepsWrites(t *testing.T) {
	h := newHost(t)
	if e := fail(h, "putAndFail", "k"); e == nil || e.Message != "failed" || !e.Remote || e.Reset {
		t.Errorf("got %+v", e)
	}
	if keys(h) != "k" {
		t.Errorf("keys %q", keys(h))
	}
}

func TestAbort(t *testing.T) {
	h := newHost(t)
	call[any](t, h, "put", "kept", "v")
	call[int](t, h, "calls")
	stub := h.Namespace("BOXES").GetByName("A")
	err := stub.Call("putAndAbort", nil, "k", "enough")
	if !errors.Is(err, guest.ErrReset) || err.Error() != "enough" {
		t.Errorf("got %v", err)
	}
	if again := stub.Call("calls", nil); again != err {
		t.Errorf("the broken stub: %v", again)
	}
	if keys(h) != "kept" {
		t.Errorf("keys %q after an abort", keys(h))
	}
	if n := call[int](t, h, "calls"); n != 1 {
		t.Errorf("calls = %d after an abort", n)
	}
	if e := fail(h, "abortQuietly"); e == nil || !e.Reset ||
		e.Message != "Application called abort() to reset Durable Object." {
		t.Errorf("an abort that the program recovers: %+v", e)
	}
	// What was written before the call to B was applied by then; the outer call
	// does not survive that the inner one ended its object.
	if e := fail(h, "putAround"); e == nil || !e.Reset || e.Message != "round" {
		t.Errorf("an abort from within: %+v", e)
	}
	if keys(h) != "before kept" {
		t.Errorf("keys %q after an abort from within", keys(h))
	}
	if _, ok := h.Storage("BOXES", "B")["back"]; !ok {
		t.Error("what the caller of the aborted call wrote is gone")
	}
}

func TestStillborn(t *testing.T) {
	h := newHost(t)
	for range 2 {
		err := h.Namespace("BOXES").GetByName("stillborn").Call("calls", nil)
		if err == nil || err.Error() != "not today" {
			t.Errorf("got %v", err)
		}
	}
}

func TestNoBinding(t *testing.T) {
	h := newHost(t)
	for _, method := range []string{"noBinding", "noBindingID"} {
		e := fail(h, method)
		if e == nil || e.Name != "TypeError" || !strings.Contains(e.Message, `"NONE"`) {
			t.Errorf("%s: %+v", method, e)
		}
	}
}

// TestID has the vectors of SEMANTICS 2.1, whose unique key is the script's and
// the class's name with a dash between them.
func TestID(t *testing.T) {
	h := newHost(t)
	ns := h.Namespace("BOXES")
	id := ns.IDFromName("A")
	if got := call[[]string](t, h, "identity"); got[0] != id.String() || got[1] != "A" {
		t.Errorf("the object is %q, from outside it is %v", got, id)
	}
	read, err := ns.IDFromString(strings.ToUpper(id.String()))
	if err != nil || !read.Equal(id) || read.Name() != "" || id.Name() != "A" {
		t.Errorf("read back: %v %q, %v", read, read.Name(), err)
	}
	var what []string
	if err := ns.Get(read).Call("identity", &what); err != nil || what[0] != id.String() {
		t.Errorf("by ID: %q, %v", what, err)
	}
	if u := ns.NewUniqueID(); u.Equal(ns.NewUniqueID()) || u.Name() != "" ||
		!ns.Get(u).ID().Equal(u) {
		t.Errorf("unique: %v", u)
	}
	if _, err := ns.IDFromString("12"); fmt.Sprint(err) !=
		"Invalid Durable Object ID: must be 64 hex digits" {
		t.Errorf("short: %v", err)
	}
	_, err = ns.IDFromString(strings.Repeat("0", 64))
	if fmt.Sprint(err) != "Durable Object ID is not valid for this namespace." {
		t.Errorf("foreign: %v", err)
	}
}

// TestLarge is the limit of arguments and results, which come to 4 and 2 bytes
// more in JSON.
func TestLarge(t *testing.T) {
	h := newHost(t)
	const limit = 32 << 20
	tooLarge := "Serialized RPC arguments or return values are limited to 32MiB, but the size of " +
		"this value was: 33554433 bytes."
	if n := call[int](t, h, "length", strings.Repeat("x", limit-4)); n != limit-4 {
		t.Errorf("arguments at the limit: %d bytes came", n)
	}
	if e := fail(h, "length", strings.Repeat("x", limit-3)); e == nil ||
		e.Message != tooLarge || e.Remote {
		t.Errorf("arguments above the limit: %+v", e)
	}
	if n := len(call[string](t, h, "repeat", limit-2)); n != limit-2 {
		t.Errorf("a result at the limit: %d bytes", n)
	}
	if e := fail(h, "repeat", limit-1); e == nil || e.Message != tooLarge || !e.Remote {
		t.Errorf("a result above the limit: %+v", e)
	}
}
