package guesttest_test

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/cairn-dev/cairn/guest"
)

func keysOf(entries []guest.Entry) string {
	var keys []string
	for _, e := range entries {
		keys = append(keys, e.Key)
	}
	return strings.Join(keys, " ")
}

// TestList has the cases 23 to 44 of SEMANTICS, section 6.
func TestList(t *testing.T) {
	b := newBench(t)
	b.do("A", func(l *lab) error {
		return l.st.PutMany(map[string]any{"foo": "abc", "bar": "def", "baz": 123, "qux": 321})
	})
	b.do("B", func(l *lab) error {
		return l.st.PutMany(map[string]any{"foo": 1, "foo\x00": 2, "fooa": 3, "": 4})
	})
	for _, tt := range []struct {
		object  string
		options guest.ListOptions
		want    string
	}{
		{"A", guest.ListOptions{}, "bar baz foo qux"},
		{"A", guest.ListOptions{Start: "cat"}, "foo qux"},
		{"A", guest.ListOptions{Start: "fop"}, "qux"},
		{"A", guest.ListOptions{End: "cat"}, "bar baz"},
		{"A", guest.ListOptions{End: "foo"}, "bar baz"},
		{"A", guest.ListOptions{End: "fop"}, "bar baz foo"},
		{"A", guest.ListOptions{Start: "baz", Limit: 2}, "baz foo"},
		{"A", guest.ListOptions{Reverse: true}, "qux foo baz bar"},
		{"A", guest.ListOptions{Reverse: true, End: "foo"}, "baz bar"},
		{"A", guest.ListOptions{Reverse: true, End: "foo", Limit: 1}, "baz"},
		{"A", guest.ListOptions{Prefix: "ba"}, "bar baz"},
		{"A", guest.ListOptions{Prefix: "ba", Start: "bb"}, ""},
		{"A", guest.ListOptions{Prefix: "ba", Start: "bz"}, ""},
		{"A", guest.ListOptions{Prefix: "ba", Start: "az", End: "baz"}, "bar"},
		{"A", guest.ListOptions{Prefix: "b", End: "a"}, ""},
		{"A", guest.ListOptions{Prefix: "b", End: "b"}, ""},
		{"A", guest.ListOptions{Prefix: "b", End: "c"}, "bar baz"},
		{"A", guest.ListOptions{Start: "baz", End: "baz"}, ""},
		{"A", guest.ListOptions{Start: "foo", End: "baz"}, ""},
		{"A", guest.ListOptions{Start: "bar", End: "qux", Limit: 1000}, "bar baz foo"},
		{"A", guest.ListOptions{StartAfter: "bar", End: "c"}, "baz"},
		{"B", guest.ListOptions{}, " foo foo\x00 fooa"},
		{"B", guest.ListOptions{StartAfter: "foo"}, "foo\x00 fooa"},
		{"B", guest.ListOptions{Start: "foo\x00"}, "foo\x00 fooa"},
	} {
		b.do(tt.object, func(l *lab) error {
			got, err := l.st.List(tt.options)
			if keysOf(got) != tt.want {
				return fmt.Errorf("%+v: %q, want %q", tt.options, keysOf(got), tt.want)
			}
			return err
		})
	}
	b.refused("A", "TypeError", "list() cannot be called with both start and startAfter values.",
		func(l *lab) error {
			_, err := l.st.List(guest.ListOptions{Start: "a", StartAfter: "b"})
			return err
		})
	b.refused("A", "TypeError", "List limit must be positive.", func(l *lab) error {
		_, err := l.st.List(guest.ListOptions{Limit: -1})
		return err
	})
}

