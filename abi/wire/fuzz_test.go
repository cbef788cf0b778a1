package wire_test

import (
	"bytes"
	"testing"

	"github.com/cairn-dev/cairn/abi/wire"
)

// codec is one message, decoded and appended again.
type codec struct {
	name string
	// again decodes b and appends what it has found. Appending what was decoded
	// gives the same bytes, as every message has one encoding.
	again func(b []byte) ([]byte, error)
}

var codecs = []codec{
	{"Request", func(b []byte) ([]byte, error) {
		var m wire.Request
		err := wire.DecodeRequest(b, &m)
		return wire.AppendRequest(nil, &m), err
	}},
	{"Response", func(b []byte) ([]byte, error) {
		var m wire.Response
		err := wire.DecodeResponse(b, &m)
		return wire.AppendResponse(nil, &m), err
	}},
	{"Object", func(b []byte) ([]byte, error) {
		var m wire.Object
		err := wire.DecodeObject(b, &m)
		return wire.AppendObject(nil, m.ID, m.Class, m.Named, m.Name), err
	}},
	{"Call", func(b []byte) ([]byte, error) {
		var m wire.Call
		err := wire.DecodeCall(b, &m)
		return wire.AppendCall(nil, m.Method, m.Args), err
	}},
	{"Alarm", func(b []byte) ([]byte, error) {
		var m wire.Alarm
		err := wire.DecodeAlarm(b, &m)
		return wire.AppendAlarm(nil, &m), err
	}},
	{"List", func(b []byte) ([]byte, error) {
		var m wire.List
		err := wire.DecodeList(b, &m)
		return wire.AppendList(nil, &m), err
	}},
	{"Error", func(b []byte) ([]byte, error) {
		var m wire.Error
		err := wire.DecodeError(b, &m)
		return wire.AppendError(nil, m.Flags, m.Name, m.Message), err
	}},
}

// fuzz seeds a fuzzer with the golden messages of its kind and what is around
// them, and holds the decoder to its promise.
func fuzz(f *testing.F, c codec) {
	for _, g := range golden {
		if g.codec != c.name {
			continue
		}
		f.Add([]byte(g.encoded))
		f.Add([]byte(g.encoded[:len(g.encoded)/2]))
		f.Add([]byte(g.encoded + "x"))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		before := bytes.Clone(b)
		again, err := c.again(b)
		if err == nil && !bytes.Equal(again, b) {
			t.Errorf("%x decodes and is appended as %x", b, again)
		}
		if err != nil && err != wire.ErrMalformed {
			t.Errorf("%x: %v", b, err)
		}
		if !bytes.Equal(before, b) {
			t.Error("the input was changed")
		}
	})
}

func codecOf(name string) codec {
	for _, c := range codecs {
		if c.name == name {
			return c
		}
	}
	panic("no codec " + name)
}

func FuzzDecodeRequest(f *testing.F)  { fuzz(f, codecOf("Request")) }
func FuzzDecodeResponse(f *testing.F) { fuzz(f, codecOf("Response")) }
func FuzzDecodeObject(f *testing.F)   { fuzz(f, codecOf("Object")) }
func FuzzDecodeCall(f *testing.F)     { fuzz(f, codecOf("Call")) }
func FuzzDecodeAlarm(f *testing.F)    { fuzz(f, codecOf("Alarm")) }
func FuzzDecodeList(f *testing.F)     { fuzz(f, codecOf("List")) }
func FuzzDecodeError(f *testing.F)    { fuzz(f, codecOf("Error")) }

// FuzzHeader wants a header that can be read to its end to be appended again as
// it was.
func FuzzHeader(f *testing.F) {
	f.Add([]byte(nil))
	f.Add([]byte("\x01\x00\x00\x00a\x00\x00\x00\x00"))
	f.Add([]byte("\x01\x00\x00\x00a\x01\x00\x00\x00b\x01\x00\x00\x00a\x01\x00\x00\x00c"))
	f.Add([]byte("\xff\xff\xff\xff"))
	f.Fuzz(func(t *testing.T, b []byte) {
		var again wire.Header
		err := wire.Header(b).Each(func(name, value []byte) bool {
			again = wire.AppendHeader(again, name, value)
			return true
		})
		switch {
		case err == nil && !bytes.Equal(again, b):
			t.Errorf("%x is appended as %x", b, again)
		case err != nil && (err != wire.ErrMalformed || !bytes.HasPrefix(b, again)):
			t.Errorf("%x: %v after %x", b, err, again)
		}
	})
}
