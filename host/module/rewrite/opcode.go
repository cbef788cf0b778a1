package rewrite

// The opcodes that the rewriter looks at or writes.
const (
	opUnreachable  = 0x00
	opNop          = 0x01
	opBlock        = 0x02
	opLoop         = 0x03
	opIf           = 0x04
	opElse         = 0x05
	opEnd          = 0x0b
	opBr           = 0x0c
	opBrIf         = 0x0d
	opBrTable      = 0x0e
	opReturn       = 0x0f
	opCall         = 0x10
	opCallIndirect = 0x11
	opDrop         = 0x1a
	opSelect       = 0x1b
	opSelectTyped  = 0x1c
	opLocalGet     = 0x20
	opLocalSet     = 0x21
	opLocalTee     = 0x22
	opGlobalGet    = 0x23
	opGlobalSet    = 0x24
	opTableSet     = 0x26
	opI32Load      = 0x28
	opI32Load8U    = 0x2d
	opI32Store     = 0x36
	opI64Store     = 0x37
	opMemoryGrow   = 0x40
	opI32Const     = 0x41
	opI64Const     = 0x42
	opF32Const     = 0x43
	opF64Const     = 0x44
	opI32Eqz       = 0x45
	opI32Eq        = 0x46
	opI32Ne        = 0x47
	opI32LtS       = 0x48
	opI32LtU       = 0x49
	opI32GeU       = 0x4f
	opI64Eqz       = 0x50
	opI64Eq        = 0x51
	opI64Ne        = 0x52
	opI64LtS       = 0x53
	opI64GeS       = 0x59
	opI64GeU       = 0x5a
	opI32Add       = 0x6a
	opI32Sub       = 0x6b
	opI32And       = 0x71
	opI32Or        = 0x72
	opI32Shl       = 0x74
	opI32ShrS      = 0x75
	opI32ShrU      = 0x76
	opI64Add       = 0x7c
	opI64Sub       = 0x7d
	opI64And       = 0x83
	opI64Or        = 0x84
	opI64Shl       = 0x86
	opI64ShrS      = 0x87
	opI64ShrU      = 0x88
	opF32Copysign  = 0x98
	opF64Copysign  = 0xa6
	opI32WrapI64   = 0xa7
	opI64ExtendU   = 0xad

	opF32ConvertI64U    = 0xb5
	opF64ConvertI64U    = 0xba
	opI32ReinterpretF32 = 0xbc
	opI64ReinterpretF64 = 0xbd
	opF32ReinterpretI32 = 0xbe
	opF64ReinterpretI64 = 0xbf

	opRefNull = 0xd0
	opRefFunc = 0xd2
	opMisc    = 0xfc
	opVector  = 0xfd
	opDropped = 0xff // what a pass has taken away; no opcode

	vecConst       = 0x0c
	vecSplatI32    = 0x11
	vecReplaceI64  = 0x1e
	vecReplaceF64  = 0x22
	vecAnd         = 0x4e
	vecOr          = 0x50
	vecXor         = 0x51
	vecBitselect   = 0x52
	vecPopcnt      = 0x62
	vecMulI64      = 0xd5
	vecMinF32      = 0xe8
	vecMaxF32      = 0xe9
	vecMinF64      = 0xf4
	vecMaxF64      = 0xf5
	vecConvertF32U = 0xfb // f32x4.convert_i32x4_u
	vecConvertLow  = 0xff // f64x2.convert_low_i32x4_u

	emptyType = 0x40
	noValues  = -0x40 // the same, as a number
)

// An imm says what follows an opcode.
type imm uint8

const (
	immIllegal imm = iota
	immNone
	immBlock   // block type; opens a block
	immElse    // begins the other arm of an if
	immEnd     // closes a block
	immU32     // label
	immLabels  // vector of labels and one more
	immFunc    // function index, called or taken
	immTyped   // type and table index
	immTypes   // vector of one value type
	immLocal   // local index
	immGlobal  // global index
	immTable   // table index
	immMemarg  // alignment and offset
	immZero    // memory index
	immI32     // 32 bits, signed
	immI64     // 64 bits, signed
	immBytes4  // float
	immBytes8  // float
	immRefType // reference type
	immMisc    // opcode behind 0xfc
	immVector  // opcode behind 0xfd

	// Behind 0xfd only.
	immBytes16
	immLane
	immMemargLane
)

// immediates is indexed by opcode.
var immediates = func() (t [256]imm) {
	set := func(from, to int, k imm) {
		for i := from; i <= to; i++ {
			t[i] = k
		}
	}
	set(0x00, 0x01, immNone)
	set(opBlock, opIf, immBlock)
	t[opElse] = immElse
	t[opEnd] = immEnd
	set(opBr, opBrIf, immU32)
	t[opBrTable] = immLabels
	t[opReturn] = immNone
	t[opCall] = immFunc
	t[opCallIndirect] = immTyped
	set(opDrop, opSelect, immNone)
	t[opSelectTyped] = immTypes
	set(opLocalGet, opLocalTee, immLocal)
	set(opGlobalGet, opGlobalSet, immGlobal)
	set(0x25, opTableSet, immTable)
	set(0x28, 0x3e, immMemarg)
	set(0x3f, opMemoryGrow, immZero)
	t[opI32Const] = immI32
	t[opI64Const] = immI64
	t[opF32Const] = immBytes4
	t[opF64Const] = immBytes8
	set(0x45, 0xc4, immNone)
	t[opRefNull] = immRefType
	t[0xd1] = immNone
	t[opRefFunc] = immFunc
	t[opMisc] = immMisc
	t[opVector] = immVector
	return t
}()

// vectors is indexed by the opcode behind 0xfd.
var vectors = func() (t [256]imm) {
	set := func(from, to int, k imm) {
		for i := from; i <= to; i++ {
			t[i] = k
		}
	}
	set(0x00, 0x0b, immMemarg)
	set(vecConst, 0x0d, immBytes16)
	set(0x0e, 0x14, immNone)
	set(0x15, 0x22, immLane)
	set(0x23, 0x53, immNone)
	set(0x54, 0x5b, immMemargLane)
	set(0x5c, 0x5d, immMemarg)
	set(0x5e, 0xff, immNone)
	for _, hole := range []byte{0x9a, 0xa2, 0xa5, 0xa6, 0xaf, 0xb0, 0xb2, 0xb3, 0xb4, 0xbb, 0xc2,
		0xc5, 0xc6, 0xcf, 0xd0, 0xd2, 0xd3, 0xd4, 0xe2, 0xee} {
		t[hole] = immIllegal
	}
	return t
}()

// outside names what lies behind opcodes that are refused, for the error's text.
func outside(op byte) string {
	switch {
	case op == 0xfe:
		return " (threads)"
	case op == 0x12 || op == 0x13:
		return " (tail calls)"
	case op >= 0x06 && op <= 0x0a || op == 0x18 || op == 0x19 || op == 0x1f:
		return " (exceptions)"
	case op == 0x14 || op == 0x15 || op >= 0xd3 && op <= 0xd6 || op == 0xfb:
		return " (typed references, GC)"
	}
	return ""
}
