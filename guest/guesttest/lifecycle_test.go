package guesttest_test

import (
	"errors"
	"fmt"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/cairn-dev/cairn/guest"
)

func TestWaitUntil(t *testing.T) {
	b := newBench(t)
	var order []string
	note := func(format string, args ...any) { order = append(order, fmt.Sprintf(format, args...)) }
	b.do("A", func(l *lab) error {
		l.state.WaitUntil(func() {
			note("first after")
			l.st.Put("k", 1)
			l.state.WaitUntil(func() { note("after that") })
			panic("only logged")
		})
		l.state.WaitUntil(func() { note("second after") })
		// What B leaves is done before B is called again.
		l.call("B", func(m *lab) error {
			m.state.WaitUntil(func() { note("B after") })
			return nil
		})
		note("A")
		l.call("B", func(*lab) error { note("B again"); return nil })
		return nil
	})
	want := []string{"A", "B after", "B again", "first after", "second after", "after that"}
	if !slices.Equal(order, want) {
		t.Errorf("order %q\nwant %q", order, want)
	}
	b.stored("A", "k", "1")

	// An error does not take back what was left, and a nested entry does it
	// before what waits for it goes on.
	order = nil
	b.try("A", func(l *lab) error {
		l.call("B", func(m *lab) error {
			return m.call("A", func(n *lab) error {
				n.state.WaitUntil(func() { note("nested after") })
				return nil
			})
		})
		note("A")
		l.state.WaitUntil(func() { note("after an error") })
		return errors.New("no")
	})
	if want := []string{"nested after", "A", "after an error"}; !slices.Equal(order, want) {
		t.Errorf("order %q\nwant %q", order, want)
	}

	onFetch = func(req *guest.Request, env *guest.Env) (*guest.Response, error) {
		env.WaitUntil(func() {
			note("Worker after")
			env.Namespace("LABS").GetByName("C").Call("do", nil, add(func(l *lab) error {
				return l.st.Put("k", 2)
			}))
		})
		order = nil
		return guest.Text(200, "now"), nil
	}
	if resp := b.Get("/"); string(resp.Body) != "now" || len(order) != 1 {
		t.Errorf("%q %q", resp.Body, order)
	}
	b.stored("C", "k", "2")
}

func TestBlockConcurrencyWhile(t *testing.T) {
	b := newBench(t)
	onBirth = func(l *lab) error {
		return l.state.BlockConcurrencyWhile(func() error {
			switch l.state.ID.Name() {
			case "fails":
				return errors.New("born badly")
			case "calls itself":
				return l.call("B", func(m *lab) error { return m.call("calls itself", nil) })
			}
			return nil
		})
	}
	e := b.refused("fails", "", "born badly", func(*lab) error { return nil })
	if !e.Reset || !e.Remote {
		t.Errorf("got %+v", e)
	}
	b.refused("calls itself", "",
		"Durable Object was called by the chain of calls that its own constructor waits for.", nil)
	onBirth = nil
	b.refused("A", "", "Durable Object was called by the chain of calls that its own "+
		"blockConcurrencyWhile() waits for.",
		func(l *lab) error {
			return l.state.BlockConcurrencyWhile(func() error {
				l.st.Put("kept", 1)
				return l.call("B", func(m *lab) error {
					err := m.call("A", nil)
					l.st.Put("lost", 1)
					return err
				})
			})
		})
	b.stored("A", "kept", "1") // the write was applied before the call to B
	b.do("A", func(l *lab) error {
		if l.calls != 1 {
			t.Errorf("%d calls: the object was not reset", l.calls)
		}
		if err := l.state.BlockConcurrencyWhile(func() error {
			return l.st.Put("k", 1)
		}); err != nil {
			return err
		}
		return l.call("B", func(m *lab) error { // the section is over
			return m.call("A", func(*lab) error { return nil })
		})
	})
	b.stored("A", "k", "1")
	b.stored("A", "lost", "")
	stub := b.Namespace("LABS").GetByName("A")
	err := stub.Call("do", nil, add(func(l *lab) error {
		l.st.Put("k", 2)
		l.state.BlockConcurrencyWhile(func() error { panic("within") })
		return nil
	}))
	if !errors.Is(err, guest.ErrReset) || err.Error() != "within" ||
		stub.Call("do", nil, 0) != err {
		t.Errorf("a panic in the section: %v", err)
	}
	b.stored("A", "k", "1")
}

