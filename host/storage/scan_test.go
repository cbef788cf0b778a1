package storage

import (
	"errors"
	"strings"
	"testing"
)

// TestScanSemantics has the cases of SEMANTICS 6 C. Each runs against stored keys,
// against keys that only the Txn has, and against a mixture.
func TestScanSemantics(t *testing.T) {
	four := "bar=def baz=123 foo=abc qux=321"
	ba := "bar=abc baz=false foo=123"
	tests := []struct {
		name, data string
		opts       ScanOptions
		want       string
	}{
		{"23 all", four, ScanOptions{}, "bar baz foo qux"},
		{"24 start", four, ScanOptions{Start: b("cat")}, "foo qux"},
		{"25 start at a key", four, ScanOptions{Start: b("foo")}, "foo qux"},
		{"26 start after", four, ScanOptions{Start: b("fop")}, "qux"},
		{"27 start above all", four, ScanOptions{Start: b("zzz")}, ""},
		{"28 end", four, ScanOptions{End: b("cat")}, "bar baz"},
		{"28 end at a key", four, ScanOptions{End: b("foo")}, "bar baz"},
		{"28 end after", four, ScanOptions{End: b("fop")}, "bar baz foo"},
		{"29 limit", four, ScanOptions{Limit: 2}, "bar baz"},
		{"30 start, limit", four, ScanOptions{Start: b("baz"), Limit: 2}, "baz foo"},
		{"31 end, limit", four, ScanOptions{End: b("foo"), Limit: 1}, "bar"},
		{"32 reverse", four, ScanOptions{Reverse: true}, "qux foo baz bar"},
		{"33 reverse, start", four, ScanOptions{Reverse: true, Start: b("foo")}, "qux foo"},
		{"34 reverse, end", four, ScanOptions{Reverse: true, End: b("foo")}, "baz bar"},
		{"35 reverse, start, limit", four, ScanOptions{Reverse: true, Start: b("baz"), Limit: 2},
			"qux foo"},
		{"36 reverse, end, limit", four, ScanOptions{Reverse: true, End: b("foo"), Limit: 1},
			"baz"},
		{"37 reverse, limit", four, ScanOptions{Reverse: true, Limit: 3}, "qux foo baz"},
		{"38 prefix", ba, ScanOptions{Prefix: b("ba")}, "bar baz"},
		{"38 limit", ba, ScanOptions{Limit: 1}, "bar"},
		{"38 limit reverse", ba, ScanOptions{Limit: 1, Reverse: true}, "foo"},
		{"38 b to c", ba, ScanOptions{Start: b("b"), End: b("c")}, "bar baz"},
		{"38 b to baz", ba, ScanOptions{Start: b("b"), End: b("baz")}, "bar"},
		{"38 bar to c", ba, ScanOptions{Start: b("bar"), End: b("c")}, "bar baz"},
		{"38 after bar", ba, ScanOptions{StartAfter: b("bar"), End: b("c")}, "baz"},
		{"39 prefix reverse", ba, ScanOptions{Prefix: b("ba"), Reverse: true}, "baz bar"},
		{"40 start above the prefix", ba, ScanOptions{Prefix: b("ba"), Start: b("bz")}, ""},
		{"40 end below the prefix", ba, ScanOptions{Prefix: b("b"), End: b("a")}, ""},
		{"40 end is the prefix", ba, ScanOptions{Prefix: b("b"), End: b("b")}, ""},
		{"40 start is end", ba, ScanOptions{Start: b("b"), End: b("b")}, ""},
		{"40 start above end", ba, ScanOptions{Start: b("c"), End: b("b")}, ""},
		{"41 end above the prefix", ba, ScanOptions{Prefix: b("ba"), End: b("zz")}, "bar baz"},
		{"41 end inside the prefix", ba, ScanOptions{Prefix: b("ba"), End: b("baz")}, "bar"},
		{"41 start inside the prefix", ba, ScanOptions{Prefix: b("ba"), Start: b("bas")}, "baz"},
		{"41 empty prefix", ba, ScanOptions{Prefix: b("")}, "bar baz foo"},
		{"41 empty end", ba, ScanOptions{End: b("")}, ""},
		{"42 after", "foo=1 foo\x00=2 fooa=3", ScanOptions{StartAfter: b("foo")}, "foo\x00 fooa"},
		{"43 prefix of 0xff", "a=1 \xff=2 \xff\xff=3", ScanOptions{Prefix: b("\xff")},
			"\xff \xff\xff"},
		{"43 prefix ends in 0xff", "a=1 a\xff=2 a\xffb=3 b=4", ScanOptions{Prefix: b("a\xff")},
			"a\xff a\xffb"},
		{"44 limit 1", four, ScanOptions{Start: b("bar"), End: b("qux"), Limit: 1}, "bar"},
		{"44 limit 2", four, ScanOptions{Start: b("bar"), End: b("qux"), Limit: 2}, "bar baz"},
		{"44 limit 3", four, ScanOptions{Start: b("bar"), End: b("qux"), Limit: 3}, "bar baz foo"},
		{"44 limit 4", four, ScanOptions{Start: b("bar"), End: b("qux"), Limit: 4}, "bar baz foo"},
		{"44 limit 1000", four, ScanOptions{Start: b("bar"), End: b("qux"), Limit: 1000},
			"bar baz foo"},
	}
	s := openMem(t, Options{})
	for i, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			for stored := range 3 { // 0: none is stored, 1: all, 2: every second one
				txn := fillObject(t, s, byte(3*i+stored), strings.Split(test.data, " "), stored)
				checkScan(t, txn, test.opts, test.want)
				txn.Close()
			}
		})
	}
}

