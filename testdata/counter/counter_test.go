package main

import (
	"testing"

	"github.com/cairn-dev/cairn/guest/guesttest"
)

func newHost(t *testing.T) *guesttest.Host {
	return guesttest.New(t, guesttest.Options{
		Script:   "my-counter",
		Bindings: map[string]string{"COUNTERS": "Counter"},
	})
}

func TestCounter(t *testing.T) {
	const usage = "Select a Durable Object to contact by using the `name` URL query string" +
		" parameter, for example, ?name=A"
	for _, tt := range []struct {
		name, url string
		status    int
		body      string
	}{
		{"no name", "/increment", 200, usage},
		{"empty name", "/nowhere?name=", 200, usage},
		{"increment", "/increment?name=A", 200, "Durable Object 'A' count: 1"},
		{"decrement", "/decrement?name=A", 200, "Durable Object 'A' count: -1"},
		{"show", "/?name=A", 200, "Durable Object 'A' count: 0"},
		{"show without a slash", "http://127.0.0.1:8787?name=A", 200,
			"Durable Object 'A' count: 0"},
		{"no such path", "/nowhere?name=A", 404, "Not found"},
		{"escaped name", "/increment?name=a%20b", 200, "Durable Object 'a b' count: 1"},
		// As URLSearchParams reads them: everything is a name.
		{"semicolon", "/increment?name=a;b", 200, "Durable Object 'a;b' count: 1"},
		{"no escape", "/increment?x=%&name=100%", 200, "Durable Object '100%' count: 1"},
		{"no UTF-8", "/increment?name=%FFa", 200, "Durable Object '\uFFFDa' count: 1"},
		{"plus", "/increment?name=a+b", 200, "Durable Object 'a b' count: 1"},
		{"no such path, nor escape", "/100%?name=A", 404, "Not found"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			resp := newHost(t).Get(tt.url)
			if resp.Status != tt.status || string(resp.Body) != tt.body {
				t.Errorf("got %d %q, want %d %q", resp.Status, resp.Body, tt.status, tt.body)
			}
		})
	}
}

func TestCountsOn(t *testing.T) {
	h := newHost(t)
	h.Get("/increment?name=A")
	h.Get("/increment?name=A")
	h.Get("/increment?name=B")
	h.Restart()
	resp := h.Get("/increment?name=A")
	if got, want := string(resp.Body), "Durable Object 'A' count: 3"; got != want {
		t.Errorf("after a restart: %q, want %q", got, want)
	}
	if got := string(h.Storage("COUNTERS", "A")["value"]); got != "3" {
		t.Errorf("stored %q, want 3", got)
	}
}

func TestAmount(t *testing.T) {
	stub := newHost(t).Namespace("COUNTERS").GetByName("A")
	var count int64
	if err := stub.Call("increment", &count, 42); err != nil || count != 42 {
		t.Errorf("increment(42) = %d, %v", count, err)
	}
	if err := stub.Call("decrement", &count, 2); err != nil || count != 40 {
		t.Errorf("decrement(2) = %d, %v", count, err)
	}
}
