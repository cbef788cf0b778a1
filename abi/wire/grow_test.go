package wire

import (
	"bytes"
	"errors"
	"testing"
)

// A tracedCall is what a Call could become: version 2 adds a field to it.
//
//	+----+--------+------+      +----+--------+------+-------+
//	| 01 | method | args |  ->  | 02 | method | args | trace |
//	+----+--------+------+      +----+--------+------+-------+
type tracedCall struct {
	Call
	Trace []byte // empty in version 1
}

const tracedVersion = 2

// appendTracedCall encodes a call for a guest that knows versions up to newest.
func appendTracedCall(b []byte, newest byte, c *tracedCall) []byte {
	b = appendField(appendField(append(b, newest), c.Method), c.Args)
	if newest >= tracedVersion {
		b = appendField(b, c.Trace)
	}
	return b
}

func decodeTracedCall(b []byte, c *tracedCall) error {
	d := newReader(b, tracedVersion)
	c.Method, c.Args = d.field(), d.field()
	if d.version >= tracedVersion {
		c.Trace = d.field()
	}
	return d.end()
}

// TestGrow has readers of both ages read messages of both.
func TestGrow(t *testing.T) {
	call := &tracedCall{Call{[]byte("increment"), []byte("[1]")}, []byte("t-1")}
	older, newer := appendTracedCall(nil, 1, call), appendTracedCall(nil, 2, call)

	if want := AppendCall(nil, "increment", "[1]"); !bytes.Equal(older, want) {
		t.Errorf("for an older guest the call is %q, want %q", older, want)
	}
	var old Call
	if err := DecodeCall(older, &old); err != nil || string(old.Args) != "[1]" {
		t.Errorf("an older reader has %q of an older call, %v", old.Args, err)
	}
	if err := DecodeCall(newer, &old); !errors.Is(err, ErrMalformed) {
		t.Errorf("an older reader takes a newer call: %v", err)
	}

	for _, tt := range []struct{ b, trace []byte }{{older, nil}, {newer, call.Trace}} {
		var c tracedCall
		if err := decodeTracedCall(tt.b, &c); err != nil || string(c.Method) != "increment" ||
			string(c.Args) != "[1]" || !bytes.Equal(c.Trace, tt.trace) {
			t.Errorf("a newer reader has %q of %q, %v", c, tt.b, err)
		}
		for n := range tt.b {
			if err := decodeTracedCall(tt.b[:n], &c); !errors.Is(err, ErrMalformed) {
				t.Errorf("%q is taken, which is cut: %v", tt.b[:n], err)
			}
		}
		more := append(bytes.Clone(tt.b), 0)
		if err := decodeTracedCall(more, &c); !errors.Is(err, ErrMalformed) {
			t.Errorf("a byte behind %q is taken: %v", tt.b, err)
		}
	}

	// The version says which fields there are, whatever follows.
	for _, version := range []byte{0, 1, 3, 255} {
		var c tracedCall
		b := append([]byte{version}, newer[1:]...)
		if err := decodeTracedCall(b, &c); !errors.Is(err, ErrMalformed) {
			t.Errorf("%q is taken, with the version %d: %v", b, version, err)
		}
	}
	var c tracedCall
	if err := decodeTracedCall(append([]byte{2}, older[1:]...), &c); !errors.Is(err, ErrMalformed) {
		t.Errorf("a call of version 2 without its new field is taken: %v", err)
	}
}

// TestCut makes an older message of a newer one, as a host does between guests of
// different ages: without its last fields it is what an older guest would have sent.
func TestCut(t *testing.T) {
	call := &tracedCall{Call{[]byte("m"), []byte("[]")}, []byte("t-1")}
	b := appendTracedCall(nil, 2, call)
	cut := append([]byte{1}, b[1:len(b)-4-len(call.Trace)]...)
	if want := AppendCall(nil, "m", "[]"); !bytes.Equal(cut, want) {
		t.Errorf("cut to %q, want %q", cut, want)
	}
}