func checkScan(t *testing.T, txn *Txn, o ScanOptions, want string) {
	t.Helper()
	var keys []string
	c := txn.Scan(o)
	for c.Next() {
		keys = append(keys, string(c.Key()))
	}
	if err := c.Close(); err != nil {
		t.Fatal(err)
	}
	if got := strings.Join(keys, " "); got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

func b(s string) []byte { return []byte(s) }

func fillObject(t *testing.T, s *Store, n byte, pairs []string, stored int) *Txn {
	txn := s.Object(Owner{ID: testID(n)}).Begin()
	for i, pair := range pairs {
		if stored == 1 || stored == 2 && i%2 == 0 {
			key, value, _ := strings.Cut(pair, "=")
			mustPut(t, txn, key, value)
		}
	}
	commit(t, txn)
	for i, pair := range pairs {
		if stored == 0 || stored == 2 && i%2 == 1 {
			key, value, _ := strings.Cut(pair, "=")
			mustPut(t, txn, key, value)
		}
	}
	return txn
}

func TestScanErrors(t *testing.T) {
	txn := openMem(t, Options{}).Object(Owner{ID: testID(1)}).Begin()
	defer txn.Close()
	for _, test := range []struct {
		opts ScanOptions
		want error
	}{
		{ScanOptions{Start: b(""), StartAfter: b("a")}, ErrStartTwice},
		{ScanOptions{Limit: -1}, ErrNegativeLimit},
	} {
		c := txn.Scan(test.opts)
		if c.Next() || !errors.Is(c.Err(), test.want) {
			t.Errorf("%+v: got %v, want %v", test.opts, c.Err(), test.want)
		}
	}
	for range MaxCursors {
		txn.Scan(ScanOptions{})
	}
	if c := txn.Scan(ScanOptions{}); !errors.Is(c.Close(), ErrTooManyCursors) {
		t.Errorf("cursor above the limit: %v", c.Err())
	}
}

// TestCursorIsSnapshot: a cursor shows the moment of its Scan through everything that
// its Txn does.
func TestCursorIsSnapshot(t *testing.T) {
	txn := openMem(t, Options{}).Object(Owner{ID: testID(1)}).Begin()
	defer txn.Close()
	mustPut(t, txn, "a", "stored")
	mustPut(t, txn, "c", "stored")
	commit(t, txn)
	mustPut(t, txn, "b", "own1")
	mustPut(t, txn, "c", "own2")
	want := "a=stored b=own1 c=own2"

	changes := map[string]func(){
		"overwrite": func() { mustPut(t, txn, "b", "OWN1"); mustPut(t, txn, "aa", "") },
		"delete":    func() { _, _ = txn.Delete(b("b")); _, _ = txn.Delete(b("a")) },
		"rollback": func() {
			sp := txn.Savepoint()
			mustPut(t, txn, "b", "deep")
			txn.RollbackTo(sp)
			txn.Release(sp)
			mustPut(t, txn, "b", "deeper")
		},
		"wipe": func() { _ = txn.DeleteAll() },
	}
	for name, change := range changes {
		sp := txn.Savepoint()
		c := txn.Scan(ScanOptions{})
		change()
		if got := strings.Join(scanAll(t, c), " "); got != want {
			t.Errorf("%s: got %q, want %q", name, got, want)
		}
		txn.RollbackTo(sp)
		txn.Release(sp)
		if got := strings.Join(scanAll(t, txn.Scan(ScanOptions{})), " "); got != want {
			t.Errorf("%s taken back: got %q, want %q", name, got, want)
		}
	}
	c := txn.Scan(ScanOptions{})
	commit(t, txn)
	mustPut(t, txn, "b", "next")
	txn.Rollback()
	mustPut(t, txn, "zz", "next")
	if got := strings.Join(scanAll(t, c), " "); got != want {
		t.Errorf("commit: got %q, want %q", got, want)
	}
}
