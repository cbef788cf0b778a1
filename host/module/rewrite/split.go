package rewrite

import (
	"math/bits"
	"slices"
)

// wazero 1.12 keeps a value in the register that a later place wants it in, and when
// it loads one from the stack frame it takes that register from whatever is in it
// (findOrSpillAllocatable in internal/engine/wazevo/backend/regalloc/regalloc.go). What
// was there is saved, but as it was when it was last defined. Some instructions of
// WebAssembly become several of the machine, and what they keep in a register
// between them does not bear that, if an operand is loaded meanwhile:
//
//   - a register that is changed in place, which is no definition: copysign,
//     v128.bitselect, i64x2.mul, i8x16.popcnt, min and max of vectors;
//   - one that is written in part, or only if a condition holds, and counts as
//     defined anew: f64x2.replace_lane 0, select of floats and vectors;
//   - one that is defined twice, and saved once: f32x4.convert_i32x4_u,
//     f64x2.convert_low_i32x4_u;
//   - an operand that is loaded on one of two ways, and taken to be there on both:
//     f32.convert_i64_u, f64.convert_i64_u.
//
// In all of these, the operand is loaded late where it lives on behind the instruction
// and is wanted elsewhere, most easily where a loop's end hands it to the loop's head
// and a call, the meter's among them, emptied the registers before. TestSplit has
// loops like that for each of them, and tried on all others it found nothing.
//
// So none of them reaches the compiler that way. Copysign and select of floats are
// written with integers, bitselect and select of vectors with plain bitwise
// operations: each is one machine instruction on a copy. The others get operands of
// their own, by "| 0": nothing wants these in a register, and none lives on, so that
// they are never loaded in between. All of this is exact, for the bits of a NaN too.

// A template is instructions that take the place of one. They find its operands on
// the stack. What is no byte is a local that is added to the function.
type template []uint16

// The locals that are added to a function where they are used, in this order.
const (
	scratchI32 = 0x100 + iota // a bulk instruction's length, too
	scratchOther32
	scratchI64
	scratchV128
	scratchOtherV128
)

var scratchTypes = [...]ValueType{I32, I32, I64, V128, V128}

var (
	minI32 = template{opI32Const, 0x80, 0x80, 0x80, 0x80, 0x78}
	maxI32 = template{opI32Const, 0xff, 0xff, 0xff, 0xff, 0x07}
	minI64 = template{opI64Const, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x7f}
	maxI64 = template{opI64Const, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x00}

	// orV128 is "| 0".
	orV128 = template{opVector, vecConst, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
		opVector, vecOr}
	// blend is bitselect: y ^ (x ^ y) & mask.
	blend = template{opLocalSet, scratchOtherV128, opLocalTee, scratchV128, opVector, vecXor,
		opLocalGet, scratchOtherV128, opVector, vecAnd, opLocalGet, scratchV128, opVector, vecXor}
)

// templates are of instructions with one byte, vectorTemplates of those behind 0xfd,
// selects of select by the type of its operands.
var (
	templates = map[byte]template{
		opF32Copysign: slices.Concat(
			template{opI32ReinterpretF32}, minI32, template{opI32And, opLocalSet, scratchI32},
			template{opI32ReinterpretF32}, maxI32, template{opI32And, opLocalGet, scratchI32},
			template{opI32Or, opF32ReinterpretI32}),
		opF64Copysign: slices.Concat(
			template{opI64ReinterpretF64}, minI64, template{opI64And, opLocalSet, scratchI64},
			template{opI64ReinterpretF64}, maxI64, template{opI64And, opLocalGet, scratchI64},
			template{opI64Or, opF64ReinterpretI64}),
		opF32ConvertI64U: {opI64Const, 0, opI64Or, opF32ConvertI64U},
		opF64ConvertI64U: {opI64Const, 0, opI64Or, opF64ConvertI64U},
	}
	vectorTemplates = map[byte]template{
		vecBitselect:   blend,
		vecReplaceF64:  {opI64ReinterpretF64, opVector, vecReplaceI64, 0},
		vecPopcnt:      ownOperand(vecPopcnt),
		vecConvertLow:  ownOperand(vecConvertLow),
		vecConvertF32U: ownOperand(vecConvertF32U),
		vecMulI64:      ownOperands(vecMulI64),
		vecMinF32:      ownOperands(vecMinF32),
		vecMaxF32:      ownOperands(vecMaxF32),
		vecMinF64:      ownOperands(vecMinF64),
		vecMaxF64:      ownOperands(vecMaxF64),
	}
	selects = map[fact]template{
		isF32: {opLocalSet, scratchI32, opI32ReinterpretF32, opLocalSet, scratchOther32,
			opI32ReinterpretF32, opLocalGet, scratchOther32, opLocalGet, scratchI32,
			opSelect, opF32ReinterpretI32},
		isF64: {opLocalSet, scratchI32, opI64ReinterpretF64, opLocalSet, scratchI64,
			opI64ReinterpretF64, opLocalGet, scratchI64, opLocalGet, scratchI32,
			opSelect, opF64ReinterpretI64},
		isV128: slices.Concat(template{opI32Eqz, opI32Const, 1, opI32Sub, opVector,
			vecSplatI32}, blend),
	}
)

// vectorOp is an instruction behind 0xfd without an immediate.
func vectorOp(op byte) template {
	if op >= 0x80 {
		return template{opVector, uint16(op), 1}
	}
	return template{opVector, uint16(op)}
}

func ownOperand(op byte) template { return slices.Concat(orV128, vectorOp(op)) }

func ownOperands(op byte) template {
	return slices.Concat(template{opLocalSet, scratchV128}, orV128,
		template{opLocalGet, scratchV128}, orV128, vectorOp(op))
}

// split notes the instruction at the given place, which was just read, as one to
// replace if the compiler may get it wrong. The flow stands before it.
func (s *scanner) split(at int, op byte) {
	if s.dead {
		return
	}
	var t template
	switch op {
	case opSelect, opSelectTyped:
		if operands := s.top(3); len(operands) == 3 {
			t = selects[operands[0]&isType]
		}
	case opVector:
		second := s.b[at+1]
		if second == vecReplaceF64 && s.b[s.pos-1] != 0 {
			return // the other lane is right
		}
		t = vectorTemplates[second]
	default:
		t = templates[op]
	}
	if t == nil {
		return
	}
	for _, b := range t {
		if b >= scratchI32 {
			s.body.scratch |= 1 << (b - scratchI32)
		}
	}
	s.shape.bytes += len(t)
	s.edit(edit{at: uint32(at), size: uint8(s.pos - at), value: uint32(len(s.body.templates)),
		kind: editSplit})
	s.body.templates = append(s.body.templates, t)
}

// local is the index of an added local.
func (b *body) local(scratch uint16) uint32 {
	before := b.scratch & (1<<(scratch-scratchI32) - 1)
	return b.nlocals + uint32(bits.OnesCount8(before))
}

// appendLocals appends a body's locals and those that are added.
func (b *body) appendLocals(out []byte) []byte {
	out = appendU32(out, b.ngroups+uint32(bits.OnesCount8(b.scratch)))
	out = append(out, b.raw[b.groups:b.code]...)
	for i, t := range scratchTypes {
		if b.scratch>>i&1 != 0 {
			out = append(out, 1, byte(t))
		}
	}
	return out
}

// appendTemplate appends what a template stands for.
func (b *body) appendTemplate(out []byte, t template) []byte {
	for _, c := range t {
		if c < scratchI32 {
			out = append(out, byte(c))
		} else {
			out = appendU32(out, b.local(c))
		}
	}
	return out
}