// TestBlockConcurrencyWhileDepth nests sections as deep as they go.
func TestBlockConcurrencyWhileDepth(t *testing.T) {
	b := newBench(t)
	depth := 0
	b.refused("A", "", "blockConcurrencyWhile() calls are nested too deeply.", func(l *lab) error {
		var nest func() error
		var deepest error
		nest = func() error {
			depth++
			if err := l.state.BlockConcurrencyWhile(nest); err != nil {
				deepest = err
			}
			return nil
		}
		nest()
		return deepest
	})
	if depth != 65 { // the outermost is in no section
		t.Errorf("nested %d deep, want 64", depth-1)
	}
}

// TestReset calls back into an object that was aborted below the call.
func TestReset(t *testing.T) {
	b := newBench(t)
	b.refused("A", "", "down", func(l *lab) error {
		return l.call("B", func(m *lab) error {
			m.call("A", func(n *lab) error { n.state.Abort("down"); return nil })
			err := m.call("A", func(*lab) error { return nil })
			if !errors.Is(err, guest.ErrReset) || err.Error() != "down" {
				t.Errorf("got %v", err)
			}
			return nil
		})
	})
	b.do("A", func(*lab) error { return nil })
}

func TestCrash(t *testing.T) {
	b := newBench(t)
	put := func(key string, options ...guest.WriteOption) stepFunc {
		return func(l *lab) error { return l.st.Put(key, 1, options...) }
	}
	b.do("A", put("early", guest.AllowUnconfirmed))
	b.do("B", put("confirmed"))
	b.do("A", put("late", guest.AllowUnconfirmed))
	b.do("A", func(l *lab) error {
		_, err := l.st.Delete("early", guest.AllowUnconfirmed)
		return err
	})
	b.stored("A", "early", "")
	b.Crash()
	// The log is durable as a prefix, so what came before the confirmed write
	// is there.
	b.stored("A", "early", "1")
	b.stored("A", "late", "")
	b.stored("B", "confirmed", "1")
	b.do("A", func(l *lab) error {
		return errors.Join(l.st.PutMany(map[string]any{"synced": 1}, guest.AllowUnconfirmed),
			l.st.Sync(),
			l.st.PutBytes("lost", nil, guest.AllowUnconfirmed))
	})
	b.Crash()
	b.stored("A", "synced", "1")
	if _, ok := b.Storage("LABS", "A")["lost"]; ok {
		t.Error("what nothing waited for is there")
	}
}

func TestFetchOut(t *testing.T) {
	b := newBench(t)
	send := func(url string) (*guest.Response, error) {
		req, err := guest.NewRequest("POST", url, []byte("body"))
		if err != nil {
			return nil, err
		}
		req.Header.Set("X-Sent", "this")
		return guest.Fetch(req)
	}
	b.do("A", func(l *lab) error {
		l.st.Put("k", 1, guest.AllowUnconfirmed)
		resp, err := send("http://out.example/a?b")
		if err != nil {
			return err
		}
		got := fmt.Sprint(resp.Status, " ", resp.Header.Get("X-Got"), " ", string(resp.Body))
		if want := "201 this POST http://out.example/a?b body"; got != want {
			return fmt.Errorf("got %q, want %q", got, want)
		}
		return nil
	})
	b.Crash()
	b.stored("A", "k", "1") // the outside may know of it
	b.do("A", func(l *lab) error {
		_, err := send("http://nowhere/")
		if !errors.Is(err, guest.ErrRetryable) || errors.Is(err, guest.ErrRemote) {
			return fmt.Errorf("got %+v", err)
		}
		return nil
	})
	onFetch = func(req *guest.Request, env *guest.Env) (*guest.Response, error) {
		return guest.Fetch(req)
	}
	if resp := b.Get("/x"); resp.Status != 201 {
		t.Errorf("passed on: %d", resp.Status)
	}
	e := fail(newHost(t), "send")
	if e == nil ||
		e.Message != "This host lets guests send nothing out (allow hosts with --allow-host)." {
		t.Errorf("without a network: %+v", e)
	}
}

// TestClasses reaches objects of two classes, one of which has no Fetch.
func TestClasses(t *testing.T) {
	b := newBench(t)
	req, _ := guest.NewRequest("", "http://h/", nil)
	for _, binding := range []string{"LABS", "PLAIN"} {
		_, err := b.Namespace(binding).GetByName("A").Fetch(req)
		e, ok := errors.AsType[*guest.Error](err)
		if !ok || e.Name != "TypeError" ||
			e.Message != "Handler does not export a fetch() function." {
			t.Errorf("%s: %+v", binding, err)
		}
	}
	id := b.Namespace("PLAIN").IDFromName("A")
	b.refused("A", "TypeError", "Durable Object ID is not valid for this namespace.",
		func(l *lab) error {
			return l.env.Namespace("LABS").Get(id).Call("do", nil, 0)
		})
	if err := b.Namespace("LABS").Get(guest.ID{}).Call("do", nil, 0); err == nil ||
		err.Error() != "Durable Object ID is not valid for this namespace." {
		t.Errorf("an ID of nothing: %v", err)
	}
}

