package wire_test

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/cairn-dev/cairn/abi"
	"github.com/cairn-dev/cairn/abi/wire"
)

var id = abi.ID{0: 0x11, 15: 0x22, 31: 0x33}

const encodedID = "\x11\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x22" +
	"\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x33"

// golden are messages and their bytes, which never change.
var golden = []struct {
	codec, name string
	append      func(b []byte) []byte
	encoded     string
}{
	{"Request", "empty", func(b []byte) []byte { return wire.AppendRequest(b, &wire.Request{}) },
		"\x01" + "\x00\x00\x00\x00" + "\x00\x00\x00\x00" + "\x00\x00\x00\x00" + "\x00\x00\x00\x00"},
	{"Request", "whole", func(b []byte) []byte {
		return wire.AppendRequest(b, &wire.Request{
			Method: []byte("GET"), URL: []byte("http://a/"), Body: []byte("b\x00"),
			Header: wire.AppendHeader(wire.AppendHeader(nil, "A", "1"), "A", ""),
		})
	}, "\x01" + "\x03\x00\x00\x00GET" + "\x09\x00\x00\x00http://a/" +
		"\x13\x00\x00\x00" + "\x01\x00\x00\x00A\x01\x00\x00\x001" +
		"\x01\x00\x00\x00A\x00\x00\x00\x00" +
		"\x02\x00\x00\x00b\x00"},
	{"Response", "empty", func(b []byte) []byte { return wire.AppendResponse(b, &wire.Response{}) },
		"\x01" + "\x00\x00\x00\x00" + "\x00\x00\x00\x00" + "\x00\x00\x00\x00"},
	{"Response", "whole", func(b []byte) []byte {
		return wire.AppendResponse(b, &wire.Response{
			Status: 404, Header: wire.AppendHeader(nil, "A", "1"), Body: []byte("no"),
		})
	}, "\x01" + "\x94\x01\x00\x00" + "\x0a\x00\x00\x00\x01\x00\x00\x00A\x01\x00\x00\x001" +
		"\x02\x00\x00\x00no"},
	{"Object", "named", func(b []byte) []byte {
		return wire.AppendObject(b, id, "Counter", true, "A")
	},
		"\x01" + encodedID + "\x01" + "\x07\x00\x00\x00Counter" + "\x01\x00\x00\x00A"},
	{"Object", "without a name", func(b []byte) []byte {
		return wire.AppendObject(b, id, []byte("C"), false, "")
	},
		"\x01" + encodedID + "\x00" + "\x01\x00\x00\x00C" + "\x00\x00\x00\x00"},
	{"Call", "whole", func(b []byte) []byte {
		return wire.AppendCall(b, "increment", []byte("[1]"))
	},
		"\x01" + "\x09\x00\x00\x00increment" + "\x03\x00\x00\x00[1]"},
	{"Alarm", "whole", func(b []byte) []byte {
		return wire.AppendAlarm(b, &wire.Alarm{ScheduledMS: 4102444800000, RetryCount: 6})
	}, "\x01" + "\x00\xd8\xc3\x2c\xbb\x03\x00\x00" + "\x06\x00\x00\x00"},
	{"Alarm", "negative", func(b []byte) []byte {
		return wire.AppendAlarm(b, &wire.Alarm{ScheduledMS: -1})
	},
		"\x01" + "\xff\xff\xff\xff\xff\xff\xff\xff" + "\x00\x00\x00\x00"},
	{"List", "empty", func(b []byte) []byte { return wire.AppendList(b, &wire.List{}) },
		"\x01" + "\x00" + "\x00\x00\x00\x00" + "\x00\x00\x00\x00" + "\x00\x00\x00\x00" +
			"\x00\x00\x00\x00" + "\x00\x00\x00\x00"},
	{"List", "whole", func(b []byte) []byte {
		return wire.AppendList(b, &wire.List{Limit: 10, Start: []byte("s"), StartAfter: []byte("a"),
			End: []byte("e"), Prefix: []byte("p"), Flags: abi.ListReverse | abi.ListHasStart |
				abi.ListHasStartAfter | abi.ListHasEnd | abi.ListHasLimit})
	}, "\x01" + "\x1f" + "\x0a\x00\x00\x00" + "\x01\x00\x00\x00s" + "\x01\x00\x00\x00a" +
		"\x01\x00\x00\x00e" + "\x01\x00\x00\x00p"},
	{"Error", "whole", func(b []byte) []byte {
		return wire.AppendError(b, wire.ErrorRemote|wire.ErrorRetryable|wire.ErrorOverloaded|
			wire.ErrorReset, "TypeError", "no")
	}, "\x01" + "\x0f" + "\x09\x00\x00\x00TypeError" + "\x02\x00\x00\x00no"},
	{"Error", "empty", func(b []byte) []byte { return wire.AppendError(b, 0, []byte(nil), "") },
		"\x01" + "\x00" + "\x00\x00\x00\x00" + "\x00\x00\x00\x00"},
}

func TestGolden(t *testing.T) {
	for _, g := range golden {
		t.Run(g.codec+"/"+g.name, func(t *testing.T) {
			if got := g.append(nil); string(got) != g.encoded {
				t.Errorf("appended %q, want %q", got, g.encoded)
			}
			if got := g.append([]byte("before")); string(got) != "before"+g.encoded {
				t.Errorf("appended %q behind what was there", got)
			}
			if got, err := codecOf(g.codec).again([]byte(g.encoded)); err != nil ||
				string(got) != g.encoded {
				t.Errorf("decoded and appended %q, %v", got, err)
			}
		})
	}
}

