package main

import (
	"testing"
	"time"

	"github.com/cairn-dev/cairn/guest"
	"github.com/cairn-dev/cairn/guest/guesttest"
)

func newHost(t *testing.T) *guesttest.Host {
	return guesttest.New(t, guesttest.Options{
		Script:   "ratelimiter",
		Bindings: map[string]string{"BUCKETS": "Bucket"},
		Vars:     map[string]any{"BURST": 2, "PER_SECOND": 1.0 / 60},
	})
}

func get(t *testing.T, h *guesttest.Host, caller string) *guest.Response {
	t.Helper()
	req, err := guest.NewRequest("GET", "http://127.0.0.1:8787/", nil)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("X-API-Key", caller)
	return h.Fetch(req)
}

func TestBucket(t *testing.T) {
	h := newHost(t)
	for i, step := range []struct {
		pause  time.Duration
		caller string
		status int
	}{
		{0, "ann", 200}, {0, "ann", 200}, {0, "ann", 429},
		{0, "bob", 200},
		{50 * time.Second, "ann", 429}, // 5/6 of a token
		{10 * time.Second, "ann", 200}, {0, "ann", 429},
		{time.Hour, "ann", 200}, {0, "ann", 200}, {0, "ann", 429}, // no more than the bucket holds
		{0, "", 401},
	} {
		h.Advance(step.pause)
		h.Evict("BUCKETS", "ann") // what counts is stored
		if resp := get(t, h, step.caller); resp.Status != step.status {
			t.Errorf("step %d: status %d, want %d", i, resp.Status, step.status)
		}
	}
}

// TestWait asks the object itself: a refusal tells how long to wait, and waiting
// that long is enough.
func TestWait(t *testing.T) {
	h := newHost(t)
	bucket := h.Namespace("BUCKETS").GetByName("ann")
	var wait time.Duration
	for range 3 {
		if err := bucket.Call("take", &wait); err != nil {
			t.Fatal(err)
		}
	}
	if wait <= 0 || wait > time.Minute {
		t.Errorf("wait %v, want a minute at most", wait)
	}
	h.Advance(wait)
	if err := bucket.Call("take", &wait); err != nil || wait != 0 {
		t.Errorf("after the wait: %v, %v", wait, err)
	}
	if got := get(t, h, "ann").Header.Get("Retry-After"); got == "" || got == "0" {
		t.Errorf("Retry-After %q", got)
	}
}