// TestTooLarge sends messages above the limit.
func TestTooLarge(t *testing.T) {
	b := newBench(t)
	body := make([]byte, 32<<20)
	onFetch = func(req *guest.Request, env *guest.Env) (*guest.Response, error) {
		large, err := guest.NewRequest("POST", "http://h/", body)
		if err != nil {
			return nil, err
		}
		_, err = env.Namespace("LABS").GetByName("A").Fetch(large)
		if e, ok := errors.AsType[*guest.Error](err); !ok || e.Name != "RangeError" {
			t.Errorf("Stub.Fetch: %v", err)
		}
		if _, err = guest.Fetch(large); err == nil {
			t.Error("Fetch sends it")
		}
		large.Body = body[:len(body)-1024]
		if resp, err := guest.Fetch(large); err != nil || len(resp.Body) < len(large.Body) {
			t.Errorf("a large one that fits: %v", err)
		}
		return &guest.Response{Body: body}, nil
	}
	if resp := b.Get("/"); resp.Status != 500 {
		t.Errorf("a response above the limit: %d", resp.Status)
	}
}

// TestSectionLimit lets a critical section take more than 30 seconds.
func TestSectionLimit(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const tooLong = "A call to blockConcurrencyWhile() in a Durable Object waited for too " +
			"long. The call was canceled and the Durable Object was reset."
		b := newBench(t)
		section := func(d time.Duration, within stepFunc) stepFunc {
			return func(l *lab) error {
				return l.state.BlockConcurrencyWhile(func() error {
					l.st.Put("k", d.String())
					time.Sleep(d)
					return within(l)
				})
			}
		}
		nothing := func(*lab) error { return nil }
		b.do("A", section(30*time.Second, nothing))
		b.stored("A", "k", `"30s"`)
		for name, within := range map[string]stepFunc{
			"ends":   nothing,
			"stores": func(l *lab) error { l.st.Put("k", 2); t.Error("it goes on"); return nil },
			"calls": func(l *lab) error {
				return l.call("B", func(*lab) error { t.Error("B is called"); return nil })
			},
			"is deep": func(l *lab) error {
				return l.state.BlockConcurrencyWhile(func() error { return nil })
			},
		} {
			e := b.refused("A", "", tooLong, section(31*time.Second, within))
			if !e.Overloaded || !e.Reset || e.Remote {
				t.Errorf("%s: %+v", name, e)
			}
			b.stored("A", "k", `"30s"`)
			b.do("A", func(l *lab) error {
				if l.calls != 1 {
					t.Errorf("%s: %d calls: the object was not reset", name, l.calls)
				}
				return nil
			})
		}
	})
}

// TestObjects: an object exists while it stores something.
func TestObjects(t *testing.T) {
	b := newBench(t)
	want := func(when string, names ...string) {
		t.Helper()
		got := b.Objects("LABS")
		for _, name := range names {
			if !slices.ContainsFunc(got, b.Namespace("LABS").IDFromName(name).Equal) {
				t.Errorf("%s: %s is missing", when, name)
			}
		}
		if len(got) != len(names) {
			t.Errorf("%s: %d objects, want %q", when, len(got), names)
		}
	}
	onAlarm = func(*lab, guest.AlarmInfo) error { return nil }
	want("at first")
	b.do("reads", func(l *lab) error { _, err := l.st.GetBytes("k"); return err })
	b.do("A", func(l *lab) error { return errors.Join(l.st.Put("k", 1), l.st.Put("m", 1)) })
	b.do("B", func(l *lab) error { return l.st.SetAlarm(guest.Now().Add(time.Second)) })
	want("after the first writes", "A", "B")
	b.do("A", func(l *lab) error { _, err := l.st.Delete("m"); return err })
	want("with a key left", "A", "B")
	b.do("A", func(l *lab) error { _, err := l.st.Delete("k"); return err })
	want("without a key", "B")
	b.Advance(time.Second)
	want("after the alarm")
	if other := b.Objects("PLAIN"); len(other) > 0 {
		t.Errorf("another class has %v", other)
	}
}