// TestScan reads more than one fill of the buffer, and an entry that is larger
// than it, while the loop changes what it reads.
func TestScan(t *testing.T) {
	b := newBench(t)
	b.do("A", func(l *lab) error {
		for i := range 2000 {
			if err := l.st.Put(fmt.Sprintf("key-%04d", i), i); err != nil {
				return err
			}
		}
		return l.st.PutBytes("key-1000", make([]byte, 2<<20))
	})
	b.do("A", func(l *lab) error {
		n := 0
		for e, err := range l.st.Scan(guest.ListOptions{Prefix: "key-"}) {
			if err != nil {
				return err
			}
			if want := fmt.Sprintf("key-%04d", n); e.Key != want {
				return fmt.Errorf("%s, want %s", e.Key, want)
			}
			var v int
			if err := e.Decode(&v); n != 1000 && (err != nil || v != n) {
				return fmt.Errorf("%s: %s %v", e.Key, e.Value, err)
			}
			if n == 1000 && len(e.Value) != 2<<20 {
				return fmt.Errorf("%d bytes", len(e.Value))
			}
			n++
			if _, err := l.st.Delete(fmt.Sprintf("key-%04d", 1999-n)); err != nil {
				return err
			}
		}
		if n != 2000 {
			return fmt.Errorf("%d entries, want 2000", n)
		}
		return nil
	})
	b.do("A", func(l *lab) error {
		for range 100 { // a list that was left early is closed
			for range l.st.Scan(guest.ListOptions{}) {
				break
			}
		}
		// 17 loops in each other are too many.
		var deep func(n int) error
		deep = func(n int) error {
			for _, err := range l.st.Scan(guest.ListOptions{}) {
				if err != nil || n == 0 {
					return err
				}
				return deep(n - 1)
			}
			return nil
		}
		if err := deep(15); err != nil {
			return err
		}
		if err := deep(16); err == nil || err.Error() != "too many lists are open in one call" {
			return fmt.Errorf("17 lists: %v", err)
		}
		return nil
	})
}

// TestMany has the cases 46, 50 and 52.
func TestMany(t *testing.T) {
	b := newBench(t)
	b.do("A", func(l *lab) error {
		if err := l.st.PutMany(map[string]any{"foo": 1, "bar": "two", "none": nil}); err != nil {
			return err
		}
		m, err := l.st.GetMany("foo", "bar", "baz", "qux", "none", "foo")
		var order []string
		for key, value := range m.All() {
			order = append(order, key+"="+string(value))
		}
		if want := []string{`bar="two"`, "foo=1"}; !slices.Equal(order, want) {
			return fmt.Errorf("%q, want %q", order, want)
		}
		var n int
		if found, err := m.Decode("foo", &n); !found || n != 1 || err != nil {
			return fmt.Errorf("foo: %v %d %v", found, n, err)
		}
		if found, err := m.Decode("baz", &n); found || err != nil {
			return fmt.Errorf("baz: %v %v", found, err)
		}
		return err
	})
	many := map[string]any{}
	keys := make([]string, 129)
	for i := range keys {
		keys[i] = strconv.Itoa(i)
		many[keys[i]] = i
	}
	const text = "Maximum number of key value pairs is 128. 129 pairs were provided."
	b.refused("A", "RangeError", text, func(l *lab) error { return l.st.PutMany(many) })
	b.refused("A", "RangeError", text, func(l *lab) error {
		_, err := l.st.GetMany(keys...)
		return err
	})
	b.refused("A", "RangeError", text, func(l *lab) error {
		_, err := l.st.DeleteMany(keys...)
		return err
	})
	for _, bad := range []map[string]any{
		{"a": 1, strings.Repeat("k", 2049): 2},
		{"a": 1, "b": strings.Repeat("v", 2<<20)},
		{"a": 1, "b": func() {}},
	} {
		if err := b.try("A", func(l *lab) error { return l.st.PutMany(bad) }); err == nil {
			t.Error("a bad key or value is accepted")
		}
	}
	if got := len(b.Storage("LABS", "A")); got != 2 {
		t.Errorf("%d keys after writes that were refused, want 2", got)
	}
	b.do("A", func(l *lab) error {
		if n, err := l.st.DeleteMany("foo", "baz", "bar", "foo"); n != 2 || err != nil {
			return fmt.Errorf("deleted %d, %v", n, err)
		}
		if n, err := l.st.DeleteMany(); n != 0 || err != nil {
			return fmt.Errorf("deleted %d of nothing, %v", n, err)
		}
		return nil
	})
}

