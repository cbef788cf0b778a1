package abi

import (
	"slices"
	"strings"
)

// ValueType is a type of WebAssembly, as the binary format writes it.
type ValueType = byte

// Types of parameters and results.
const (
	TypeI32 ValueType = 0x7f
	TypeI64 ValueType = 0x7e
)

// ParamTypes returns the types of the parameters.
func (im *Import) ParamTypes() []ValueType { return paramTypes(im.Params) }

// ResultTypes returns the types of what the import returns, a status or nothing.
func (im *Import) ResultTypes() []ValueType { return resultTypes(len(im.Answers) > 0) }

// ParamTypes returns the types of the parameters.
func (ex *Export) ParamTypes() []ValueType { return paramTypes(ex.Params) }

// ResultTypes returns the types of what the export returns.
func (ex *Export) ResultTypes() []ValueType { return resultTypes(ex.Result) }

func paramTypes(names []string) []ValueType {
	types := make([]ValueType, len(names))
	for i, name := range names {
		types[i] = TypeI32
		if strings.HasSuffix(name, "_ms") {
			types[i] = TypeI64
		}
	}
	return types
}

func resultTypes(some bool) []ValueType {
	if some {
		return []ValueType{TypeI32}
	}
	return nil
}

// May reports whether the import may answer a status.
func (im *Import) May(s Status) bool {
	if s == StatusFault {
		return len(im.Answers) > 0 && slices.ContainsFunc(im.Params, isAddress)
	}
	return slices.Contains(im.Answers, s)
}

func isAddress(name string) bool { return strings.HasSuffix(name, "ptr") }

// Kind is what an argument is, by the rules of SPEC.md, section 2.
type Kind int

const (
	KindNumber Kind = iota // an i32, such as flags
	KindMillis             // x_ms, an i64
	KindInput              // x_ptr and x_len: bytes that the host reads
	KindBuffer             // buf_ptr and buf_cap: bytes that the host may fill
	KindLength             // len_ptr: where a length goes
	KindHandle             // handle_ptr: where a handle goes
	KindID                 // id_ptr: where an ID goes
	KindTime               // time_ptr: where a time goes
)

// Arg is what one parameter says, or an address and a length together.
type Arg struct {
	Kind Kind
	// Name is the parameter's, of an address and a length their common part: "key"
	// of key_ptr and key_len, and "" of ptr and len.
	Name string
	// At is the index of the parameter, or of the address.
	At int
	// Bytes is how many bytes the host writes at an address without a length.
	Bytes uint32
}

// Args says what the parameters mean.
func (im *Import) Args() (args []Arg) {
	for i := 0; i < len(im.Params); i++ {
		a := im.arg(i)
		args = append(args, a)
		if a.Kind == KindInput || a.Kind == KindBuffer {
			i++ // the range's length
		}
	}
	return args
}

func (im *Import) arg(i int) Arg {
	name := im.Params[i]
	switch name {
	case "buf_ptr":
		return Arg{KindBuffer, "buf", i, 0}
	case "len_ptr":
		return Arg{KindLength, name, i, 4}
	case "handle_ptr":
		return Arg{KindHandle, name, i, 4}
	case "id_ptr":
		return Arg{KindID, name, i, IDBytes}
	case "time_ptr":
		return Arg{KindTime, name, i, 8}
	}
	switch {
	case isAddress(name):
		return Arg{KindInput, strings.TrimSuffix(strings.TrimSuffix(name, "ptr"), "_"), i, 0}
	case strings.HasSuffix(name, "_ms"):
		return Arg{KindMillis, name, i, 0}
	}
	return Arg{KindNumber, name, i, 0}
}
