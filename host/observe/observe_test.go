package observe_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"
	"unicode/utf8"

	"github.com/cairn-dev/cairn/host/observe"
)

// buffer is a log that a guard writes to also when a time is over.
type buffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

// Write implements io.Writer.
func (b *buffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.Write(p)
}

// take returns what was written, and forgets it.
func (b *buffer) take() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	defer b.b.Reset()
	return b.b.String()
}

// lines is a log in JSON.
func newLog() (*slog.Logger, func() []map[string]any) {
	var b buffer
	return slog.New(observe.NewGuard(slog.NewJSONHandler(&b, nil))),
		func() (records []map[string]any) {
			for line := range strings.Lines(b.take()) {
				var r map[string]any
				if err := json.Unmarshal([]byte(line), &r); err != nil {
					panic(fmt.Sprintf("%v: %q", err, line))
				}
				records = append(records, r)
			}
			return records
		}
}

// TestGuard floods a log with one kind of record, and wants a handful of them, the
// number of the others once a second, and every record of other kinds.
func TestGuard(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l, take := newLog()
		a := l.With("script", "a", "object", "1")
		for range 40_000 {
			a.Error("object reset", "error", "x")
		}
		first := take()
		if len(first) == 0 || len(first) > 10 {
			t.Fatalf("%d records of one object", len(first))
		}
		for range 40_000 {
			l.Error("disk full", "error", errors.New("no space"))
		}
		if n := len(take()); n == 0 || n > 40 {
			t.Errorf("%d records of one kind", n)
		}
		l.With("script", "b", "object", "2").Error("object reset")
		l.Error("something else")
		if n := len(take()); n != 2 {
			t.Errorf("%d of 2 records of other kinds came through", n)
		}
		time.Sleep(2 * time.Second)
		told := map[string]float64{}
		for _, r := range take() {
			if r["msg"] == "log records suppressed" {
				told[fmt.Sprint(r["of"], r["script"], r["object"])] = r["suppressed"].(float64)
			}
		}
		if got, want := told["object reseta1"], float64(40_000-len(first)); got != want {
			t.Errorf("told of %v suppressed, want %v: %v", got, want, told)
		}
		a.Error("object reset")
		if n := len(take()); n != 1 {
			t.Errorf("%d records after a while, want 1", n)
		}
	})
}

// TestGuardManyKinds logs of more objects than are told apart: those of one script
// are bounded together, and the memory of them is bounded.
func TestGuardManyKinds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l, take := newLog()
		for i := range 20_000 {
			l.Error("object reset", "script", "a", "object", i)
		}
		if n := len(take()); n > 40 {
			t.Errorf("%d records", n)
		}
		l.Error("something else", "script", "b")
		if n := len(take()); n != 1 {
			t.Errorf("%d records of another kind, want 1", n)
		}
	})
}

// TestGuardCuts wants every text of a record to be cut: messages, attributes, those
// of groups and of With, and what errors say.
func TestGuardCuts(t *testing.T) {
	l, take := newLog()
	long := strings.Repeat("ü", 16<<20)
	l.With("w", long).Error(long, "s", long, "e", errors.New(long), slog.Group("g", "s", long),
		"b", []byte(long))
	line, _ := json.Marshal(take())
	if n := len(line); n > 8*observe.MaxText {
		t.Errorf("a record has %d bytes", n)
	}
	for _, c := range []struct {
		in   string
		max  int
		want string
	}{
		{"", 0, ""}, {"abc", 3, "abc"}, {"abcd", 3, "abc… (1 bytes more)"},
		{"aü", 2, "a… (2 bytes more)"}, {"\xff\xff\xff", 2, "\xff\xff… (1 bytes more)"},
		{"\x80\x80\x80\x80\x80\x80", 5, "\x80\x80\x80\x80\x80… (1 bytes more)"},
	} {
		if got := observe.Clip(c.in, c.max); got != c.want {
			t.Errorf("Clip(%q, %d) = %q, want %q", c.in, c.max, got, c.want)
		}
	}
}

