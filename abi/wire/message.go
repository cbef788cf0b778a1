package wire

import (
	"encoding/binary"

	"github.com/cairn-dev/cairn/abi"
)

// Request is an HTTP request. Its fields are views when it was decoded.
//
//	+----+--------+-----+--------+------+
//	| 01 | method | url | header | body |
//	+----+--------+-----+--------+------+
type Request struct {
	Method []byte
	URL    []byte // absolute, such as http://127.0.0.1:8787/increment?name=A
	Header Header
	Body   []byte
}

// AppendRequest encodes a request.
func AppendRequest(b []byte, r *Request) []byte {
	b = OpenRequest(b, r)
	body := len(b)
	b = append(b, r.Body...)
	CloseRequest(b, body)
	return b
}

// OpenRequest encodes a request whose body is still to come: the caller appends it,
// and then calls CloseRequest. r.Body is not looked at.
func OpenRequest(b []byte, r *Request) []byte {
	b = append(b, Version)
	b = appendField(b, r.Method)
	b = appendField(b, r.URL)
	b = appendField(b, r.Header)
	return appendUint32(b, 0)
}

// CloseRequest writes the length of a body that was appended to what OpenRequest
// returned; body is where it begins.
func CloseRequest(b []byte, body int) {
	binary.LittleEndian.PutUint32(b[body-4:body], uint32(len(b)-body))
}

// DecodeRequest decodes a request into r, whose fields become views of b.
func DecodeRequest(b []byte, r *Request) error {
	d := newReader(b, Version)
	r.Method, r.URL, r.Header, r.Body = d.field(), d.field(), Header(d.field()), d.field()
	return d.end()
}

// Response is an HTTP response. Its fields are views when it was decoded.
//
//	+----+-------------+--------+------+
//	| 01 | status (4B) | header | body |
//	+----+-------------+--------+------+
type Response struct {
	Status uint32
	Header Header
	Body   []byte
}

// AppendResponse encodes a response.
func AppendResponse(b []byte, r *Response) []byte {
	b = appendUint32(append(b, Version), r.Status)
	b = appendField(b, r.Header)
	return appendField(b, r.Body)
}

// DecodeResponse decodes a response into r, whose fields become views of b.
func DecodeResponse(b []byte, r *Response) error {
	d := newReader(b, Version)
	r.Status, r.Header, r.Body = d.uint32(), Header(d.field()), d.field()
	return d.end()
}

// Object tells an instance which object it is.
//
//	+----+----------+------------+-------+------+
//	| 01 | id (32B) | named (1B) | class | name |
//	+----+----------+------------+-------+------+
type Object struct {
	ID    abi.ID
	Named bool // false for an object that was reached by an ID without a name
	Class []byte
	Name  []byte
}

// AppendObject encodes what an object is.
func AppendObject[C, N string | []byte](b []byte, id abi.ID, class C, named bool, name N) []byte {
	b = append(append(b, Version), id[:]...)
	b = append(b, boolByte(named))
	return appendField(appendField(b, class), name)
}

// DecodeObject decodes what an object is into o, whose slices become views of b.
func DecodeObject(b []byte, o *Object) error {
	d := newReader(b, Version)
	copy(o.ID[:], d.take(abi.IDBytes))
	named := d.byte()
	o.Named, o.Class, o.Name = named == 1, d.field(), d.field()
	if named > 1 {
		return ErrMalformed
	}
	return d.end()
}

// Call is a call of a method.
//
//	+----+--------+------+
//	| 01 | method | args |
//	+----+--------+------+
type Call struct {
	Method []byte
	Args   []byte // a JSON array
}

// AppendCall encodes a call.
func AppendCall[M, A string | []byte](b []byte, method M, args A) []byte {
	return appendField(appendField(append(b, Version), method), args)
}

// DecodeCall decodes a call into c, whose fields become views of b.
func DecodeCall(b []byte, c *Call) error {
	d := newReader(b, Version)
	c.Method, c.Args = d.field(), d.field()
	return d.end()
}

func boolByte(v bool) byte {
	if v {
		return 1
	}
	return 0
}
