package main

import (
	"fmt"
	"testing"

	"github.com/cairn-dev/cairn/guest"
	"github.com/cairn-dev/cairn/guest/guesttest"
)

func newHost(t *testing.T) *guesttest.Host {
	return guesttest.New(t, guesttest.Options{Script: "chat",
		Bindings: map[string]string{"ROOMS": "Room"}})
}

func post(t *testing.T, h *guesttest.Host, path, body string) *guest.Response {
	t.Helper()
	req, err := guest.NewRequest("POST", "http://127.0.0.1:8787"+path, []byte(body))
	if err != nil {
		t.Fatal(err)
	}
	return h.Fetch(req)
}

func TestHistory(t *testing.T) {
	h := newHost(t)
	for i := range 12 {
		post(t, h, "/lobby?from=ann", fmt.Sprint("message ", i+1))
	}
	post(t, h, "/garden?from=bob", "Nice here")
	h.Restart() // a room remembers only what it has stored
	for _, tt := range []struct{ path, want string }{
		{"/lobby?limit=2", "11 ann: message 11\n12 ann: message 12\n"},
		{"/lobby?limit=2&before=11", "9 ann: message 9\n10 ann: message 10\n"},
		{"/lobby?before=2", "1 ann: message 1\n"},
		{"/lobby?before=1", ""},
		{"/garden", "1 bob: Nice here\n"},
		{"/garden?limit=-1", "1 bob: Nice here\n"},
		{"/attic", ""},
	} {
		if resp := h.Get(tt.path); resp.Status != 200 || string(resp.Body) != tt.want {
			t.Errorf("%s: %d %q, want %q", tt.path, resp.Status, resp.Body, tt.want)
		}
	}
}

func TestRefused(t *testing.T) {
	h := newHost(t)
	for _, tt := range []struct {
		path, body string
		status     int
	}{
		{"/lobby", "who am I?", 400},
		{"/lobby?from=ann", "", 400},
		{"/lobby?from=ann", string(make([]byte, maxTextBytes+1)), 400},
		{"/?from=ann", "where am I?", 404},
	} {
		if resp := post(t, h, tt.path, tt.body); resp.Status != tt.status {
			t.Errorf("%s: %d, want %d", tt.path, resp.Status, tt.status)
		}
	}
	if stored := h.Storage("ROOMS", "lobby"); len(stored) != 0 {
		t.Errorf("stored %q", stored)
	}
}
