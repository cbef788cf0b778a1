//go:build !wasip1

package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/cairn-dev/cairn/host/event"
	"github.com/cairn-dev/cairn/host/hosttest"
)

func start(t *testing.T) *hosttest.Host {
	return hosttest.Start(t, hosttest.Options{Guest: "sdk",
		Bindings: map[string]string{"PROBES": "Probe"}})
}

// TestRandom makes sure that what instances draw differs, though they have an
// image in common.
func TestRandom(t *testing.T) {
	h := start(t)
	var all []Random
	for range 4 {
		_, body := h.Get("/random")
		var r Random
		if err := json.Unmarshal([]byte(body), &r); err != nil {
			t.Fatalf("%s: %v", body, err)
		}
		all = append(all, r)
	}
	for i := range 2 {
		if i > 0 {
			h.Restart() // another image, and an object that was never asleep
		}
		var first, second []Random
		h.Must(&first, "PROBES", "random", "random")
		h.Must(&second, "PROBES", "random", "random")
		all = append(all, first[0], first[1], second[1])
	}
	for i := range 4 {
		var list []Random
		h.Must(&list, "PROBES", fmt.Sprint("other ", i), "random")
		all = append(all, list[1])
	}
	seen := map[string]string{}
	for i, r := range all {
		if i < 4 && r.Start != all[0].Start {
			t.Errorf("the Worker's instances do not begin with one image")
		}
		for j, value := range append([]string{r.Map, r.Hash, r.Old, r.Crypto}, r.Draws...) {
			where := fmt.Sprint("draw ", j, " of instance ", i)
			if before, ok := seen[value]; ok {
				t.Fatalf("%s is %s: %s", where, before, value)
			}
			seen[value] = where
		}
	}
}

func TestStorage(t *testing.T) {
	h := start(t)
	h.Must(nil, "PROBES", "A", "fill", 3000, 1000)
	for _, tt := range []struct {
		options string
		want    []any
	}{
		{`{}`, []any{3000, 3_000_000, "fill-00000", "fill-02999"}},
		{`{"Reverse": true, "Limit": 2}`, []any{2, 2000, "fill-02999", "fill-02998"}},
		{`{"Start": "fill-00100", "End": "fill-00101"}`,
			[]any{1, 1000, "fill-00100", "fill-00100"}},
		{`{"Prefix": "fill-0002", "StartAfter": "fill-00020"}`,
			[]any{9, 9000, "fill-00021", "fill-00029"}},
		{`{"Prefix": "x"}`, []any{0, 0, "", ""}},
	} {
		var s Scanned
		h.Must(&s, "PROBES", "A", "scan", json.RawMessage(tt.options))
		if got := []any{s.Keys, s.Bytes, s.First, s.Last}; !reflect.DeepEqual(got, tt.want) {
			t.Errorf("%s: %v, want %v", tt.options, got, tt.want)
		}
		if s.Grown > 1<<20 {
			t.Errorf("%s: the heap has grown by %d bytes", tt.options, s.Grown)
		}
	}
	var left []string
	h.Must(&left, "PROBES", "B", "many")
	if want := []string{"a=1", `c="three"`, "1", "c", "b"}; !slices.Equal(left, want) {
		t.Errorf("left %q, want %q", left, want)
	}
	for _, tt := range []struct{ how, want string }{
		{"error", "|rolled back"}, {"panic", "|recovered rolled back"}, {"", "outer"},
		{"error", "outer|rolled back"},
	} {
		var got string
		if h.Must(&got, "PROBES", "C", "transact", tt.how); got != tt.want {
			t.Errorf("transaction %q: %q, want %q", tt.how, got, tt.want)
		}
	}
	h.Restart()
	var got string
	if h.Must(&got, "PROBES", "C", "get", "t"); got != "outer" {
		t.Errorf("after a restart: %q", got)
	}
	var size int
	if h.Must(&size, "PROBES", "A", "large", 4<<20); size != 4<<20 {
		t.Errorf("%d bytes came back", size)
	}
}

func TestAlarm(t *testing.T) {
	h := start(t)
	var at int64
	h.Must(&at, "PROBES", "A", "wake", 50)
	if d := time.Until(time.UnixMilli(at)); d < 0 || d > 100*time.Millisecond {
		t.Errorf("the alarm is in %v", d)
	}
	if got, want := eventually(h, "A", "alarm"), fmt.Sprint(at, " 0 false true"); got != want {
		t.Errorf("the handler saw %q, want %q", got, want)
	}
	var alarm bool
	h.Must(nil, "PROBES", "B", "wake", 60_000)
	if h.Must(&alarm, "PROBES", "B", "deleteAll"); alarm {
		t.Error("an alarm is left after DeleteAll")
	}
}

// eventually waits for a key of an object.
func eventually(h *hosttest.Host, name, key string) (value string) {
	for range 500 {
		if h.Must(&value, "PROBES", name, "get", key); value != "" {
			return value
		}
		time.Sleep(10 * time.Millisecond)
	}
	return "nothing"
}

func TestLifecycle(t *testing.T) {
	h := start(t)
	var answer string
	if h.Must(&answer, "PROBES", "A", "background"); answer != "answered" {
		t.Errorf("answer %q", answer)
	}
	if got := eventually(h, "A", "background"); got != "second" {
		t.Errorf("in the background: %q", got)
	}
	if status, body := h.Get("/background"); status != 200 || body != "answered" {
		t.Errorf("the Worker: %d %q", status, body)
	}
	if got := eventually(h, "B", "background"); got != "done" {
		t.Errorf("in the Worker's background: %q", got)
	}
	for _, tt := range []struct{ name, method, want string }{
		{"C", "block", "reset"},
		{"stillborn", "background", "born badly"},
	} {
		_, err := h.Call("PROBES", tt.name, tt.method)
		e, ok := errors.AsType[*event.Error](err)
		if !ok || e.Message != tt.want || e.Flags == 0 {
			t.Errorf("%s: %+v, want %s", tt.name, err, tt.want)
		}
	}
	var lost string
	if h.Must(&lost, "PROBES", "C", "get", "lost"); lost != "" {
		t.Errorf("a write before a reset is there: %q", lost)
	}
	if _, err := h.Call("PROBES", "A", "send", "http://127.0.0.1:1/"); err == nil ||
		!strings.Contains(err.Error(), "send nothing out") {
		t.Errorf("a request out: %v", err)
	}
}
