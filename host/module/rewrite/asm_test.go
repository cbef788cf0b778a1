package rewrite

import "slices"

// The helpers here put together modules byte by byte, so that the tests need no tool.

// mod joins sections to a module.
func mod(sections ...[]byte) []byte {
	return append([]byte(header), slices.Concat(sections...)...)
}

// sec is a section that holds a vector.
func sec(id byte, items ...[]byte) []byte {
	return appendSection(nil, id, appendU32(nil, uint32(len(items))), slices.Concat(items...))
}

func custom(name string, data []byte) []byte {
	return appendSection(nil, secCustom, appendName(nil, name), data)
}

func typ(params, results []ValueType) []byte {
	b := appendU32([]byte{0x60}, uint32(len(params)))
	for _, t := range params {
		b = append(b, byte(t))
	}
	b = appendU32(b, uint32(len(results)))
	for _, t := range results {
		b = append(b, byte(t))
	}
	return b
}

func imp(module, name string, kind Kind, desc ...byte) []byte {
	return append(append(appendName(appendName(nil, module), name), byte(kind)), desc...)
}

func exp(name string, kind Kind, index uint32) []byte {
	return appendU32(append(appendName(nil, name), byte(kind)), index)
}

// fn is a body without locals; fnLocals has n locals of type i32.
func fn(code ...[]byte) []byte {
	c := append([]byte{0}, slices.Concat(code...)...)
	return append(appendU32(nil, uint32(len(c)+1)), append(c, opEnd)...)
}

func fnLocals(n byte, code ...[]byte) []byte {
	c := append([]byte{1, n, byte(I32)}, slices.Concat(code...)...)
	return append(appendU32(nil, uint32(len(c)+1)), append(c, opEnd)...)
}

func ops(b ...byte) []byte { return b }

func i32(v int32) []byte { return appendI64([]byte{opI32Const}, int64(v)) }
func i64(v int64) []byte { return appendI64([]byte{opI64Const}, v) }

// loop32 is loop (result i32) with the given body, left when the body falls through.
func loop32(code ...[]byte) []byte {
	return slices.Concat([]byte{opLoop, byte(I32)}, slices.Concat(code...), []byte{opEnd})
}

func nums(types ...ValueType) []ValueType { return types }

var (
	tVoid  = typ(nil, nil)
	tI     = typ(nil, nums(I32))
	tII    = typ(nums(I32), nums(I32))
	memory = sec(secMemory, ops(0, 1))
)