// TestTransaction has the cases 54 to 62.
func TestTransaction(t *testing.T) {
	b := newBench(t)
	get := func(l *lab) (n int) {
		l.st.Get("k", &n)
		return n
	}
	oops := errors.New("oops")
	b.do("A", func(l *lab) error {
		if err := l.st.Transaction(func() error {
			return errors.Join(l.st.Put("k", 1), is(get(l), 1))
		}); err != nil {
			return err
		}
		if err := l.st.Transaction(func() error { l.st.Put("k", 4); return oops }); err != oops {
			return fmt.Errorf("got %v", err)
		}
		if err := is(get(l), 1); err != nil {
			return err
		}
		l.st.Transaction(func() error {
			l.st.Put("k", 6)
			l.st.Transaction(func() error { return l.st.Put("k", 7) })
			if err := is(get(l), 7); err != nil {
				t.Error(err)
			}
			l.st.Transaction(func() error { l.st.Put("k", 8); return oops })
			if err := is(get(l), 7); err != nil {
				t.Error(err)
			}
			return oops
		})
		if err := is(get(l), 1); err != nil {
			return err
		}
		func() {
			defer func() { recover() }()
			l.st.Transaction(func() error {
				l.st.Put("k", 9)
				l.st.SetAlarm(guest.Now())
				panic("x")
			})
		}()
		alarm, err := l.st.GetAlarm()
		if !alarm.IsZero() || err != nil {
			return fmt.Errorf("the alarm is %v, %v", alarm, err)
		}
		return errors.Join(is(get(l), 1), l.st.Transaction(func() error {
			return l.st.Put("k", 10)
		}))
	})
	b.stored("A", "k", "10")
}

// TestTransactionRefuses does in a transaction what could not be taken back.
func TestTransactionRefuses(t *testing.T) {
	b := newBench(t)
	b.refused("A", "TypeError", "Cannot call deleteAll() within a transaction", func(l *lab) error {
		return l.st.Transaction(l.st.DeleteAll)
	})
	const out = "A transaction cannot call other objects or the network: they could learn of " +
		"writes that it takes back."
	b.refused("A", "", out, func(l *lab) error {
		return l.st.Transaction(func() error { return l.call("B", nil) })
	})
	b.refused("A", "", out, func(l *lab) error { return l.st.Transaction(l.st.Sync) })
	b.refused("A", "", out, func(l *lab) error {
		return l.st.Transaction(func() error {
			req, _ := guest.NewRequest("", "http://h/", nil)
			_, err := guest.Fetch(req)
			return err
		})
	})
	b.refused("A", "", "transactions are nested deeper than 64", func(l *lab) error {
		var nest func() error
		nest = func() error { return l.st.Transaction(nest) }
		return nest()
	})
	b.do("A", func(l *lab) error {
		l.st.Put("k", 888)
		if err := l.st.DeleteAll(); err != nil {
			return err
		}
		k := 0
		_, err := l.st.Get("k", &k)
		return errors.Join(err, is(k, 0), l.st.Put("after", 1))
	})
	if got := b.Storage("LABS", "A"); len(got) != 1 {
		t.Errorf("after deleteAll: %v", got)
	}
}

func is(got, want int) error {
	if got != want {
		return fmt.Errorf("got %d, want %d", got, want)
	}
	return nil
}

func TestBatch(t *testing.T) {
	b := newBench(t)
	b.refused("A", "RangeError",
		"A call may write at most 67108864 bytes before it calls another object or returns.",
		func(l *lab) error {
			value := make([]byte, 2<<20)
			for i := range 33 {
				if err := l.st.PutBytes(strconv.Itoa(i), value); err != nil {
					return err
				}
			}
			return nil
		})
}