// TestMalformed wants every message to be refused that is cut, longer, or of
// another version, or that has a length beyond its end.
func TestMalformed(t *testing.T) {
	for _, g := range golden {
		c := codecOf(g.codec)
		refused := func(what string, b []byte) {
			t.Helper()
			if _, err := c.again(b); !errors.Is(err, wire.ErrMalformed) {
				t.Errorf("%s/%s, %s: %v", g.codec, g.name, what, err)
			}
		}
		for n := range len(g.encoded) {
			refused(fmt.Sprintf("cut to %d bytes", n), []byte(g.encoded[:n]))
		}
		refused("a byte more", []byte(g.encoded+"\x00"))
		for _, version := range []byte{0, 2, 255} {
			refused("version", append([]byte{version}, g.encoded[1:]...))
		}
		if fields := strings.Count(g.encoded, "\x00\x00\x00"); fields == 0 {
			t.Errorf("%s/%s has no field", g.codec, g.name)
		}
	}
	for _, c := range []struct{ codec, encoded string }{
		{"Error", "\x01\x10\x00\x00\x00\x00\x00\x00\x00\x00"},
		{"Error", "\x01\x80\x00\x00\x00\x00\x00\x00\x00\x00"},
		{"Error", "\x01\x00\xff\xff\xff\xff\x00\x00\x00\x00"},
		{"Error", "\x01\x00\x05\x00\x00\x00\x00\x00\x00\x00"},
		{"Object", "\x01" + encodedID + "\x02\x00\x00\x00\x00\x00\x00\x00\x00"},
		{"List", "\x01\x20" + strings.Repeat("\x00", 20)},
		{"Call", "\x01\xfc\xff\xff\xff\x00\x00\x00\x00"},
	} {
		if _, err := codecOf(c.codec).again([]byte(c.encoded)); !errors.Is(err, wire.ErrMalformed) {
			t.Errorf("%s %q: %v", c.codec, c.encoded, err)
		}
	}
}

// TestViews wants what is decoded to be views that cannot grow into each other.
func TestViews(t *testing.T) {
	b := wire.AppendCall(nil, "method", "[]")
	var c wire.Call
	if err := wire.DecodeCall(b, &c); err != nil {
		t.Fatal(err)
	}
	if &c.Method[0] != &b[5] || cap(c.Method) != len(c.Method) {
		t.Errorf("method is no view of its own bytes, capacity %d", cap(c.Method))
	}
	_ = append(c.Method, "overwritten"...)
	if string(c.Args) != "[]" {
		t.Errorf("an append to the method changed the arguments to %q", c.Args)
	}
}

func TestAllocations(t *testing.T) {
	buf := make([]byte, 0, 256)
	request := &wire.Request{Method: []byte("GET"), URL: []byte("http://a/"), Body: []byte("b")}
	var decoded wire.Request
	if n := testing.AllocsPerRun(100, func() {
		b := wire.AppendRequest(buf, request)
		if wire.DecodeRequest(b, &decoded) != nil {
			t.Error("does not decode")
		}
	}); n != 0 {
		t.Errorf("%v allocations for a request there and back", n)
	}
}

func TestHeader(t *testing.T) {
	h := wire.AppendHeader(wire.AppendHeader(wire.AppendHeader(nil, "A", "1"), "B", "2"), "A", "3")
	read := func(h wire.Header, stop int) (got []string, err error) {
		err = h.Each(func(name, value []byte) bool {
			got = append(got, string(name)+"="+string(value))
			return len(got) != stop
		})
		return got, err
	}
	if got, err := read(h, 0); err != nil || !slices.Equal(got, []string{"A=1", "B=2", "A=3"}) {
		t.Errorf("read %v, %v", got, err)
	}
	if got, err := read(h, 2); err != nil || len(got) != 2 {
		t.Errorf("stopped after %v, %v", got, err)
	}
	for n := range len(h) {
		got, err := read(h[:n], 0)
		if whole := len(got) * 10; (n == whole) != (err == nil) {
			t.Errorf("cut to %d bytes: %v, %v", n, got, err)
		}
	}
	if got, err := read(nil, 0); got != nil || err != nil {
		t.Errorf("nothing: %v, %v", got, err)
	}
}

// TestDrawings wants SPEC.md to draw every message with its fields, in order.
func TestDrawings(t *testing.T) {
	spec, err := os.ReadFile("../SPEC.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range codecs {
		_, text, found := bytes.Cut(spec, []byte("\n### "+c.name+"\n"))
		text, _, _ = bytes.Cut(text, []byte("\n##"))
		if !found || !regexp.MustCompile(`\| 01 \(1B\) \|`).Match(text) {
			t.Errorf("SPEC.md does not draw %s", c.name)
		}
	}
}

// TestVersions wants the table of SPEC.md to have a row for what guests return
// today, with the version of each message.
func TestVersions(t *testing.T) {
	spec, err := os.ReadFile("../SPEC.md")
	if err != nil {
		t.Fatal(err)
	}
	head, row := "| `abi_version` |", fmt.Sprintf("| %d |", abi.Version)
	for _, c := range codecs {
		head += " " + c.name + " |"
		row += fmt.Sprintf(" %d |", wire.Version)
	}
	_, rows, found := strings.Cut(string(spec), "\n"+head+"\n")
	rows, _, _ = strings.Cut(rows, "\n\n")
	if !found || !strings.HasSuffix(rows, "\n"+row) {
		t.Errorf("SPEC.md has no table %q that ends with %q", head, row)
	}
}