// TestGuestRecords logs what guests could send to forge or to break a record.
func TestGuestRecords(t *testing.T) {
	many := map[string]int{}
	for i := range 10_000 {
		many[fmt.Sprint("a", i)] = i
	}
	manyAttrs, _ := json.Marshal(many)
	for name, c := range map[string]struct{ text, attrs, want string }{
		"plain": {"hello", `{"n":9007199254740993,"s":"x","m":{"a":[1]}}`,
			`"n":9007199254740993`},
		"the host's keys": {"hello", `{"level":"ERROR","msg":"no","object":"2"}`,
			`"guest":{"level":"ERROR"`},
		"new lines": {"a\n{\"level\":\"ERROR\"}", "", `a\n{\"level\"`},
		"escapes":   {"\x1b[31mred\x00", "", `\u001b[31mred\u0000`},
		"no UTF-8":  {"a\xff\xfe", `{"k":"v"}`, "a\uFFFD"},
		"no JSON":   {"hello", "{\"a\":", `"guest":"{\"a\":"`},
		"deep": {"hello", strings.Repeat(`{"a":`, 1000) + "1" +
			strings.Repeat("}", 1000), `"guest"`},
		"many": {"hello", string(manyAttrs), "bytes more"},
		"long": {strings.Repeat("x", 1<<20), "", "bytes more"},
	} {
		var b bytes.Buffer
		l := slog.New(observe.NewGuard(slog.NewJSONHandler(&b, nil)))
		observe.New(nil).Script("s").Log(l, 0, []byte(c.text), []byte(c.attrs))
		got := b.String()
		if !strings.Contains(got, c.want) || strings.Count(got, "\n") != 1 ||
			!utf8.ValidString(got) || len(got) > 40<<10 {
			t.Errorf("%s: logged as %.300q, want one line with %q", name, got, c.want)
		}
		if !json.Valid(b.Bytes()) || !strings.Contains(got, `"level":"INFO"`) {
			t.Errorf("%s: %.300q", name, got)
		}
	}
}

// TestGuestFlood lets one script log without end: what is written stays below its
// share, the others log as before, and somebody is told what is lost.
func TestGuestFlood(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var b buffer
		l := slog.New(observe.NewGuard(slog.NewTextHandler(&b, nil)))
		m := observe.New(nil)
		noisy, quiet := m.Script("noisy"), m.Script("quiet")
		text := bytes.Repeat([]byte("x"), 1000)
		for range 10 {
			for range 2_000 {
				noisy.Log(l, 0, text, nil)
			}
			quiet.Log(l, 0, []byte("heard"), nil)
			time.Sleep(time.Second)
		}
		synctest.Wait()
		logged := b.take()
		if n := len(logged); n > 3<<20 {
			t.Errorf("%d bytes were logged in 10 s", n)
		}
		if got := strings.Count(logged, "msg=heard"); got != 10 {
			t.Errorf("%d of 10 records of the other script", got)
		}
		if !strings.Contains(logged, `msg="guest logs too much" dropped=`) {
			t.Error("nobody was told")
		}
	})
}

// TestLabels counts for scripts and classes with names that no label takes, and
// forgets those that are not served any more.
func TestLabels(t *testing.T) {
	m := observe.New(nil)
	for _, name := range []string{"a", "\xff\xfe", strings.Repeat("long", 200), "new\nline",
		`"quoted"`, ""} {
		m.Script(name).Answered(200, time.Millisecond)
		m.Class(name, name).Called(observe.OK, time.Millisecond)
	}
	keptScript, keptClass := m.Script("a"), m.Class("a", "a")
	series := func() (n int) {
		families, err := m.Registry().Gather()
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range families {
			if name := f.GetName(); name == "cairn_request_duration_seconds" ||
				name == "cairn_call_duration_seconds" {
				n += len(f.Metric)
			}
		}
		return n
	}
	if got := series(); got != 12 {
		t.Errorf("%d series, want 12", got)
	}
	for i := range 1000 { // deploys
		m.Class("a", fmt.Sprint("C", i))
		m.Retain([]*observe.Script{keptScript}, []*observe.Class{keptClass})
	}
	if got := series(); got != 2 {
		t.Errorf("%d series are left, want 2", got)
	}
	if m.Class("a", "a") != keptClass {
		t.Error("a class that is served was forgotten")
	}
	var none *observe.Metrics
	none.Script("a").Answered(200, 0)
	none.Class("a", "b").Called(observe.OK, 0)
	none.Class("a", "b").Reset(observe.Trap)
}

func BenchmarkCalled(b *testing.B) {
	c := observe.New(nil).Class("s", "c")
	for b.Loop() {
		began := observe.Now()
		c.Called(observe.OK, began.Since())
	}
}
