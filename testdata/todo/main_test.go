package main

import (
	"strings"
	"testing"

	"github.com/cairn-dev/cairn/guest"
	"github.com/cairn-dev/cairn/guest/guesttest"
)

// TestREST sends one request after the other to one app.
func TestREST(t *testing.T) {
	h := guesttest.New(t, guesttest.Options{Script: "todo",
		Bindings: map[string]string{"LISTS": "List"}})
	const both = `[{"title":"bread","done":false},{"title":"milk","done":true}]`
	for _, tt := range []struct {
		method, path, body string
		status             int
		want               string
	}{
		{"GET", "/groceries", "", 200, "[]"},
		{"POST", "/groceries", `["milk", "bread"]`,
			201, `[{"title":"bread","done":false},{"title":"milk","done":false}]`},
		{"PUT", "/groceries/milk", `{"done": true}`, 200, `{"title":"milk","done":true}`},

		// All or none, whatever the reason.
		{"POST", "/groceries", `["eggs", "milk"]`, 409, "milk is on the list already\n"},
		{"POST", "/groceries", `["eggs", "eggs"]`, 409, "eggs is on the list already\n"},
		{"POST", "/groceries", `["eggs", ""]`, 409, "A title has 1 to 200 bytes\n"},
		{"POST", "/groceries", `["eggs", "` + strings.Repeat("x", 201) + `"]`, 409,
			"A title has 1 to 200 bytes\n"},
		{"POST", "/groceries", "eggs", 400, "The body is a JSON array of titles\n"},
		{"GET", "/groceries", "", 200, both},

		{"PUT", "/groceries/eggs", `{"done": true}`, 404, "eggs is not on the list\n"},
		{"PUT", "/groceries/milk", `{"title": "eggs"}`, 400, "The body is like {\"done\": true}\n"},
		{"DELETE", "/groceries", "", 405, "GET or POST a list, PUT or DELETE an item\n"},
		{"GET", "/", "", 404, "Which list? Try /groceries\n"},
		{"GET", "/garden", "", 200, "[]"},
		{"GET", "/%FF%", "", 200, "[]"}, // no UTF-8 and no escape, but a list
		{"GET", "/groceries", "", 200, both},

		{"DELETE", "/groceries/bread", "", 204, ""},
		{"DELETE", "/groceries/bread", "", 404, "bread is not on the list\n"},
		{"POST", "/groceries", `["brown bread"]`,
			201, `[{"title":"brown bread","done":false},{"title":"milk","done":true}]`},
		{"DELETE", "/groceries/brown%20bread", "", 204, ""},
	} {
		req, err := guest.NewRequest(tt.method, "http://127.0.0.1:8787"+tt.path, []byte(tt.body))
		if err != nil {
			t.Fatal(err)
		}
		h.Restart() // a list remembers only what it has stored
		if resp := h.Fetch(req); resp.Status != tt.status || string(resp.Body) != tt.want {
			t.Errorf("%s %s %s: %d %q, want %d %q",
				tt.method, tt.path, tt.body, resp.Status, resp.Body, tt.status, tt.want)
		}
	}
}
