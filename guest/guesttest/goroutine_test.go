package guesttest_test

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/cairn-dev/cairn/guest"
	"github.com/cairn-dev/cairn/guest/guesttest"
)

func init() {
	guest.RegisterObject("Starter", func(s *guest.State, e *guest.Env) (*starter, error) {
		return &starter{s, e}, nil
	})
}

// starter starts goroutines.
type starter struct {
	state *guest.State
	env   *guest.Env
}

var (
	stop = make(chan struct{}) // what blocks waits for it, and it never comes
	ran  atomic.Int64
)

func (s *starter) Quick()   { go func() { ran.Add(1) }() }
func (s *starter) Sleeps()  { go time.Sleep(time.Hour) }
func (s *starter) Blocked() { go func() { <-stop }() }
func (s *starter) Ticks() {
	t := time.NewTicker(time.Hour)
	go func() {
		for range t.C {
		}
	}()
}
func (s *starter) Outer() error {
	return s.env.Namespace("STARTERS").GetByName("B").Call("quick", nil)
}
func (s *starter) Later() { s.state.WaitUntil(func() { go func() { ran.Add(1) }() }) }
func (s *starter) Grandchild() {
	var wait sync.WaitGroup
	wait.Go(func() { go func() { <-stop }() })
	wait.Wait()
}
func (s *starter) Alarm(guest.AlarmInfo) error { s.Quick(); return nil }
func (s *starter) Set() error                  { return s.state.Storage.SetAlarm(guest.Now()) }

func (s *starter) Waits() int {
	var wait sync.WaitGroup
	results := make(chan int, 100)
	for i := range cap(results) {
		wait.Go(func() { results <- i })
	}
	wait.Wait()
	return len(results)
}
func (s *starter) WaitsLater() {
	var wait sync.WaitGroup
	wait.Go(func() {})
	s.state.WaitUntil(wait.Wait)
}
func (s *starter) Out() error {
	req, err := guest.NewRequest("GET", "http://out.example/", nil)
	if err == nil {
		_, err = guest.Fetch(req)
	}
	return err
}

// failures is a test that keeps what it fails for.
type failures struct {
	testing.TB
	texts []string
}

func (f *failures) Errorf(format string, args ...any) {
	f.texts = append(f.texts, fmt.Sprintf(format, args...))
}

// TestGoroutines wants the test to fail for a goroutine that a host would not run
// on, whatever it does, and only for that.
func TestGoroutines(t *testing.T) {
	server := httptest.NewServer(http.NotFoundHandler())
	defer server.Close()
	f := &failures{TB: t}
	h := guesttest.New(f, guesttest.Options{
		Script: "test", Bindings: map[string]string{"STARTERS": "Starter"},
		// The client keeps a connection, and the connection goroutines.
		Fetch: func(*guest.Request) (*guest.Response, error) {
			resp, err := http.Get(server.URL)
			if err == nil {
				io.Copy(io.Discard, resp.Body)
				resp.Body.Close()
			}
			return &guest.Response{}, err
		},
	})
	stub := h.Namespace("STARTERS").GetByName("A")
	for method, where := range map[string]string{
		"quick": "Quick.func1", "sleeps": "", "blocked": "Blocked.func1", "ticks": "Ticks.func1",
		"outer": "Quick.func1", "later": "Later.func1", "grandchild": "Grandchild.func1",
	} {
		f.texts = nil
		// On a busy machine the call's thread may stand still for so long that a quick
		// goroutine comes and goes. It does not do so every time.
		for tries := 0; f.texts == nil && tries < 50; tries++ {
			if err := stub.Call(method, nil); err != nil {
				t.Fatalf("%s: %v", method, err)
			}
		}
		if len(f.texts) != 1 || !strings.Contains(f.texts[0], "WaitUntil") ||
			!strings.Contains(f.texts[0], where) {
			t.Errorf("%s: %q", method, f.texts)
		}
	}
	f.texts = nil
	for range 20 {
		for _, method := range []string{"waits", "waitsLater", "out", "set"} {
			if err := stub.Call(method, nil); err != nil {
				t.Fatalf("%s: %v", method, err)
			}
			if f.texts != nil {
				t.Fatalf("%s failed the test: %s", method, f.texts)
			}
		}
	}
	for tries := 0; f.texts == nil && tries < 50; tries++ {
		if err := stub.Call("set", nil); err != nil || h.RunDueAlarms() != 1 {
			t.Fatal("no alarm ran", err)
		}
	}
	if len(f.texts) != 1 {
		t.Errorf("an alarm: %q", f.texts)
	}
}
