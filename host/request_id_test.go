package host_test

import (
	"net/http"
	"slices"
	"testing"

	"github.com/cairn-dev/cairn/host/event"
	"github.com/cairn-dev/cairn/host/hosttest"
)

// TestRequestID follows requests through the log: whatever one of them sets off, in the
// Worker, in an object that it calls, in one that this calls and in the host, bears one
// ID, and the next request another.
func TestRequestID(t *testing.T) {
	h := hosttest.Start(t, hosttest.Options{Guest: "chain",
		Bindings: map[string]string{"LINKS": "Link"}})
	const steps = `[["log", "worker"],
		["call", "A", ["log", "A"], ["try", "B", ["log", "B"], ["abort", "why"]], ["log", "A again"]],
		["throw", "uncaught"]]`
	want := []string{"worker", "A", "B", "object reset", "A again", "uncaught error"}
	var ids []string
	for range 3 {
		before := len(h.Logs())
		status, _ := h.Do(http.MethodPost, "/", steps)
		if status != http.StatusInternalServerError {
			t.Errorf("status %d", status)
		}
		var got []string
		ids = append(ids, h.Logs()[before].Attr("request"))
		for _, r := range h.Logs()[before:] {
			got = append(got, r.Message)
			if id := r.Attr("request"); id != ids[len(ids)-1] || len(id) != 16 {
				t.Errorf("%q is of request %q, the first record of %q",
					r.Message, id, ids[len(ids)-1])
			}
		}
		if !slices.Equal(got, want) {
			t.Errorf("the log has %q, want %q", got, want)
		}
	}
	if slices.Sort(ids); len(slices.Compact(ids)) != 3 {
		t.Errorf("three requests are %q", ids)
	}
}

// TestRequestIDRoute is TestRequestID for the built-in route.
func TestRequestIDRoute(t *testing.T) {
	h := hosttest.Start(t, hosttest.Options{Guest: "box",
		Bindings: map[string]string{"BOX": "Box"}})
	before := len(h.Logs())
	h.Do(http.MethodPost, "/BOX/A/log", `["guest"]`)
	h.Do(http.MethodPost, "/BOX/A/panic", `[]`)
	logs := h.Logs()[before:]
	if len(logs) != 3 {
		t.Fatalf("the log has %d records, want the guest's two and the host's", len(logs))
	}
	one, other := logs[0].Attr("request"), logs[1].Attr("request")
	if len(one) != 16 || len(other) != 16 || one == other || logs[2].Attr("request") != other {
		t.Errorf("%+v", logs)
	}
}

// TestRequestIDText wants an ID to read the same in a log, in JSON and in Go.
func TestRequestIDText(t *testing.T) {
	id := event.RequestID(0xabc)
	text, err := id.MarshalText()
	if err != nil || string(text) != "0000000000000abc" || id.String() != string(text) {
		t.Errorf("%q, %v, %q", text, err, id)
	}
}
