package rewrite

// An arity is how many values an instruction takes off the stack and puts on it.
// What depends on a type or a label is left out: blocks, branches, and calls.
type arity struct{ pop, push uint8 }

var (
	none    = arity{0, 0}
	source  = arity{0, 1}
	sink    = arity{1, 0}
	unary   = arity{1, 1}
	binary  = arity{2, 1}
	ternary = arity{3, 1}
	store   = arity{2, 0}
	bulk    = arity{3, 0}
)

// An arityRange gives the opcodes from first to last one arity.
type arityRange struct {
	first, last byte
	arity       arity
}

func arities(ranges ...arityRange) (t [256]arity) {
	for _, r := range ranges {
		for op := int(r.first); op <= int(r.last); op++ {
			t[op] = r.arity
		}
	}
	return t
}

// plainArity is indexed by opcode.
var plainArity = arities([]arityRange{
	{opDrop, opDrop, sink}, {opSelect, opSelectTyped, ternary},
	{opLocalGet, opLocalGet, source}, {opLocalSet, opLocalSet, sink},
	{opLocalTee, opLocalTee, unary}, {opGlobalGet, opGlobalGet, source},
	{opGlobalSet, opGlobalSet, sink}, {0x25, 0x25, unary}, {opTableSet, opTableSet, store},
	{0x28, 0x35, unary}, {0x36, 0x3e, store}, // loads, stores
	{0x3f, 0x3f, source}, {opMemoryGrow, opMemoryGrow, unary},
	{opI32Const, opF64Const, source},
	{0x45, 0x45, unary}, {0x46, 0x4f, binary}, // eqz, comparisons of i32
	{0x50, 0x50, unary}, {0x51, 0x66, binary}, // eqz of i64, comparisons of the rest
	{0x67, 0x69, unary}, {0x6a, 0x78, binary}, // i32
	{0x79, 0x7b, unary}, {0x7c, 0x8a, binary}, // i64
	{0x8b, 0x91, unary}, {0x92, 0x98, binary}, // f32
	{0x99, 0x9f, unary}, {0xa0, 0xa6, binary}, // f64
	{0xa7, 0xc4, unary}, // conversions
	{opRefNull, opRefNull, source}, {0xd1, 0xd1, unary}, {opRefFunc, opRefFunc, source},
}...)

// miscArity is indexed by the opcode behind 0xfc.
var miscArity = arities([]arityRange{
	{0, 7, unary},
	{8, 8, bulk}, {9, 9, none}, {10, 12, bulk}, {13, 13, none}, {14, 14, bulk},
	{15, 15, binary}, {16, 16, source}, {17, 17, bulk},
}...)

// vectorArity is indexed by the opcode behind 0xfd. Later ranges count: most
// instructions take two values, and the exceptions follow.
var vectorArity = arities([]arityRange{
	{0x00, 0xff, binary},
	{0x00, 0x0a, unary}, {0x0b, 0x0b, store}, {vecConst, vecConst, source}, // memory
	{0x0f, 0x16, unary}, {0x18, 0x19, unary}, {0x1b, 0x1b, unary}, // splats, lanes
	{0x1d, 0x1d, unary}, {0x1f, 0x1f, unary}, {0x21, 0x21, unary},
	{0x4d, 0x4d, unary}, {0x52, 0x52, ternary}, {0x53, 0x53, unary}, // bits
	{0x58, 0x5b, store}, {0x5c, 0x64, unary}, // lanes in memory; conversions; i8x16
	{0x67, 0x6a, unary}, {0x74, 0x75, unary}, {0x7a, 0x7a, unary}, {0x7c, 0x81, unary},
	{0x83, 0x84, unary}, {0x87, 0x8a, unary}, {0x94, 0x94, unary}, // i16x8
	{0xa0, 0xa1, unary}, {0xa3, 0xa4, unary}, {0xa7, 0xaa, unary}, // i32x4
	{0xc0, 0xc1, unary}, {0xc3, 0xc4, unary}, {0xc7, 0xca, unary}, // i64x2
	{0xe0, 0xe1, unary}, {0xe3, 0xe3, unary}, {0xec, 0xed, unary}, {0xef, 0xef, unary}, // floats
	{0xf8, 0xff, unary},
}...)

// A factRange gives the results of the opcodes from first to last one fact.
type factRange struct {
	first, last byte
	fact        fact
}

func resultFacts(ranges ...factRange) (t [256]fact) {
	for _, r := range ranges {
		for op := int(r.first); op <= int(r.last); op++ {
			t[op] = r.fact
		}
	}
	return t
}

// results is indexed by opcode, vectorResults by the one behind 0xfd.
var (
	results = resultFacts([]factRange{
		{0x2a, 0x2a, isF32}, {0x2b, 0x2b, isF64}, // loads
		{opF32Const, opF32Const, isF32}, {opF64Const, opF64Const, isF64},
		{0x8b, 0x98, isF32}, {0x99, 0xa6, isF64}, // arithmetic
		// conversions
		{0xb2, 0xb6, isF32}, {0xb7, 0xbb, isF64}, {0xbe, 0xbe, isF32}, {0xbf, 0xbf, isF64},
	}...)
	vectorResults = resultFacts([]factRange{
		{0x00, 0xff, isV128},
		{0x15, 0x16, 0}, {0x18, 0x19, 0}, {0x1b, 0x1b, 0}, {0x1d, 0x1d, 0}, // lanes
		{0x1f, 0x1f, isF32}, {0x21, 0x21, isF64},
		// any_true, all_true, bitmask
		{0x53, 0x53, 0}, {0x63, 0x64, 0}, {0x83, 0x84, 0}, {0xa3, 0xa4, 0}, {0xc3, 0xc4, 0},
	}...)
)
