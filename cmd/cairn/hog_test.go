package main

import "slices"

// hog is a guest that takes what the host has: a module put together byte by byte,
// with one class, Hog. A call with little input answers 1; one with more attacks.
type hog struct {
	pages    uint32 // of memory at the start
	table    uint32 // the most entries that its table grows to; 0: it has none
	attack   []byte // instructions; local 0 is the length of the input, 1 to 3 are free
	recurses []byte // the body of a function (i32) -> i32 that attack may call: hogRecurse
}

// Indices of the hog's functions.
const (
	hogRegister = iota // imports
	hogOutput
	hogPut
	hogInput
	hogVersion
	hogStart
	hogInit
	hogCall
	hogRecurse
)

// hogBig is the length of an input from which on a call attacks.
const hogBig = 1000

func (h hog) wasm() []byte {
	const i32 = 0x7f
	types := [][]byte{
		{0x60, 0, 0}, {0x60, 0, 1, i32}, {0x60, 1, i32, 1, i32}, {0x60, 2, i32, i32, 1, i32},
		{0x60, 3, i32, i32, i32, 1, i32}, {0x60, 5, i32, i32, i32, i32, i32, 1, i32},
	}
	imported := func(name string, typ byte) []byte {
		return slices.Concat(hogName("cairn_v1"), hogName(name), []byte{0, typ})
	}
	export := func(name string, kind, index byte) []byte {
		return append(hogName(name), kind, index)
	}
	recurses := h.recurses
	if recurses == nil {
		recurses = []byte{0x41, 0}
	}
	// Where the input is smaller than hogBig.
	answer := slices.Concat([]byte{0x20, 0}, hogI32(hogBig), []byte{0x49, 0x04, 0x40},
		hogI32(16), hogI32(1), []byte{0x10, hogOutput, 0x0f, 0x0b})
	memory := append([]byte{0}, hogU32(max(h.pages, 1))...)
	out := slices.Concat([]byte("\x00asm\x01\x00\x00\x00"), hogSection(1, types...), hogSection(2,
		imported("class_register", 4), imported("output_write", 3), imported("storage_put", 5),
		imported("input_read", 3)),
		hogSection(3, []byte{1}, []byte{0}, []byte{2}, []byte{2}, []byte{2}))
	if h.table > 0 {
		out = append(out, hogSection(4, slices.Concat([]byte{0x70, 1, 1}, hogU32(h.table)))...)
	}
	return slices.Concat(out, hogSection(5, memory),
		hogSection(7, export("memory", 2, 0), export("abi_version", 0, hogVersion),
			export("_initialize", 0, hogStart),
			export("object_init", 0, hogInit), export("object_call", 0, hogCall)),
		hogSection(10,
			hogBody(0, hogI32(1)),
			hogBody(0, hogI32(0), hogI32(3), hogI32(0), []byte{0x10, hogRegister, 0x1a}),
			hogBody(0, hogI32(0)),
			hogBody(3, answer, h.attack, hogI32(16), hogI32(1), []byte{0x10, hogOutput}),
			hogBody(40, recurses)),
		hogSection(11, slices.Concat([]byte{0}, hogI32(0), []byte{0x0b}, hogName("Hog")),
			slices.Concat([]byte{0}, hogI32(16), []byte{0x0b}, hogName("1"))))
}

// hogLoop runs body with local 1 going from first to last by step.
func hogLoop(first, last, step int32, body ...[]byte) []byte {
	return slices.Concat(hogI32(first), []byte{0x21, 1, 0x03, 0x40}, slices.Concat(body...),
		[]byte{0x20, 1}, hogI32(step), []byte{0x6a, 0x22, 1}, hogI32(last),
		[]byte{0x48, 0x0d, 0, 0x0b})
}

func hogBody(locals byte, code ...[]byte) []byte {
	b := slices.Concat([]byte{1, locals, 0x7f}, slices.Concat(code...), []byte{0x0b})
	return append(hogU32(uint32(len(b))), b...)
}

func hogSection(id byte, items ...[]byte) []byte {
	b := append(hogU32(uint32(len(items))), slices.Concat(items...)...)
	return slices.Concat([]byte{id}, hogU32(uint32(len(b))), b)
}

func hogName(s string) []byte { return append(hogU32(uint32(len(s))), s...) }

func hogU32(n uint32) (b []byte) {
	for ; n > 0x7f; n >>= 7 {
		b = append(b, byte(n)|0x80)
	}
	return append(b, byte(n))
}

// hogI32 is i32.const.
func hogI32(n int32) []byte {
	b := []byte{0x41}
	for {
		low := byte(n & 0x7f)
		n >>= 7
		if n == 0 && low&0x40 == 0 || n == -1 && low&0x40 != 0 {
			return append(b, low)
		}
		b = append(b, low|0x80)
	}
}
