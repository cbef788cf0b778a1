package main

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/cairn-dev/cairn/guest"
	"github.com/cairn-dev/cairn/guest/guesttest"
)

// app is a running app, and the requests that the tests send.
type app struct {
	*guesttest.Host
	t *testing.T
}

func newApp(t *testing.T) app {
	return app{guesttest.New(t, guesttest.Options{
		Script:   "reminder",
		Bindings: map[string]string{"REMINDERS": "Reminders", "PHONES": "Phone"},
	}), t}
}

func (a app) want(method, path, body string, status int, want string) {
	a.t.Helper()
	req, err := guest.NewRequest(method, "http://127.0.0.1:8787"+path, []byte(body))
	if err != nil {
		a.t.Fatal(err)
	}
	if resp := a.Fetch(req); resp.Status != status || string(resp.Body) != want {
		a.t.Errorf("%s %s: %d %q, want %d %q", method, path, resp.Status, resp.Body, status, want)
	}
}

func TestReminders(t *testing.T) {
	a := newApp(t)
	a.want("POST", "/ann?in=1h", "go home", 201, "reminder 1 is set\n")
	a.want("POST", "/ann?in=2s", "the tea is ready", 201, "reminder 2 is set\n")
	a.want("POST", "/ann?in=3s", "call Bob", 201, "reminder 3 is set\n")
	a.want("DELETE", "/ann/3", "", 200, "reminder 3 is cancelled\n")
	a.want("DELETE", "/ann/3", "", 404, "no such reminder\n")
	a.want("GET", "/ann", "", 200, "1 go home\n2 the tea is ready\n")

	a.Restart() // an alarm is stored
	if n := a.Advance(time.Minute); n != 1 {
		t.Errorf("%d alarms went off in a minute, want 1", n)
	}
	a.want("GET", "/ann/phone", "", 200, "the tea is ready\n")
	a.want("GET", "/ann", "", 200, "1 go home\n")
	if n := a.Advance(time.Hour); n != 1 || !a.Alarm("REMINDERS", "ann").IsZero() {
		t.Errorf("%d alarms went off in an hour, want 1; the next is at %v, want none",
			n, a.Alarm("REMINDERS", "ann"))
	}
	a.want("GET", "/ann/phone", "", 200, "the tea is ready\ngo home\n")
	a.want("GET", "/ann", "", 200, "")
}

// TestCancelAll leaves no alarm for nothing.
func TestCancelAll(t *testing.T) {
	a := newApp(t)
	a.want("POST", "/ann?in=1s", "stand up", 201, "reminder 1 is set\n")
	a.want("DELETE", "/ann/1", "", 200, "reminder 1 is cancelled\n")
	if !a.Alarm("REMINDERS", "ann").IsZero() || a.Advance(time.Hour) != 0 {
		t.Error("there is an alarm without a reminder")
	}
}

// TestRetry has a phone that is off for ten seconds: the handler fails at once
// and after 2 and 4 more, and succeeds after 8 more.
func TestRetry(t *testing.T) {
	a := newApp(t)
	a.want("PUT", "/ann/phone", "off", 200, "the phone is on: false\n")
	a.want("POST", "/ann?in=1s", "stand up", 201, "reminder 1 is set\n")
	if n := a.Advance(10 * time.Second); n != 3 {
		t.Errorf("the handler ran %d times, want 3", n)
	}
	a.want("GET", "/ann", "", 200, "1 stand up\n")
	a.want("PUT", "/ann/phone", "on", 200, "the phone is on: true\n")
	if n := a.Advance(10 * time.Second); n != 1 {
		t.Errorf("the handler ran %d times more, want 1", n)
	}
	a.want("GET", "/ann/phone", "", 200, "(missed call)\n(missed call)\n(missed call)\nstand up\n")
	a.want("GET", "/ann", "", 200, "")
}

// TestTwoUsers has alarms of two objects, which know whose they are.
func TestTwoUsers(t *testing.T) {
	a := newApp(t)
	users := []string{"ann", "bob"}
	for _, user := range slices.Backward(users) {
		a.want("POST", "/"+user+"?in=1s", "for "+user, 201, "reminder 1 is set\n")
	}
	a.Advance(time.Second)
	for _, user := range users {
		a.want("GET", "/"+user+"/phone", "", 200, fmt.Sprintf("for %s\n", user))
	}
	a.want("POST", "/ann?in=soon", "x", 400, "Say what, and when with ?in=10s\n")
	a.want("GET", "/", "", 404, "Whose reminders? Try /ann\n")
}
